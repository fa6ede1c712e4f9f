"""The hand-written C++ loops of loopy belief propagation on sudoku."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from baselines.reference import checked, library, pointer

Floats = NDArray[np.float32]


def pairs(priors: Floats, iterations: int) -> Callable[[], Floats]:
    """Flooding over not-equal pairs: the call for one batch (B, size, size, size), beliefs likewise."""
    work, posteriors, (batch, box) = (
        library().emnesy_reference_sudoku_pairs,
        np.empty_like(priors),
        _sizes(priors),
    )

    def call() -> Floats:
        checked(work(pointer(priors), batch, box, ctypes.c_int32(iterations), pointer(posteriors)))
        return posteriors

    return call


def rows(priors: Floats, iterations: int, damping: float) -> Callable[[], Floats]:
    """Sequential over all-different rows, columns and boxes: as `pairs`."""
    work, posteriors, (batch, box) = (
        library().emnesy_reference_sudoku_rows,
        np.empty_like(priors),
        _sizes(priors),
    )
    numbers = ctypes.c_int32(iterations), ctypes.c_float(damping)

    def call() -> Floats:
        checked(work(pointer(priors), batch, box, *numbers, pointer(posteriors)))
        return posteriors

    return call


def _sizes(priors: Floats) -> tuple[ctypes.c_int64, ctypes.c_int32]:
    return ctypes.c_int64(len(priors)), ctypes.c_int32(round(priors.shape[-1] ** 0.5))
