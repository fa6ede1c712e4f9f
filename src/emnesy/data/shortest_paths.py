"""Cheapest paths over grids of tile costs, many grids at once."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = tuple((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if (r, c) != (0, 0))
"""The eight neighbours in standard order of the pairs (row, column)."""

_FAR = np.iinfo(np.int64).max // 4


def distances(costs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cost of the cheapest way from the upper left tile to every tile, both ends included.

    `costs`: positive, ``(grids, side, side)``. Bellman-Ford's relaxation of all tiles at once, until nothing
    changes.
    """
    count, side, _ = costs.shape
    padded = np.full((count, side + 2, side + 2), _FAR)
    inner = padded[:, 1:-1, 1:-1]
    inner[:, 0, 0] = costs[:, 0, 0]
    while True:
        best = _shifted(padded, NEIGHBOURS[0]).copy()
        for step in NEIGHBOURS[1:]:
            np.minimum(best, _shifted(padded, step), out=best)
        best += costs
        np.minimum(best, inner, out=best)
        if np.array_equal(best, inner):
            found: NDArray[np.int64] = inner.copy()
            return found
        inner[:] = best


def cheapest_paths(
    costs: NDArray[np.int64], ties: np.random.Generator | None = None
) -> NDArray[np.bool_]:
    """The tiles of the cheapest path between the upper left and the lower right corner, as `costs`.

    Of equally cheap predecessors the first in row-major order is taken, as ``argmin`` takes the least
    term: the rule of ``programs/warcraft.nesy``. With `ties` one of them is drawn.
    """
    count, side, _ = costs.shape
    padded = np.full((count, side + 2, side + 2), _FAR)
    padded[:, 1:-1, 1:-1] = distances(costs)
    on_path = np.zeros(costs.shape, np.bool_)
    grid = np.arange(count)
    row = np.full(count, side - 1)
    column = np.full(count, side - 1)
    steps = np.array(NEIGHBOURS)
    on_path[:, side - 1, side - 1] = True
    while len(grid):
        behind = padded[grid, 1 + row + steps[:, :1], 1 + column + steps[:, 1:]]  # (8, grids)
        if ties is not None:
            behind = behind + 0.9 * ties.random(behind.shape)  # costs are whole
        step = steps[np.argmin(behind, axis=0)]  # the first of equals
        arrived = (row == 0) & (column == 0)
        grid, row, column = (a[~arrived] for a in (grid, row + step[:, 0], column + step[:, 1]))
        on_path[grid, row, column] = True
    return on_path


def heap_paths(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The tiles of cheapest paths as Dijkstra's algorithm with a binary heap finds them, as `costs`.

    `costs`: ``(grids, side, side)``; may be fractions, as those of the original maps (0.8, 1.2, …) are. Then
    sums of the same numbers in another order differ in their last bits, and rounding decides which of two
    equally cheap paths is found.
    """
    return np.stack([_heap_path(grid.tolist()) for grid in costs])


def _heap_path(cost: list[list[float]]) -> NDArray[np.bool_]:
    side = len(cost)
    best = {(0, 0): cost[0][0]}
    before = {}
    settled = set()
    queue = [(cost[0][0], (0, 0))]
    while queue:
        so_far, tile = heapq.heappop(queue)
        if tile in settled:
            continue
        settled.add(tile)
        for dr, dc in NEIGHBOURS:
            r, c = tile[0] + dr, tile[1] + dc
            if not (0 <= r < side and 0 <= c < side):
                continue
            through = so_far + cost[r][c]
            if through < best.get((r, c), float("inf")):
                best[r, c] = through
                before[r, c] = tile
                heapq.heappush(queue, (through, (r, c)))
    on_path = np.zeros((side, side), np.bool_)
    tile = (side - 1, side - 1)
    on_path[tile] = True
    while tile != (0, 0):
        tile = before[tile]
        on_path[tile] = True
    return on_path


def _shifted(padded: NDArray[np.int64], step: tuple[int, int]) -> NDArray[np.int64]:
    side = padded.shape[1] - 2
    return padded[:, 1 + step[0] : 1 + step[0] + side, 1 + step[1] : 1 + step[1] + side]
