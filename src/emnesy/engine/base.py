"""What every engine answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from typing import Literal as OneOf

import numpy as np
from numpy.typing import NDArray

Task = OneOf["marginals", "map", "sample"]

Array = NDArray[np.floating[Any]]

LOG_ZERO = -1e30
"""Log-evidence of an example whose evidence is impossible: finite, `possible` says which these are."""


@dataclass(frozen=True)
class Report:
    """What the engine did, per example where it makes sense. Approximate is never called exact."""

    engine: str
    exact: bool
    converged: NDArray[np.bool_]  # (B,)
    iterations: NDArray[np.int32]  # (B,)
    residual: Array  # (B,)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
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


class CompiledEngine(Protocol):
    """An engine bound to one program: immutable, callable from any thread."""

    name: str
    exact: bool

    def run(
        self,
        priors: Sequence[Array],
        evidence: NDArray[np.int32],
        *,
        task: Task = "marginals",
        threads: int = 1,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
    ) -> EngineResult:
        """Posterior marginals and log-evidence of a batch.

        `priors`: one C-contiguous float32 or float64 array per `PriorSpec`, then one for the program's
        own probabilities (`Interface.fixed`); each ``(B, size)``, or ``(1, size)`` to use one prior for
        all examples; all of one dtype. `evidence`: C-contiguous
        int32 ``(B, slots)`` of label indices, -1 unobserved. Checked by the caller
        (`emnesy.compiled`), which alone knows the names to put in messages.
        """
        ...
