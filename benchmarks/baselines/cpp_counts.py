"""The hand-written C++ tables of partial counts."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from baselines.reference import checked, library, pointer


def prepare(
    priors: NDArray[np.float32], counts: NDArray[np.int32]
) -> Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The call for one batch, ready to be timed: posteriors (B, n) and log-likelihoods (B,).

    `priors`: float32 (B, n); `counts`: int32 (B,); both C-contiguous.
    """
    work = library().emnesy_reference_counts
    posteriors, log_likelihood = np.empty_like(priors), np.empty(len(priors), np.float32)
    arrays = [pointer(a) for a in (priors, counts, posteriors, log_likelihood)]
    batch, n = ctypes.c_int64(len(priors)), ctypes.c_int64(priors.shape[1])

    def call() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        checked(work(arrays[0], arrays[1], batch, n, arrays[2], arrays[3]))
        return posteriors, log_likelihood

    return call
