"""Grounding: core rules in, ground program out."""

from __future__ import annotations

import numpy as np

from emnesy import _core
from emnesy.ground.faults import explain
from emnesy.ground.foreign import ForeignFunctions
from emnesy.ground.observed import write_out
from emnesy.ground.planner import Planner
from emnesy.ground.program import GroundedProgram
from emnesy.language.core import CoreProgram

DEFAULT_MAX_GROUND = 20_000_000


def ground(
    core: CoreProgram,
    *,
    max_ground: int = DEFAULT_MAX_GROUND,
    keep_all: bool = False,
    foreign: ForeignFunctions | None = None,
) -> GroundedProgram:
    """Grounds a program by semi-naive evaluation.

    Keeps what queries, evidence, observed predicates and constraints can see; everything where there
    are neither queries nor observed predicates, or where `keep_all` says so. `max_ground` bounds atoms
    plus rules, and the rows and numbers that joins try (20 for each of them). `foreign`: the functions of
    Python's that may be called, none by default.

    Observed aggregates get an atom for every number that they can have.

    Raises `ProgramError`: arithmetic and probabilities that are wrong for some instance, more than
    `max_ground` allows, observed numbers without end, functions that may not be called, fail or
    give no value of the language. `DataError` where a function cannot be found.
    """
    keep_all = keep_all or not (core.queries or core.observed)
    plan = Planner(core, keep_all).run()
    call = (foreign or ForeignFunctions()).bind(core, plan.layout.calls)
    try:
        native, query_origin, query_matches, evidence_matches = _core.ground(
            plan.layout.intern.values,
            plan.predicates,
            np.array(plan.code, dtype=np.int32),
            np.array(plan.plan_begin, dtype=np.int32),
            np.array(plan.plan_rule, dtype=np.int32),
            len(core.rules),
            plan.strata,
            plan.registers,
            len(core.queries),
            len(core.evidence),
            max_ground,
            keep_all,
            call,
        )
    except _core.GroundFault as fault:
        raise explain(core, plan, fault, max_ground) from None
    grounded = GroundedProgram(
        core,
        native,
        tuple(query_origin),
        tuple(q for q, n in zip(core.queries, query_matches, strict=True) if n == 0),
        tuple(
            e
            for e, n in zip(core.evidence, evidence_matches, strict=True)
            if (n == 0 and e.holds) or n < 0
        ),
    )
    return write_out(grounded)
