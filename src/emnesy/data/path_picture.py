"""Maps with the cheapest path and the predicted one, and the terrain that was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emnesy.data.shortest_paths import cheapest_paths, distances
from emnesy.data.terrain import TENTHS, TERRAINS, TILE
from emnesy.pictures.style import BLACK, GREEN, GREY, ORANGE, RED, SKY, drawing

_MAPS = 4
_COLOURS = (GREEN, ORANGE, "#00452F", SKY, GREY)  # of TERRAINS


def draw_maps(
    pictures: NDArray[np.uint8],
    terrain: NDArray[np.int64],
    predicted: NDArray[np.int64],
    paths: NDArray[np.bool_],
    path: str,
) -> None:
    """The first maps: above with both paths, below the terrain as read, wrong tiles crossed out.

    `pictures`: ``(maps, 8k, 8k, 3)``; `terrain`, `predicted`: positions in `TERRAINS`, ``(maps, k, k)``;
    `paths`: the labels, as masks.
    """
    shown = min(_MAPS, len(terrain))
    true_costs, read_costs = TENTHS[terrain[:shown]], TENTHS[predicted[:shown]]
    found = cheapest_paths(read_costs)
    best, after = distances(true_costs), distances(read_costs)
    with drawing(path, 1.75 * shown + 0.1, 4.35) as figure:
        panels = np.asarray(figure.subplots(2, shown)).reshape(2, shown)
        for axes in panels.flat:
            axes.set_axis_off()
        for number in range(shown):
            above, below = panels[:, number]
            above.imshow(pictures[number], interpolation="nearest")
            line = _line(paths[number], best[number])
            guess = _line(found[number], after[number])
            above.plot(*line, color=BLACK, linewidth=4.2, solid_capstyle="round")
            above.plot(*line, color="white", linewidth=2.8, solid_capstyle="round")
            above.plot(*guess, color=RED, linewidth=1.4, linestyle=(0, (2.2, 1.4)))
            cost, least = (true_costs[number] * found[number]).sum(), best[number, -1, -1]
            above.set_title(_judged(int(cost), int(least)), fontsize=8, pad=3)
            _terrain(below, predicted[number], terrain[number])
        _explain(figure)


def _line(mask: NDArray[np.bool_], cost: NDArray[np.int64]) -> tuple[Sequence[float], ...]:
    """The tiles of a path in its order, which is that of the cost to get there, as x and y in pixels."""
    tiles = np.argwhere(mask)
    tiles = tiles[np.argsort(cost[mask], kind="stable")]
    places = tiles * TILE + (TILE - 1) / 2
    return places[:, 1].tolist(), places[:, 0].tolist()


def _judged(cost: int, least: int) -> str:
    if cost == least:
        return f"cost {least / 10:.1f}, the least"
    return f"cost {cost / 10:.1f}, least {least / 10:.1f}"


def _terrain(axes: Any, predicted: NDArray[np.int64], terrain: NDArray[np.int64]) -> None:
    from matplotlib.colors import ListedColormap

    axes.imshow(predicted, cmap=ListedColormap(_COLOURS), vmin=-0.5, vmax=len(TERRAINS) - 0.5)
    wrong = np.argwhere(predicted != terrain)
    size = 60 / len(terrain)
    axes.plot(wrong[:, 1], wrong[:, 0], "x", color="white", markersize=size, markeredgewidth=2.2)
    axes.plot(wrong[:, 1], wrong[:, 0], "x", color=BLACK, markersize=size, markeredgewidth=1.0)
    right = float((predicted == terrain).mean())
    axes.set_title(f"{100 * right:.1f} % of the tiles right", fontsize=8, pad=3)


def _explain(figure: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.patheffects import Stroke

    outline = [Stroke(linewidth=4.2, foreground=BLACK), Stroke(linewidth=2.8, foreground="white")]
    handles: list[Any] = [
        Line2D([], [], color="white", linewidth=2.8, path_effects=outline, label="cheapest path"),
        Line2D([], [], color=RED, linewidth=1.4, linestyle=(0, (2.2, 1.4)), label="predicted path"),
        *(Patch(color=c, label=name) for name, c in zip(TERRAINS, _COLOURS, strict=True)),
        Line2D([], [], linestyle="", marker="x", color=BLACK, markersize=5, label="read wrongly"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, columnspacing=1.4)
