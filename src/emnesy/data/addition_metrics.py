"""What addition reports beyond the accuracies that every program has."""

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
