"""Sudoku grids: random valid ones, the check, and the corruption of the published protocol."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.int64]
"""``(size, size)`` of the symbols 0 .. size-1."""


def units(size: int, box: int) -> NDArray[np.int64]:
    """The cells of every row, column and box, ``(3 * size, size)``, numbered row by row."""
    cells = np.arange(size * size).reshape(size, size)
    boxes = cells.reshape(size // box, box, size // box, box).swapaxes(1, 2).reshape(size, size)
    return np.concatenate([cells, cells.T, boxes])


def neighbours(size: int, box: int) -> NDArray[np.bool_]:
    """``(size, size, size, size)``: pairs of cells of one unit, the first before the second, row by row."""
    result = np.zeros((size * size, size * size), np.bool_)
    for unit in units(size, box):
        result[unit[:, None], unit] = True
    return np.triu(result, 1).reshape(size, size, size, size)


def is_valid(grids: NDArray[np.integer], box: int) -> NDArray[np.bool_]:
    """Whether each of the grids ``(..., size, size)`` has every symbol once in every unit."""
    size = grids.shape[-1]
    rows = grids.reshape(*grids.shape[:-2], size * size)[..., units(size, box)]
    result: NDArray[np.bool_] = (np.sort(rows, axis=-1) == np.arange(size)).all(axis=(-2, -1))
    return result


def random_grid(size: int, box: int, generator: np.random.Generator) -> Grid:
    """A valid grid, by filling the cell with the fewest symbols left, symbols in random order.

    A fill that runs into more dead ends than there are cells is begun anew.
    """
    of_cell = units(size, box)
    peers = [
        np.unique(np.concatenate([u for u in of_cell if cell in u])) for cell in range(size * size)
    ]
    while True:
        filled = _fill(size, peers, generator)
        if filled is not None:
            return filled.reshape(size, size)


def _fill(size: int, peers: list[Grid], generator: np.random.Generator) -> Grid | None:
    count = size * size
    allowed = np.ones((count, size), np.bool_)
    symbols = np.full(count, -1)
    trail: list[tuple[int, NDArray[np.bool_], list[int]]] = []
    dead_ends = 0
    while True:
        left = np.where(symbols < 0, allowed.sum(axis=1), size + 1)
        fewest = np.flatnonzero(left == left.min())
        if symbols[fewest[0]] >= 0:
            return symbols
        cell = int(generator.choice(fewest))
        options = [int(s) for s in generator.permutation(np.flatnonzero(allowed[cell]))]
        while not options:
            dead_ends += 1
            if not trail or dead_ends > count:
                return None
            cell, allowed, options = trail.pop()
            symbols[cell] = -1
        symbol = options.pop()
        trail.append((cell, allowed, options))
        allowed = allowed.copy()
        allowed[peers[cell], symbol] = False
        symbols[cell] = symbol
