"""Cheapest paths over grids of tile costs, many grids at once."""

from __future__ import annotations

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


def cheapest_paths(costs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The tiles of the cheapest path between the upper left and the lower right corner, as `costs`.

    Of equally cheap predecessors the first in row-major order is taken, as ``argmin`` takes the least
    term: the rule of ``programs/warcraft.nesy``.
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
        step = steps[np.argmin(behind, axis=0)]  # the first of equals
        arrived = (row == 0) & (column == 0)
        grid, row, column = (a[~arrived] for a in (grid, row + step[:, 0], column + step[:, 1]))
        on_path[grid, row, column] = True
    return on_path


def _shifted(padded: NDArray[np.int64], step: tuple[int, int]) -> NDArray[np.int64]:
    side = padded.shape[1] - 2
    return padded[:, 1 + step[0] : 1 + step[0] + side, 1 + step[1] : 1 + step[1] + side]
