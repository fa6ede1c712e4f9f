"""The most probable world, given the program's evidence (MPE)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.registry import able, engines, require_task
from emnesy.explanation.sampling import FALLBACK, chosen_options
from emnesy.explanation.worlds import Taken, World, WorldReader, choices_of

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram
    from emnesy.pipeline import Program


@dataclass(frozen=True)
class MostProbable:
    """A world, and how probable its choices are together.

    `exact`: no world that has the evidence is more probable; otherwise the engine may have missed one.
    `log_evidence`: where the engine gives it exactly, else None.
    """

    world: World
    choices: tuple[Taken, ...]
    exact: bool
    log_evidence: float | None
    conditioned: bool
    """Has the program evidence or constraints?"""

    @property
    def log_probability(self) -> float:
        """Of the world's choices; the evidence has this much of its probability from here."""
        return self.world.log_probability

    @property
    def probability(self) -> float:
        """The same, 0.0 where it is too small for a float."""
        return math.exp(self.log_probability)

    @property
    def given_evidence(self) -> float | None:
        """The world's probability given the evidence, where that is known exactly."""
        if self.log_evidence is None:
            return None
        return min(1.0, math.exp(self.log_probability - self.log_evidence))


def bind_maximizer(
    program: Program,
    engine: str | None = None,
    threads: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> CompiledProgram:
    """The program bound to an engine that answers ``map``.

    `engine`: as for `Program.compile`; where the one that `auto` chooses has no answer, its place is taken by
    `rejection`. `EngineError` E0707 for a named engine that does not answer.
    """
    model = program.compile(engine=engine, threads=threads, options=options)
    if "map" in engines()[model.engine.name].tasks:
        return model
    if (engine or program.core.engine or "auto") != "auto":
        require_task(model.engine.name, "map")
    return program.compile(FALLBACK, threads, chosen_options(options))


def most_probable(
    model: CompiledProgram, *, seed: int = 0, all_atoms: bool = False
) -> MostProbable:
    """The total choice of greatest probability among those that have the evidence, and what follows.

    Choices on which no query, evidence or constraint depends are left out, unless the program was grounded
    whole. Of equally probable worlds an engine always gives the same one. Neural predicates have uniform
    priors. `seed`: of engines that sample; `all_atoms`: see `WorldReader`.

    Raises `EngineError`: E0707 where the engine does not answer `map`, E0703 for impossible evidence, E0708
    and E0714 where an approximate engine finds no world that has it.
    """
    alternatives, result = model.worlds("map", seed=seed)
    model.require_answers(result)
    if not _allowed(model, alternatives):
        raise EngineError(
            Diagnostic(
                "E0714",
                f"`{model.engine.name}` found no world that has the evidence",
                span=model.core.evidence[0].span if model.core.evidence else None,
                help=f"engines that do not miss one: {able(lambda info: info.always_exact)}",
            )
        )
    native = model.grounded.native
    (world,) = WorldReader(model, all_atoms=all_atoms)(alternatives)
    return MostProbable(
        world=world,
        choices=tuple(choices_of(model, world)),
        exact=model.engine.exact,
        log_evidence=float(result.log_evidence[0]) if model.engine.exact else None,
        conditioned=bool(len(native.evidence) or len(native.constraint_origin)),
    )


def _allowed(model: CompiledProgram, alternatives: NDArray[np.int32]) -> bool:
    """Do the program's evidence and constraints hold in a world, (1, choices)?"""
    native = model.grounded.native
    truth = model.models(alternatives)[0][:, 0]

    def hold(literals: NDArray[np.int32]) -> bool:
        return bool(np.all(truth[literals >> 1] ^ (literals & 1).astype(np.bool_)))

    begin = native.constraint_begin
    violated = any(
        hold(native.constraint_body[first:last]) for first, last in itertools.pairwise(begin)
    )
    return hold(native.evidence) and not violated
