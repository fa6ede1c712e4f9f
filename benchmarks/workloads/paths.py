"""Path planning: maps, and a network's opinion of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PROGRAM = Path(__file__).resolve().parents[2] / "programs" / "warcraft.nesy"

TENTHS = np.array([8, 12, 53, 77, 92], np.int32)
"""Cost of grass, dirt, forest, water and rock, as the program has it."""


def maps(count: int, size: int) -> NDArray[np.int64]:
    """Terrains (M, size, size), every tile drawn by itself."""
    return np.random.default_rng(size).integers(0, 5, (count, size, size))


def opinion(terrain: NDArray[np.int64], confidence: float = 0.5) -> NDArray[np.float32]:
    """Priors (M, size, size, 5) in favour of these terrains, the rest at random."""
    rng = np.random.default_rng(1)
    noise = rng.dirichlet(np.ones(5), terrain.shape)
    return np.ascontiguousarray(
        confidence * np.eye(5)[terrain] + (1 - confidence) * noise, np.float32
    )
