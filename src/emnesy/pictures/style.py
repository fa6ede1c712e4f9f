"""One look for all pictures: sizes in inches as a paper needs them, colours that everybody can tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, GREY, BLACK = "#56B4E9", "#CC79A7", "#999999", "#000000"
"""Okabe and Ito's palette (https://jfly.uni-koeln.de/color/)."""

LINES = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK)

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
}
_DOTS_PER_INCH = 200


@contextmanager
def drawing(path: str | Path, width: float, height: float) -> Iterator[Any]:
    """A matplotlib figure of this size in inches, written to `path` when the block ends.

    No window system and no global state of matplotlib's is touched. Errors: `ImportError` without matplotlib.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        figure.savefig(str(path), dpi=_DOTS_PER_INCH)


def percent(share: float) -> str:
    """``0.973`` as ``97.3 %``, with figures enough to tell it from 100 %."""
    text = f"{100 * share:.1f}"
    return f"{100 * share:.2f} %" if text == "100.0" and share < 1 else f"{text} %"
