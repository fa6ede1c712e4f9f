"""Some formulas as images, with the symbols that were read and the value."""

from __future__ import annotations

from torch import Tensor

from emnesy.data.addition_picture import draw_symbol
from emnesy.pictures.style import drawing

_SHOWN = {10: "+", 11: "−", 12: "×"}


def draw_formulas(
    images: Tensor, predicted: Tensor, symbols: Tensor, values: Tensor, path: str, *, rows: int = 6
) -> None:
    """Some formulas ``(formulas, length, 28, 28)``, each glyph below what it is read as.

    `predicted` and `symbols` ``(formulas, length)``; wrong readings are red and name the true symbol.
    """
    shown, length = min(rows, len(images)), images.shape[1]
    cell, result = 0.45, 0.8
    with drawing(path, cell * length + result + 0.2, 0.6 * shown + 0.3) as figure:
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.02, wspace=0.0, hspace=0.05)
        panels = figure.subplots(
            shown, length + 1, width_ratios=[cell] * length + [result], squeeze=False
        )
        for axes in panels.flat:
            axes.set_axis_off()
        for row in range(shown):
            for place in range(length):
                guess, truth = int(predicted[row, place]), int(symbols[row, place])
                draw_symbol(
                    panels[row, place],
                    images[row, place],
                    _SHOWN.get(guess, str(guess)),
                    _SHOWN.get(truth, str(truth)),
                )
            text = f"= {int(values[row])}".replace("-", "−")
            panels[row, length].text(0.0, 0.5, text, fontsize=10, va="center")
        figure.suptitle("Formulas: each symbol as read, wrong ones with the true one", fontsize=8)
