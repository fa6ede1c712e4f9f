"""Cheapest paths on a grid in Python: Dijkstra by hand with `heapq`, and SciPy's."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache
def neighbours(size: int) -> tuple[tuple[int, ...], ...]:
    """The up to eight neighbours of every tile, in row-major order."""
    return tuple(
        tuple(
            y * size + x
            for y in range(max(r - 1, 0), min(r + 2, size))
            for x in range(max(c - 1, 0), min(c + 2, size))
            if (y, x) != (r, c)
        )
        for r in range(size)
        for c in range(size)
    )


def trace(distance: list[int] | NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """The path to the last tile: of equally good predecessors the first in row-major order."""
    path, tile = np.zeros(size * size, np.uint8), size * size - 1
    path[tile] = 1
    while tile:
        tile = min(neighbours(size)[tile], key=lambda t: distance[t])
        path[tile] = 1
    return path.reshape(size, size)


def dijkstra(cost: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The path of one map (k, k), as one writes it in plain Python."""
    size = len(cost)
    costs, around = cost.ravel().tolist(), neighbours(size)
    distance = [1 << 60] * (size * size)
    distance[0] = costs[0]
    queue = [(costs[0], 0)]
    while queue:
        d, tile = heapq.heappop(queue)
        if d != distance[tile]:
            continue
        if tile == size * size - 1:
            break
        for there in around[tile]:
            new = d + costs[there]
            if new < distance[there]:
                distance[there] = new
                heapq.heappush(queue, (new, there))
    return trace(distance, size)


def scipy_dijkstra(size: int) -> Callable[[NDArray[np.int32]], NDArray[np.uint8]]:
    """The same by `scipy.sparse.csgraph`; ImportError where there is no SciPy."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra as compiled

    around = neighbours(size)
    columns = np.array([t for n in around for t in n], np.int32)
    begin = np.cumsum([0, *map(len, around)]).astype(np.int32)

    def path(cost: NDArray[np.int32]) -> NDArray[np.uint8]:
        weights = cost.ravel()[columns].astype(np.float64)  # an edge costs what its end costs
        graph = csr_matrix((weights, columns, begin), (size * size, size * size))
        return trace(compiled(graph, indices=0), size)

    return path
