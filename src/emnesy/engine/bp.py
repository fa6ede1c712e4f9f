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
    TwoPasses,
    bad_state,
    check_state,
    settled,
)
from emnesy.engine.bounds import EvidenceBounds
from emnesy.engine.options import OptionSpec, read_options, whole
from emnesy.engine.registry import EngineInfo

if TYPE_CHECKING:
    from emnesy.graph.lowering import Expanded
    from emnesy.ground.interface import Interface
    from emnesy.pipeline import Program

OPTIONS: Mapping[str, OptionSpec] = {
    "max_iterations": whole(200, "loopy: iterations at most", 1),
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
        "when the program is compiled: look for structured factors and a gate",
        lambda _: True,
        "true or false",
    ),
    "cluster": whole(
        4096,
        "when the program is compiled: tuples of a junction tree in place of loops, at most; 0: none",
        0,
    ),
    "warm_start": OptionSpec(
        False,
        "loopy: return the messages, for a later call on the same examples to start from",
        lambda _: True,
        "true or false",
    ),
}

# By position, as `_core.BeliefPropagation.run` takes them: names would cost a small call a tenth of its time.
_Call = tuple[int, float, float, str]  # max_iterations, damping, tolerance, schedule

MOST = 1.001
"""Of a message; normalised in floating point, one may come out an ulp above 1."""


class BeliefPropagation:
    """Belief propagation bound to one factor graph.

    Small loops are clustered (`clusters`: how many junction trees there are then). Two passes over graphs
    that have no others, whose answers are exact; otherwise messages are repeated until they stop changing
    (options in `OPTIONS`), and the log-evidence is Bethe's approximation.
    """

    name = "bp"
    checks_priors = True

    def __init__(
        self,
        graph: _core.FactorGraph,
        interface: Interface,
        *,
        structured: bool = True,
        cluster: int = 0,
        texts: tuple[str, ...] = (),
    ) -> None:
        self._texts = texts  # of the queries after the program's own: atoms with computed numbers
        self._compiled = {"structured": structured, "cluster": cluster}
        self._native = _core.BeliefPropagation(
            graph,
            block=interface.choice_block,
            offset=interface.choice_offset,
            stride=np.ones(len(interface.choice_block), np.int32),
            block_size=[*(spec.size for spec in interface.priors), interface.fixed.size],
            cluster=cluster,
            rules=interface.prior_rules,
        )
        self._bounds = EvidenceBounds(graph, interface)
        self.exact = self._native.exact
        self.clusters = self._native.clusters
        self._plain = self._recent = self._read({})

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
        values, keep = self._values(options or {})
        messages = None if state is None else self._messages(state, len(evidence), priors[0].dtype)
        posteriors, log_evidence, possible, queries, progress, extra = self._native.run(
            priors, evidence, task, threads, seed, *values, messages, keep, True
        )
        if progress is None:
            progress = settled(len(evidence), log_evidence.dtype.char)
        converged, iterations, residual = progress
        if not self.exact and not (converged.all() and (log_evidence <= 0).all()):
            log_evidence = self._bounds.clip(log_evidence, possible, priors)
        more: dict[str, Any] = {}
        if self._texts:
            own = queries.shape[1] - len(self._texts)
            more["computed"] = dict(zip(self._texts, queries[:, own:].T, strict=True))
            queries = queries[:, :own]
        if "consistent" in extra and not self.exact:
            more["consistent"] = extra["consistent"]
        report = Report(self.name, self.exact, converged, iterations, residual, more)
        end = EngineState(self.name, {"messages": extra["messages"]}) if keep else None
        return EngineResult(posteriors, log_evidence, possible, queries, report, end)

    def two_passes(self, options: Mapping[str, Any]) -> TwoPasses | None:
        """See `TwoPassEngine.two_passes`."""
        self._values(options)
        return TwoPasses(self.name, self._native, {}) if self.exact and not self._texts else None

    def _values(self, options: Mapping[str, Any]) -> tuple[_Call, bool]:
        """The options of one call as `_Call` orders them, and whether messages are kept.

        They are checked anew only when they change.
        """
        if not options:
            return self._plain[1:]
        recent = self._recent
        # 1 equals True, but is none.
        if options != recent[0] or any(
            type(v) is not type(recent[0][k]) for k, v in options.items()
        ):
            recent = self._recent = self._read(dict(options))
        return recent[1:]

    def _read(self, options: dict[str, Any]) -> tuple[dict[str, Any], _Call, bool]:
        values = read_options(self.name, OPTIONS, {**self._compiled, **options})
        for option, compiled in self._compiled.items():
            if values[option] == compiled:
                continue
            raise EngineError(
                Diagnostic(
                    "E0712",
                    f"option `{option}` of engine `bp` cannot change from call to call",
                    help=f"{option}: it is chosen when the program is compiled",
                )
            )
        keep = values["warm_start"] and not self.exact
        call = (
            values["max_iterations"],
            values["damping"],
            values["tolerance"],
            values["schedule"],
        )
        return options, call, keep

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
    """Belief propagation on the program's factor graph, its small loops clustered."""
    lowered, chosen = _lowered(program, options)
    return BeliefPropagation(lowered.graph, program.interface, texts=lowered.texts, **chosen)


def factor_graph(program: Program, options: Mapping[str, Any]) -> _core.FactorGraph:
    """The factor graph before small loops are clustered."""
    return _lowered(program, options)[0].graph


def graph_text(program: Program, options: Mapping[str, Any]) -> str:
    """The factor graph that messages run on, and which of its factors are clusters."""
    lowered, chosen = _lowered(program, options)
    return _core.dump_clustered(lowered.graph, chosen["cluster"])


def _lowered(program: Program, options: Mapping[str, Any]) -> tuple[Expanded, dict[str, Any]]:
    """The factor graph before small loops are clustered, and the options that say what is compiled."""
    from emnesy.graph.lowering import lower_folds

    values = read_options("bp", OPTIONS, options)
    chosen = {name: values[name] for name in ("structured", "cluster")}
    lowered = lower_folds(program.ground, program.dependencies, program.interface, **chosen)
    return lowered, chosen


ENGINE = EngineInfo(
    name="bp",
    summary="belief propagation on the factor graph",
    exact="without large loops",
    tasks=frozenset({"marginals", "map", "sample"}),
    computed_cells=True,
    positive_cycles=False,
    log_evidence="exact without large loops, else Bethe's approximation",
    joint="without large loops",
    state=True,
    options=OPTIONS,
    compile=lambda program: compile_bp(program, {}),
    configure=compile_bp,
)
