"""Sudoku puzzles as images with the digits that were read, and the conflicts among these."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emnesy.data.sudoku_grids import units
from emnesy.pictures.style import BLUE, ORANGE, RED, drawing

_COLUMNS = 3


def conflicts(grid: NDArray[np.int64], box: int) -> NDArray[np.bool_]:
    """Which cells of ``(size, size)`` share their symbol with another one of their row, column or box."""
    flat = grid.ravel()
    marked = np.zeros(flat.size, np.bool_)
    for cells in units(len(grid), box):
        values, counts = np.unique(flat[cells], return_counts=True)
        marked[cells] |= np.isin(flat[cells], values[counts > 1])
    return marked.reshape(grid.shape)


def draw_puzzles(
    images: NDArray[np.uint8],
    predicted: NDArray[np.int64],
    classes: NDArray[np.int64],
    valid: NDArray[np.bool_],
    chance: NDArray[np.float64],
    box: int,
    path: str,
) -> None:
    """The first valid puzzles above the first corrupted ones.

    `images`: ``(puzzles, size, size, 28, 28)``; `predicted`, `classes`: the digits read and the true ones,
    ``(puzzles, size, size)``; `chance`: log p(valid | x).
    """
    groups = [np.flatnonzero(kind)[:_COLUMNS] for kind in (valid, ~valid)]
    rows = [group for group in groups if len(group)]
    size = images.shape[1]
    side = 2.0 if size >= 9 else 1.6
    columns = max(len(group) for group in rows)
    with drawing(path, columns * (side + 0.1), len(rows) * (side + 0.22) + 0.5) as figure:
        panels = np.asarray(figure.subplots(len(rows), columns)).reshape(len(rows), columns)
        for axes in panels.flat:
            axes.set_axis_off()
        for line, group in zip(panels, rows, strict=True):
            for axes, puzzle in zip(line, group, strict=False):
                _draw(axes, images[puzzle], predicted[puzzle], classes[puzzle], box, side)
                axes.set_title(
                    f"label: {'valid' if valid[puzzle] else 'not valid'}, {_chance(chance[puzzle])}",
                    fontsize=8,
                    pad=3,
                )
        _explain(figure)


def _draw(
    axes: Any,
    images: NDArray[np.uint8],
    predicted: NDArray[np.int64],
    classes: NDArray[np.int64],
    box: int,
    side: float,
) -> None:
    size, pixels = len(images), images.shape[-1]
    room = pixels // 4  # to the right and below, for the digit read
    cells = np.pad(images, ((0, 0), (0, 0), (0, room), (0, room)))
    whole = cells.swapaxes(1, 2).reshape(size * (pixels + room), size * (pixels + room))
    axes.imshow(whole, cmap="gray_r", vmin=0, vmax=330, extent=(0, size, size, 0))
    for place in range(size + 1):
        width = 1.2 if place % box == 0 else 0.3
        axes.plot([place, place], [0, size], color="black", linewidth=width, clip_on=False)
        axes.plot([0, size], [place, place], color="black", linewidth=width, clip_on=False)
    wrong = predicted != classes
    letters = max(5.0, min(9.0, 72 * side / size * 0.4))
    for row, column in np.argwhere(conflicts(predicted, box)):
        axes.fill(
            [column, column + 1, column + 1, column],
            [row, row, row + 1, row + 1],
            facecolor=ORANGE,
            alpha=0.45,
            linewidth=0,
        )
    for row, column in np.ndindex(predicted.shape):
        bad = wrong[row, column]
        axes.text(
            column + 0.94,
            row + 0.95,
            str(predicted[row, column]),
            color="white" if bad else BLUE,
            fontsize=letters,
            fontweight="bold",
            ha="right",
            va="bottom",
            bbox={"boxstyle": "square,pad=0.08", "facecolor": RED, "linewidth": 0} if bad else None,
        )
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)


def _explain(figure: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], linestyle="", marker="$7$", markersize=6, color=BLUE, label="digit read"),
        Line2D(
            [], [], linestyle="", marker="s", markersize=8, color=RED, label="digit read wrongly"
        ),
        Patch(facecolor=ORANGE, alpha=0.45, label="twice in a row, column or box, as read"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, handletextpad=0.4)


def _chance(chance: float) -> str:
    if chance > math.log(0.005):
        return f"p(valid) = {math.exp(chance):.2f}"
    return f"log p(valid) = \N{MINUS SIGN}{-chance:.0f}" if chance > -1e6 else "p(valid) = 0"
