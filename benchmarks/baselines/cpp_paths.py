"""The hand-written C++ loops for path planning: binary heap and bucket queue."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from baselines.reference import checked, library, pointer


def paths(cost: NDArray[np.int32], *, buckets: bool) -> Callable[[], NDArray[np.uint8]]:
    """The call that finds the cheapest path of every map: cost (M, k, k), tiles on the path likewise."""
    work, path = library().emnesy_reference_paths, np.empty(cost.shape, np.uint8)
    sizes = ctypes.c_int64(len(cost)), ctypes.c_int32(cost.shape[1]), ctypes.c_int32(cost.max())

    def call() -> NDArray[np.uint8]:
        checked(work(pointer(cost), *sizes, ctypes.c_int32(buckets), pointer(path)))
        return path

    return call


def samples(
    prior: NDArray[np.float32],
    terrain_cost: NDArray[np.int32],
    label: NDArray[np.uint8],
    count: int,
    sharpness: float,
    *,
    buckets: bool,
) -> Callable[[], NDArray[np.float32]]:
    """The call that draws and weighs `count` worlds of one map.

    prior (k, k, terrains), label (k, k); the posterior is shaped as the prior. A world weighs
    exp(-sharpness * number of tiles where its path differs from the label).
    """
    work, posterior = library().emnesy_reference_path_samples, np.empty_like(prior)
    size, terrains = ctypes.c_int32(prior.shape[0]), ctypes.c_int32(prior.shape[2])
    numbers = ctypes.c_int64(count), ctypes.c_float(sharpness), ctypes.c_uint64(7)

    def call() -> NDArray[np.float32]:
        arrays = pointer(prior), size, terrains, pointer(terrain_cost), pointer(label)
        checked(work(*arrays, *numbers, ctypes.c_int32(buckets), pointer(posterior)))
        return posterior

    return call
