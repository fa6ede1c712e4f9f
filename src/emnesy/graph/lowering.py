"""From a ground program to the factor graph that message passing runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emnesy import _core
from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.registry import able
from emnesy.ground.symbolic import SymbolicTerms

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


@dataclass(frozen=True)
class Expanded:
    """A factor graph of tables in which numbers of few values are variables.

    Its queries are the program's, then one for each of `texts`: query atoms with their numbers written out.
    """

    graph: _core.FactorGraph
    texts: tuple[str, ...]


def lower_numbers(
    grounded: GroundedProgram, dependencies: _core.FunctionalDependencies, interface: Interface
) -> Expanded:
    """Tables only, with positive cycles and with computed numbers; `EngineError` where those depend on

    themselves or have too many values.
    """
    try:
        lowered, queries = _core.lower_numbers(
            grounded.native,
            dependencies,
            interface.slot_begin,
            interface.slot_atom,
            interface.slot_functional,
            bool(grounded.impossible_evidence),
        )
    except _core.NotLowerable as error:
        raise _refusal(grounded, error, numbers=True) from None
    return Expanded(lowered.graph, _texts(grounded, queries))


def lower_folds(
    grounded: GroundedProgram,
    dependencies: _core.FunctionalDependencies,
    interface: Interface,
    *,
    structured: bool = True,
    cluster: int = 0,
) -> Expanded:
    """As `lower`, with computed numbers of few values; aggregates are structured factors where wanted.

    `cluster`: as the option of `bp`, by which a graph with small loops only counts as one without any.
    """
    try:
        lowered, queries = _core.lower_folds(
            grounded.native,
            dependencies,
            interface.slot_begin,
            interface.slot_atom,
            interface.slot_functional,
            bool(grounded.impossible_evidence),
            structured,
            cluster,
        )
    except _core.NotLowerable as error:
        raise _refusal(grounded, error, numbers=True) from None
    return Expanded(lowered.graph, _texts(grounded, queries))


def _texts(
    grounded: GroundedProgram, queries: list[tuple[int, list[int], list[float]]]
) -> tuple[str, ...]:
    """Query atoms with their numbers written out."""
    terms = SymbolicTerms(grounded)
    texts = []
    for atom, cells, values in queries:
        column = np.full((len(grounded.native.cell_atom), 1), np.nan)
        column[cells, 0] = values
        texts.append(str(terms.texts(atom, column)[0]))
    return tuple(texts)


def _refusal(
    grounded: GroundedProgram, error: _core.NotLowerable, *, numbers: bool = False
) -> EngineError:
    reason, atoms = error.args
    texts = [f"`{grounded.shown(atom)}`" for atom in atoms[:4]]
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
    if numbers:
        return EngineError(
            Diagnostic(
                "E0705",
                f"{shown} depends on itself, or has more values than a table can hold (4,096)",
                span,
                help=f"engines that can: {able(lambda info: info.recursive_numbers)}",
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
