"""`bp`: belief propagation on the factor graph, exact where that has no loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.base import (
    Array,
    EngineResult,
    EngineState,
    Report,
    Task,
    bad_state,
    check_state,
)
from emnesy.engine.options import OptionSpec, read_options
from emnesy.engine.registry import EngineInfo

if TYPE_CHECKING:
    from emnesy.ground.interface import Interface
    from emnesy.pipeline import Program

OPTIONS: Mapping[str, OptionSpec] = {
    "max_iterations": OptionSpec(200, "loopy: iterations at most", lambda v: v >= 1, "at least 1"),
    "damping": OptionSpec(
        0.0, "loopy: share of the old message that is kept", lambda v: 0 <= v < 1, "in [0, 1)"
    ),
    "tolerance": OptionSpec(
        1e-6, "loopy: greatest change of a message that counts as none", lambda v: v >= 0, ">= 0"
    ),
    "schedule": OptionSpec(
        "sequential",
        "loopy: the order of messages",
        lambda v: v in ("sequential", "flooding", "residual"),
        "sequential, flooding or residual",
    ),
    "structured": OptionSpec(
        True,
        "look for structured factors and a gate when the program is compiled",
        lambda _: True,
        "true or false",
    ),
    "warm_start": OptionSpec(
        False,
        "loopy: return the messages, for a later call on the same examples to start from",
        lambda _: True,
        "true or false",
    ),
}

MOST = 1.001
"""Of a message; normalised in floating point, one may come out an ulp above 1."""


class BeliefPropagation:
    """Belief propagation bound to one factor graph.

    Two passes over graphs without loops, whose answers are exact; otherwise messages are repeated until
    they stop changing (options in `OPTIONS`), and the log-evidence is Bethe's approximation.
    """

    name = "bp"

    def __init__(
        self,
        graph: _core.FactorGraph,
        interface: Interface,
        *,
        structured: bool = True,
        texts: tuple[str, ...] = (),
    ) -> None:
        self._texts = texts  # of the queries after the program's own: atoms with computed numbers
        self._structured = structured
        self._native = _core.BeliefPropagation(
            graph,
            block=interface.choice_block,
            offset=interface.choice_offset,
            stride=np.ones(len(interface.choice_block), np.int32),
            block_size=[*(spec.size for spec in interface.priors), interface.fixed.size],
        )
        self.exact = self._native.exact

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
        """See `CompiledEngine.run`; `EngineError` for unknown options and values out of range."""
        values = read_options(
            self.name, OPTIONS, {"structured": self._structured, **(options or {})}
        )
        if values.pop("structured") != self._structured:
            raise EngineError(
                Diagnostic(
                    "E0712",
                    "option `structured` of engine `bp` cannot change from call to call",
                    help="structured: it is chosen when the program is compiled",
                )
            )
        keep = values.pop("warm_start") and not self.exact
        messages = None if state is None else self._messages(state, len(evidence), priors[0].dtype)
        posteriors, log_evidence, possible, queries, converged, iterations, residual, extra = (
            self._native.run(
                priors,
                evidence,
                task=task,
                threads=threads,
                seed=seed,
                messages=messages,
                want_messages=keep,
                **values,
            )
        )
        own = queries.shape[1] - len(self._texts)
        computed = dict(zip(self._texts, queries[:, own:].T, strict=True))
        more: dict[str, Any] = {"computed": computed} if self._texts else {}
        if "consistent" in extra and not self.exact:
            more["consistent"] = extra["consistent"]
        report = Report(
            engine=self.name,
            exact=self.exact,
            converged=converged,
            iterations=iterations,
            residual=residual,
            extra=more,
        )
        return EngineResult(
            posteriors=posteriors,
            log_evidence=log_evidence,
            possible=possible,
            queries=queries[:, :own],
            report=report,
            state=EngineState(self.name, {"messages": extra["messages"]}) if keep else None,
        )

    def _messages(self, state: EngineState, batch: int, dtype: np.dtype[Any]) -> Array:
        """The messages of a state, ``(B, message_count)``; `EngineError` E0709 where these are none."""
        check_state(state, self.name, {"messages": (batch, self._native.message_count)})
        messages = state.arrays["messages"]
        if messages.dtype != dtype:
            raise bad_state(f"its messages are {messages.dtype}, the priors {dtype}")
        # NaN fails the comparison.
        if messages.size and not (messages.min() >= 0 and messages.max() <= MOST):
            raise bad_state("its messages are no probabilities")
        return np.ascontiguousarray(messages)


def compile_bp(program: Program, options: Mapping[str, Any]) -> BeliefPropagation:
    """Belief propagation on the program's factor graph, with structured factors or without."""
    from emnesy.graph.lowering import lower_folds

    structured = read_options("bp", OPTIONS, options)["structured"]
    lowered = lower_folds(
        program.ground, program.dependencies, program.interface, structured=structured
    )
    return BeliefPropagation(
        lowered.graph, program.interface, structured=structured, texts=lowered.texts
    )


ENGINE = EngineInfo(
    name="bp",
    summary="belief propagation on the factor graph",
    exact="on trees",
    tasks=frozenset({"marginals", "map", "sample"}),
    computed_cells=True,
    positive_cycles=False,
    log_evidence="exact on trees, else Bethe's approximation",
    joint="on trees",
    state=True,
    options=OPTIONS,
    compile=lambda program: compile_bp(program, {}),
    configure=compile_bp,
)
