"""`auto`: the engine that suits the program. Exact where one of the exact ones can afford it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import EngineError
from emnesy.engine import bp, enumerate, exact
from emnesy.engine.base import TwoPassEngine, TwoPasses
from emnesy.engine.options import OptionSpec, read_options, whole
from emnesy.engine.registry import EngineInfo, engines

if TYPE_CHECKING:
    from emnesy.engine.base import Array, CompiledEngine, EngineResult, EngineState, Task
    from emnesy.pipeline import Program

OPTIONS: Mapping[str, OptionSpec] = {
    "budget": whole(1 << 18, "table entries that a junction tree may have", 1),
}

SAMPLERS = ("gibbs", "abc")
"""Engines for what no exact one can afford and no factor graph can hold, the preferred one first."""


class Chosen:
    """An engine that `auto` has chosen, and why. Answers as that engine does, and says so."""

    def __init__(self, engine: CompiledEngine, reason: str) -> None:
        self.engine = engine
        self.name = engine.name
        self.exact = engine.exact
        self.checks_priors = engine.checks_priors
        self.reason = reason

    def run(
        self,
        priors: Sequence[Array],
        evidence: NDArray[np.int32],
        *,
        task: Task = "marginals",
        threads: int = 1,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        state: EngineState | None = None,
    ) -> EngineResult:
        """See `CompiledEngine.run`; the report's ``extra["auto"]`` says why this engine answers."""
        result = self.engine.run(
            priors,
            evidence,
            task=task,
            threads=threads,
            seed=seed,
            options=_passed(options or {}),
            state=state,
        )
        report = result.report
        result.report = replace(report, extra={**report.extra, "auto": self.reason})
        return result

    def two_passes(self, options: Mapping[str, Any]) -> TwoPasses | None:
        """See `TwoPassEngine.two_passes`."""
        if not isinstance(self.engine, TwoPassEngine):
            return None
        found = self.engine.two_passes(_passed(options))
        return found and replace(found, extra={**found.extra, "auto": self.reason})


def _passed(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the chosen engine is told of them."""
    return {name: value for name, value in options.items() if name not in OPTIONS}


def choose(program: Program, options: Mapping[str, Any]) -> Chosen:
    """The first that can: `bp` without large loops, `exact` within the budget, `enumerate` over few worlds,
    loopy `bp`, a sampling engine.

    Raises `EngineError` with all refusals where none can.
    """
    # Other options are the chosen engine's, which looks at them when it is called.
    own = {name: value for name, value in options.items() if name in OPTIONS}
    budget = read_options("auto", OPTIONS, own)["budget"]
    refusals: list[EngineError] = []
    messages = _bind("bp", program, {}, refusals)
    if messages is not None and messages.exact:
        return Chosen(messages, _trees(messages))
    tree = _bind("exact", program, {"budget": budget}, refusals)
    if isinstance(tree, exact.JunctionTree):
        return Chosen(
            tree,
            f"`exact`: the junction tree has {tree.cost.entries:,} table entries, within {budget:,}",
        )
    why = _why(refusals)
    worlds = enumerate.world_count(program.ground)
    count = enumerate.count_text(worlds)
    few = f"`enumerate`: {why}, but there are only {count} worlds"
    if worlds <= enumerate.AFFORDABLE_WORLDS:
        return Chosen(enumerate.ENGINE.bind(program), few)
    if messages is not None:
        return Chosen(messages, f"`bp`, approximately: the factor graph has loops and {why}")
    for name in SAMPLERS:
        sampler = _bind(name, program, {}, refusals) if name in engines() else None
        if sampler is not None:
            return Chosen(sampler, f"`{name}`, approximately: {why}, and there are {count} worlds")
    everything = _bind("enumerate", program, {}, refusals)
    if everything is not None:
        return Chosen(everything, few)
    raise EngineError(*dict.fromkeys(d for refusal in refusals for d in refusal.diagnostics))


def _trees(messages: CompiledEngine) -> str:
    """Why two passes are exact."""
    clusters = messages.clusters if isinstance(messages, bp.BeliefPropagation) else 0
    if clusters == 0:
        return "`bp`: the factor graph has no loops, so two passes are exact"
    trees = "a junction tree" if clusters == 1 else f"{clusters:,} junction trees"
    return f"`bp`: all loops of the factor graph are small, and {trees} in their place; two passes are exact"


def _bind(
    name: str, program: Program, options: Mapping[str, Any], refusals: list[EngineError]
) -> CompiledEngine | None:
    try:
        return engines()[name].bind(program, options)
    except EngineError as refusal:
        refusals.append(refusal)
        return None


def _why(refusals: Sequence[EngineError]) -> str:
    """What keeps `exact` from answering, as a part of a sentence."""
    diagnostic = refusals[-1].diagnostics[0]
    kinds = {
        "E0704": "there are positive cycles",
        "E0705": "it computes numbers that no table can hold",
    }
    return kinds.get(diagnostic.code, diagnostic.message)


ENGINE = EngineInfo(
    name="auto",
    summary="exact if affordable: `bp` on trees, `exact`, `enumerate`; else loopy `bp` or sampling",
    exact="where it can afford it",
    tasks=bp.ENGINE.tasks & enumerate.ENGINE.tasks & exact.ENGINE.tasks,
    computed_cells=True,
    recursive_numbers=True,
    positive_cycles=True,
    log_evidence="the chosen engine's",
    joint="where it is exact",
    options=OPTIONS,
    compile=lambda program: choose(program, {}),
    configure=choose,
)
