"""What every engine answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable
from typing import Literal as OneOf

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy._core import InvalidPriors as InvalidPriors
from emnesy.diagnostics import Diagnostic, EngineError

Task = OneOf["marginals", "map", "sample"]

Array = NDArray[np.floating[Any]]

LOG_ZERO = -1e30
"""Log-evidence of an example whose evidence is impossible: finite, `possible` says which these are."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the engine did, per example where it makes sense. Approximate is never called exact.

    Answers of exact engines may share one.
    """

    engine: str
    exact: bool
    converged: NDArray[np.bool_]  # (B,)
    iterations: NDArray[np.int32]  # (B,)
    residual: Array  # (B,)
    extra: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=4)
def settled(
    batch: int, dtype: str
) -> tuple[NDArray[np.bool_], NDArray[np.int32], Array]:
    """`Report.converged`, `iterations` and `residual` of exact answers to B examples, read-only.

    `dtype`: a type character, ``"f"`` or ``"d"``, which is quicker to look up than a dtype.
    """
    converged = np.ones(batch, np.bool_)
    iterations = np.zeros(batch, np.int32)
    residual: Array = np.zeros(batch, dtype)
    for array in (converged, iterations, residual):
        array.flags.writeable = False
    return converged, iterations, residual


@dataclass(frozen=True)
class EngineState:
    """What an engine remembers of each example from one call to the next: messages, chains.

    Opaque to callers, who may keep it, pick rows of it and hand it back to the engine that made it.
    Plain arrays, one row per example, so that it can be stored without pickle.
    """

    engine: str
    arrays: Mapping[str, NDArray[Any]]  # name -> (B, ...)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values()), ()))

    def rows(self, index: Any) -> EngineState:
        """The state of some examples: anything that indexes the first axis of an array."""
        return EngineState(self.engine, {name: a[index] for name, a in self.arrays.items()})


@dataclass(slots=True)  # not frozen, which would take three times as long to make
class EngineResult:
    """The answer to one engine call on B examples.

    `posteriors` has one array per prior block, shaped as the block with B rows (same dtype): the
    posterior marginals of the choices' alternatives (task ``marginals``), or one-hot rows (``map``,
    ``sample``). Elements that no choice uses, and examples whose evidence is impossible, hold their prior.
    """

    posteriors: tuple[Array, ...]
    log_evidence: Array  # (B,)
    possible: NDArray[np.bool_]  # (B,)
    queries: Array  # (B, Q): marginal probability of each query atom
    report: Report
    state: EngineState | None = None  # to continue from, where the engine has anything to continue


class CompiledEngine(Protocol):
    """An engine bound to one program: immutable, callable from any thread."""

    name: str
    exact: bool
    checks_priors: bool
    """Whether `run` raises `InvalidPriors` for priors that are no distributions."""

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
        """Posterior marginals and log-evidence of a batch.

        `priors`: one C-contiguous float32 or float64 array per `PriorSpec`, then one for the program's
        own probabilities (`Interface.fixed`); each ``(B, size)``, or ``(1, size)`` to use one prior for
        all examples; all of one dtype. `evidence`: C-contiguous
        int32 ``(B, slots)`` of label indices, -1 unobserved. Checked by the caller
        (`emnesy.compiled`), which alone knows the names to put in messages; but for the probabilities
        themselves where `checks_priors`: then the engine's threads look at what they read anyway. `state`:
        where an earlier call on the same examples (in this order) left off; `EngineError` E0709 where
        it does not fit. Engines with nothing to remember ignore it.
        """
        ...


@dataclass(frozen=True)
class TwoPasses:
    """An engine whose marginals are two passes over trees, and nothing more: `_core.PlainCall` asks no more.

    `name`, `extra`: of its reports.
    """

    name: str
    native: _core.BeliefPropagation
    extra: Mapping[str, Any]

    def report(self, batch: int, dtype: str) -> Report:
        """What it says of B examples; `dtype` as for `settled`."""
        return Report(self.name, True, *settled(batch, dtype), MappingProxyType(self.extra))


@runtime_checkable
class TwoPassEngine(Protocol):
    """An engine that may be no more than two passes, depending on the program."""

    def two_passes(self, options: Mapping[str, Any]) -> TwoPasses | None:
        """With these options; None where there is more to do. Errors as of `CompiledEngine.run`."""
        ...


def check_state(state: EngineState, engine: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise `EngineError` E0709 unless `state` is `engine`'s and has exactly arrays of these shapes."""
    found = {name: array.shape for name, array in state.arrays.items()}
    if state.engine == engine and found == dict(shapes):
        return
    if state.engine != engine:
        problem = f"a state of `{state.engine}` was handed to `{engine}`"
    else:
        rows = next(iter(shapes.values()))[0]
        problem = (
            f"the state of {len(state)} examples does not fit this call on {rows}, or this program"
        )
    raise bad_state(problem)


def bad_state(problem: str) -> EngineError:
    """E0709."""
    return EngineError(
        Diagnostic("E0709", problem, help="hand a state back to the program that returned it")
    )
