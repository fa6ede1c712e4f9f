"""Observed aggregates: the numbers that examples may show, one atom for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emnesy import _core
from emnesy.diagnostics import Diagnostic, ProgramError
from emnesy.ground.interface_builder import preferred_positions

if TYPE_CHECKING:
    from emnesy.ground.program import GroundedProgram


def write_out(grounded: GroundedProgram) -> GroundedProgram:
    """Give observed predicates that hold computed numbers an atom for every number that they can have.

    The program itself where there are none. `ProgramError` E0423 where the numbers cannot be listed.
    """
    native = grounded.native
    if not len(native.cell_atom) or not len(native.observed_predicates):
        return grounded
    dependencies = _core.find_functional_dependencies(native, preferred_positions(grounded))
    try:
        written = _core.write_out_observed(native, dependencies)
    except _core.NotLowerable as error:
        raise _unbounded(grounded, error.args[1][0]) from None
    return grounded if written is None else replace(grounded, native=written)


def _unbounded(grounded: GroundedProgram, atom: int) -> ProgramError:
    rules = np.flatnonzero(grounded.native.rule_head == atom)
    return ProgramError(
        Diagnostic(
            "E0423",
            f"an observed number cannot be listed: `{grounded.shown(atom)}` depends on itself, "
            "or has too many values",
            grounded.source_of_rule(int(rules[0])).span if len(rules) else None,
            help="compare the number in a rule, and observe that rule's head",
        )
    )
