"""Multi-digit addition: priors as a network might give them, and sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PROGRAM = Path(__file__).resolve().parents[2] / "programs" / "mnist_addition.nesy"


def examples(n: int, batch: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Priors (B, 2, n, 10), somewhat peaked as a network's, and sums (B, n + 1) of random digits."""
    generator = np.random.default_rng(n)
    priors = generator.standard_normal((batch, 2, n, 10), np.float32)
    np.exp(np.multiply(priors, 3, out=priors), out=priors)
    priors /= priors.sum(-1, keepdims=True)
    digits = generator.integers(0, 10, (batch, 2, n))
    sums = np.zeros((batch, n + 1), np.int32)
    carry = np.zeros(batch, np.int64)
    for i in range(n):
        total = digits[:, 0, i] + digits[:, 1, i] + carry
        sums[:, i], carry = total % 10, total // 10
    sums[:, n] = carry
    return priors, sums
