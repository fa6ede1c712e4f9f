"""`gibbs`: Markov chains over the worlds that agree with the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.engine.base import Array, EngineResult, EngineState, Report, Task, check_state
from emnesy.engine.options import OptionSpec, read_options, whole
from emnesy.engine.registry import EngineInfo
from emnesy.ground.computed import ComputedQueries
from emnesy.ground.simulator import no_fixpoint

if TYPE_CHECKING:
    from emnesy.pipeline import Program

OPTIONS: Mapping[str, OptionSpec] = {
    "chains": OptionSpec(4, "chains per example", lambda v: 1 <= v <= 1000, "from 1 to 1000"),
    "sweeps": whole(200, "sweeps of each chain that are averaged", 1),
    "burn_in": whole(100, "sweeps before these, of chains that start anew", 0),
    "tolerance": OptionSpec(
        1.05, "greatest R-hat that counts as converged", lambda v: v >= 1, "at least 1"
    ),
}


class Gibbs:
    """A chain's states are worlds that have all that the example observes.

    Posteriors average the exact conditionals of single choices over all sweeps and chains
    (Rao-Blackwell), not the chains' values. Answers are exact in the limit of many sweeps, where the
    chains mix: `Report.converged` says whether R-hat is small. Cheapest-path programs whose whole path
    is observed are recognised, and all their conditionals come at once.
    """

    name = "gibbs"
    exact = False
    checks_priors = False

    def __init__(self, program: Program) -> None:
        interface = program.interface
        self._grounded = program.ground
        self._simulator = program.simulator
        self._computed = ComputedQueries(program.ground, program.simulator)
        self._native = _core.Gibbs(
            program.simulator,
            block=interface.choice_block,
            offset=interface.choice_offset,
            block_size=[*(spec.size for spec in interface.priors), interface.fixed.size],
        )

    @property
    def recognises_paths(self) -> bool:
        """Is the program one of cheapest paths, with all conditionals of a world at once?"""
        return self._native.recognises_paths

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
        """See `CompiledEngine.run`; `EngineError` for unknown options and values out of range.

        `state` holds, for each example and chain, its world (alternative indices, -1: none yet), the size
        of its blocks, and the position in its random numbers: chains that are handed back go on
        without burn-in, unless the evidence or the priors rule their world out.
        `log_evidence` is an upper bound: minus the sum of the choices' divergences from their priors.
        """
        chosen = read_options(self.name, OPTIONS, options)
        batch, chains, choices = len(evidence), chosen["chains"], self._native.choices
        shapes = {
            "values": (batch, chains, choices),
            "block": (batch, chains),
            "position": (batch, chains),
        }
        if state is None:
            values = np.full(shapes["values"], -1, np.int32)
            block, position = np.zeros(shapes["block"]), np.zeros(shapes["position"], np.int64)
        else:
            check_state(state, self.name, shapes)
            values = np.array(state.arrays["values"], np.int32, order="C")
            block = np.array(state.arrays["block"], np.float64, order="C")
            position = np.array(state.arrays["position"], np.int64, order="C")
        try:
            answer = self._native.run(
                priors,
                evidence,
                task=task,
                threads=threads,
                seed=seed,
                values=values,
                block=block,
                position=position,
                trace=bool(self._computed),
                **chosen,
            )
        except _core.NoFixpoint as error:
            raise no_fixpoint(self._grounded, self._simulator, error.args[0]) from None
        extra = {name: answer[name] for name in DIAGNOSTICS}
        if self._computed:
            extra["computed"] = self._computed(answer["trace"], answer["possible"])
        report = Report(
            engine=self.name,
            exact=self.exact,
            converged=answer["converged"],
            iterations=answer["iterations"],
            residual=answer["residual"],
            extra=extra,
        )
        return EngineResult(
            posteriors=answer["posteriors"],
            log_evidence=answer["log_evidence"],
            possible=answer["possible"],
            queries=answer["queries"],
            report=report,
            state=EngineState(self.name, {"values": values, "block": block, "position": position}),
        )


DIAGNOSTICS = (
    "r_hat",
    "effective_samples",
    "acceptance",
    "block_size",
    "proved_impossible",
    "recognised",
)
"""Keys of `Report.extra`, each (B,)."""


ENGINE = EngineInfo(
    name="gibbs",
    summary="Markov chains over the worlds that agree with the evidence",
    exact="in the limit",
    tasks=frozenset({"marginals", "sample"}),
    computed_cells=True,
    positive_cycles=True,
    recursive_numbers=True,
    log_evidence="an upper bound",
    state=True,
    options=OPTIONS,
    compile=Gibbs,
)
