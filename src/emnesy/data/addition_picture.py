"""Some sums as images, with the digits that were read and the sum that these make."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from emnesy.pictures.style import BLUE, RED, drawing


def draw_sums(
    images: Tensor,
    predicted: Tensor,
    digits: Tensor,
    path: str,
    *,
    rows: int = 6,
    columns: int = 6,
) -> None:
    """Some sums ``(sums, 2, n, 28, 28)``, most significant digit first, each digit above its
    prediction.

    Wrong predictions are red and name the true digit. At most `rows` sums and `columns` digits a
    number (the least significant ones).
    """
    from emnesy.data.addition import add

    n = images.shape[2]
    shown, width = min(rows, len(images)), min(columns, n)
    sums, guesses = add(digits[:shown]), add(predicted[:shown])
    cell, signs, result = 0.42, 0.3, 0.085 * (width + 1) + 0.4
    widths = [cell] * width + [signs] + [cell] * width + [result]
    with drawing(path, sum(widths) + 0.2, 0.6 * shown + 0.3) as figure:
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.02, wspace=0.0, hspace=0.05)
        panels = figure.subplots(shown, len(widths), width_ratios=widths, squeeze=False)
        for axes in panels.flat:
            axes.set_axis_off()
        for row in range(shown):
            for number in range(2):
                for place in range(width):
                    draw_symbol(
                        panels[row, number * (width + 1) + place],
                        images[row, number, width - 1 - place],
                        str(int(predicted[row, number, width - 1 - place])),
                        str(int(digits[row, number, width - 1 - place])),
                    )
            panels[row, width].text(0.5, 0.5, "+", ha="center", va="center", fontsize=12)
            _draw_result(panels[row, -1], guesses[row], sums[row], width, n)
        left_out = "" if n == width else f", their last {width} digits"
        figure.suptitle(
            f"Sums{left_out}: each digit as read, wrong ones with the true digit", fontsize=8
        )


def draw_symbol(axes: Any, image: Tensor, guess: str, truth: str) -> None:
    """An image ``(28, 28)`` under what it was read as; where that is wrong, also what it is."""
    axes.imshow(image.numpy(), cmap="gray_r")
    right = guess == truth
    axes.set_title(
        guess if right else f"{guess} ({truth})",
        color=BLUE if right else RED,
        fontweight="normal" if right else "bold",
        fontsize=8,
        pad=1.0,
    )


def _draw_result(axes: Any, guess: Tensor, truth: Tensor, width: int, n: int) -> None:
    """The sum as read, and the true one below it where it is another; of longer sums their last digits."""
    kept = n + 1 if width == n else width

    def written(values: Tensor) -> str:
        text = "".join(str(int(digit)) for digit in values[:kept].flip(0))
        return f"= …{text}" if kept < len(values) else f"= {text.lstrip('0') or '0'}"

    right = bool((guess[:kept] == truth[:kept]).all())
    axes.text(
        0.0,
        0.5 if right else 0.68,
        written(guess),
        color=BLUE if right else RED,
        fontweight="normal" if right else "bold",
        fontsize=9,
        va="center",
    )
    if not right:
        axes.text(0.0, 0.26, f"({written(truth)[2:]})", color="black", fontsize=9, va="center")
