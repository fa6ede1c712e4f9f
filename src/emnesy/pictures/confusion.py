"""Which symbols are taken for which others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emnesy.pictures.style import drawing, percent

if TYPE_CHECKING:
    from emnesy.learn.accuracy import Confusion

LARGEST = 40
"""Predicates with more symbols are left out."""
_WRITTEN = 12  # symbols up to which shares are written into the cells


def draw_confusion(
    confusions: Mapping[str, Confusion],
    symbols: Mapping[str, Sequence[Any]],
    path: str | Path,
    split: str,
) -> bool:
    """Draw a table for each neural predicate; False, and no picture, where there is none to draw.

    `symbols`: the domain of each predicate. Shares are of each true symbol, by rows. The classes of nameless
    symbols stand in the order of the symbols that they are for.
    """
    shown = {
        name: confusion
        for name, confusion in confusions.items()
        if confusion.total and len(confusion.table) <= LARGEST
    }
    if not shown:
        return False
    sides = [1.1 + 0.26 * max(4, min(16, len(c.table))) for c in shown.values()]
    with drawing(path, sum(sides) + 0.55, max(sides) + 0.15) as figure:
        panels = np.atleast_1d(figure.subplots(1, len(shown), width_ratios=sides))
        for axes, (name, confusion) in zip(panels, shown.items(), strict=True):
            image = _table(axes, confusion, [str(symbol) for symbol in symbols[name]])
            axes.set_title(
                f"{name}: {percent(confusion.share or 0.0)} of {confusion.total:,} right ({split})".replace(
                    ",", "\u202f"
                )
            )
        bar = figure.colorbar(image, ax=panels.tolist(), shrink=0.7, pad=0.02, aspect=25)
        bar.set_ticks([0, 0.01, 0.1, 0.25, 0.5, 1], labels=["0", "1", "10", "25", "50", "100 %"])
        bar.outline.set_linewidth(0.4)
    return True


def _table(axes: Any, confusion: Confusion, symbols: list[str]) -> Any:
    from matplotlib.colors import PowerNorm

    count, order = len(confusion.table), confusion.names
    shares = confusion.table[:, order] / np.maximum(confusion.table.sum(axis=1, keepdims=True), 1)
    # A root makes rare confusions visible beside the diagonal.
    image = axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1))
    size = 6 if max(len(s) for s in symbols) > 3 or count > 20 else 7
    rotation = 90 if max(len(s) for s in symbols) > 3 else 0
    axes.set_xticks(range(count), [symbols[c] for c in order], fontsize=size, rotation=rotation)
    axes.set_yticks(range(count), symbols, fontsize=size)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.8 if count <= 20 else 0.3)
    axes.tick_params(which="minor", length=0)
    axes.set_xlabel("class (in the best order)" if confusion.nameless else "taken for")
    axes.set_ylabel("true symbol")
    if count <= _WRITTEN:
        for row, column in np.argwhere(shares > 0):
            share = shares[row, column]
            axes.text(
                column,
                row,
                _written(share),
                ha="center",
                va="center",
                fontsize=6,
                color="white" if share > 0.3 else "black",
            )
    return image


def _written(share: float) -> str:
    if share >= 0.995:
        return "100" if share == 1 else f"{100 * share:.1f}"
    return f"{100 * share:.0f}" if share >= 0.095 else f"{100 * share:.1f}"
