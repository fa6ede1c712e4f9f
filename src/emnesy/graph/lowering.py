"""From a ground program to the factor graph that message passing runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emnesy import _core
from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.registry import able

if TYPE_CHECKING:
    from emnesy.ground.interface import Interface
    from emnesy.ground.program import GroundedProgram


def lower(
    grounded: GroundedProgram,
    dependencies: _core.FunctionalDependencies,
    interface: Interface,
    *,
    structured: bool = True,
) -> _core.Lowered:
    """Build the factor graph; `EngineError` for cycles and computed numbers, which it cannot hold.

    `structured`: look for structured factors and a gate; otherwise all factors are tables.
    """
    try:
        return _core.lower(
            grounded.native,
            dependencies,
            interface.slot_begin,
            interface.slot_atom,
            interface.slot_functional,
            bool(grounded.impossible_evidence),
            structured,
        )
    except _core.NotLowerable as error:
        raise _refusal(grounded, error) from None


def lower_tables(
    grounded: GroundedProgram, dependencies: _core.FunctionalDependencies, interface: Interface
) -> _core.Lowered:
    """The same with nothing but tables, and with positive cycles; `EngineError` for computed numbers."""
    try:
        return _core.lower_with_cycles(
            grounded.native,
            dependencies,
            interface.slot_begin,
            interface.slot_atom,
            interface.slot_functional,
            bool(grounded.impossible_evidence),
        )
    except _core.NotLowerable as error:
        raise _refusal(grounded, error) from None


def _refusal(grounded: GroundedProgram, error: _core.NotLowerable) -> EngineError:
    reason, atoms = error.args
    texts = [f"`{grounded.atom_text(atom)}`" for atom in atoms[:4]]
    shown = ", ".join(texts) + (", ..." if len(atoms) > 4 else "")
    rules = np.flatnonzero(grounded.native.rule_head == atoms[0])
    span = grounded.source_of_rule(int(rules[0])).span if len(rules) else None
    if reason == "cycle":
        return EngineError(
            Diagnostic(
                "E0704",
                f"this factor graph cannot hold the positive cycle of {len(atoms)} atoms: {shown}",
                span,
                help=f"engines that can: {able(lambda info: info.positive_cycles)}",
            )
        )
    return EngineError(
        Diagnostic(
            "E0705",
            f"a factor graph cannot hold computed numbers: {shown}",
            span,
            help=f"engines that can: {able(lambda info: info.computed_cells)}",
        )
    )
