"""One-to-one assignments of greatest gain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def best_assignment(gain: NDArray[Any]) -> NDArray[np.int64]:
    """For each row of ``gain (K, K)`` its column, no column twice, so that the sum is greatest.

    The Hungarian method with shortest augmenting paths, O(K³): Jonker and Volgenant, Computing 38 (1987).
    """
    cost = -np.asarray(gain, np.float64)
    size = len(cost)
    row_of = np.full(size + 1, -1)  # by column; the last column is where each row starts
    of_row, of_column = np.zeros(size), np.zeros(size + 1)
    for row in range(size):
        row_of[size] = row
        least = np.full(size, np.inf)
        came_from = np.full(size, size)
        done = np.zeros(size + 1, np.bool_)
        column = size
        while row_of[column] >= 0:
            done[column] = True
            here = row_of[column]
            free = ~done[:size]
            reduced = cost[here] - of_row[here] - of_column[:size]
            better = free & (reduced < least)
            least[better], came_from[better] = reduced[better], column
            following = int(np.where(free, least, np.inf).argmin())
            step = least[following]
            of_row[row_of[done]] += step
            of_column[done] -= step
            least[free] -= step
            column = following
        while column != size:
            row_of[column] = row_of[came_from[column]]
            column = int(came_from[column])
    result = np.empty(size, np.int64)
    result[row_of[:size]] = np.arange(size)
    return result
