"""The hand-written C++ forward-backward over the carry."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from baselines.reference import checked, library, pointer


def prepare(
    priors: NDArray[np.float32], sums: NDArray[np.int32]
) -> Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The call for one batch, ready to be timed: posteriors (B, 2, n, 10) and log-likelihoods (B,).

    `priors`: float32 (B, 2, n, 10); `sums`: int32 (B, n + 1); both C-contiguous. The results are written
    into the same arrays every time.
    """
    work = library().emnesy_reference_addition
    posteriors, log_likelihood = np.empty_like(priors), np.empty(len(priors), np.float32)
    arrays = [pointer(a) for a in (priors, sums, posteriors, log_likelihood)]
    batch, digits = ctypes.c_int64(len(priors)), ctypes.c_int32(priors.shape[2])

    def call() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        checked(work(arrays[0], arrays[1], batch, digits, arrays[2], arrays[3]))
        return posteriors, log_likelihood

    return call
