"""Between what bounds the probability of evidence must lie, whatever an approximation says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.engine.base import Array
from emnesy.ground.interface import Interface


class EvidenceBounds:
    """The log-probability of possible evidence: 0 at most, as it is a probability; at least that of the
    least probable world, the sum over choices of the logarithm of their least positive prior."""

    def __init__(self, graph: _core.FactorGraph, interface: Interface) -> None:
        block, offset = interface.choice_block, interface.choice_offset
        has_none = np.asarray(graph.choice_has_none[: graph.choice_count], bool)
        count = graph.cardinality[: graph.choice_count] - has_none
        self._choices = [  # per prior block: the choices in it by place: begin, end, none
            np.array(
                sorted(
                    (int(offset[c]), int(offset[c] + count[c]), int(has_none[c]))
                    for c in np.flatnonzero(block == b)
                    if count[c] > 0
                ),
                np.int64,
            ).reshape(-1, 3)
            for b in range(len(interface.priors) + 1)
        ]

    def clip(
        self, log_evidence: Array, possible: NDArray[np.bool_], priors: Sequence[Array]
    ) -> Array:
        """``(B,)``: `log_evidence` of the possible examples within the bounds, the others' as they are."""
        least = sum(
            self._least(choices, block)
            for choices, block in zip(self._choices, priors, strict=True)
            if len(choices)
        )
        clipped = np.clip(log_evidence.astype(np.float64), least, 0.0)
        return np.where(possible, clipped, log_evidence).astype(log_evidence.dtype)

    @staticmethod
    def _least(choices: NDArray[np.int64], block: Array) -> NDArray[np.float64]:
        """``(B,)``, or ``(1,)`` where all examples share the block."""
        begin, end, none = choices.T
        p = np.concatenate([block, np.ones_like(block[:, :1])], axis=1).astype(np.float64)
        # Runs of alternatives, and every other run what lies between two choices.
        edges = np.stack([begin, end], axis=1).reshape(-1)
        smallest = np.minimum.reduceat(np.where(p > 0, p, np.inf), edges, axis=1)[:, ::2]
        remainder = 1 - np.add.reduceat(p, edges, axis=1)[:, ::2]
        smallest = np.where(
            none.astype(bool) & (remainder > 0), np.minimum(smallest, remainder), smallest
        )
        return np.asarray(np.log(smallest).sum(axis=1))
