"""What addition reports beyond the accuracies that every program has, and the picture of some test
sums.
"""

from __future__ import annotations

import torch
from torch import Tensor

_GROUPINGS = 200
_SEED = 7


def regrouped_sum(predicted: Tensor, digits: Tensor, groupings: int = _GROUPINGS) -> float:
    """Accuracy of whole sums, mean over random groupings of the same predicted digits.

    `predicted`, `digits`: ``(sums, 2, n)``. With 100 digits a number the test set makes 50 sums
    only, and neighbours in the file are alike: this estimate has both removed. A grouping is fixed
    by its number.
    """
    from emnesy.data.addition import add

    flat_predicted, flat_digits = predicted.flatten(), digits.flatten()
    right = 0.0
    for grouping in range(groupings):
        generator = torch.Generator().manual_seed(_SEED + grouping)
        rows = torch.randperm(len(flat_digits), generator=generator).view(digits.shape)
        same = add(flat_predicted[rows]) == add(flat_digits[rows])
        right += float(same.all(dim=-1).double().mean())
    return right / groupings


def draw_sums(
    images: Tensor,
    predicted: Tensor,
    digits: Tensor,
    path: str,
    *,
    rows: int = 6,
    columns: int = 12,
) -> None:
    """Some sums ``(sums, 2, n, 28, 28)``, most significant digit first, each digit above its
    prediction.

    Wrong predictions are red and name the true digit. At most `rows` sums and `columns` digits a
    number (the least significant ones).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown, width = min(rows, len(images)), min(columns, images.shape[2])
    figure = Figure(figsize=(1.0 + 0.62 * (2 * width + 1), 0.95 * shown))
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(shown, 2 * width + 1, wspace=0.05, hspace=0.45)
    for row in range(shown):
        for number in range(2):
            for place in range(width):
                column = number * (width + 1) + place
                position = width - 1 - place
                axes = figure.add_subplot(grid[row, column])
                axes.imshow(images[row, number, position].numpy(), cmap="gray_r")
                axes.set_axis_off()
                guess = int(predicted[row, number, position])
                truth = int(digits[row, number, position])
                right = guess == truth
                axes.set_title(
                    str(guess) if right else f"{guess} ({truth})",
                    color="black" if right else "red",
                    fontsize=9,
                    pad=1.5,
                )
        plus = figure.add_subplot(grid[row, width])
        plus.text(0.5, 0.5, "+", ha="center", va="center", fontsize=14)
        plus.set_axis_off()
    figure.savefig(path, dpi=110, bbox_inches="tight")
