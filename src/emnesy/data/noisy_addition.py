"""Multi-digit addition with wrong labels: a share of the sums is replaced by any number of n + 1 digits.

The images and which of them make a sum are those of `emnesy.data.addition`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from typing import Literal as OneOf

import torch
from torch import Tensor
from torch.utils.data import Dataset

from emnesy.data import addition
from emnesy.data.digits import Source
from emnesy.data.problems import bad_option
from emnesy.learn.batch import Batch, Item

_SEED = 11


class NoisyAdditionDataset(Dataset[Item]):
    """Sums of an `AdditionDataset` of which each is, with probability `noise`, any number.

    Its leading digit is 0 or 1, as that of a sum. An item has the inputs and the truth of the clean one,
    and ``labels {"label": (n+1,)}``; `supervised` adds ``{"digit": (2, n)}``.
    """

    def __init__(
        self, clean: addition.AdditionDataset, noise: float, supervised: bool, seed: int
    ) -> None:
        self.clean, self.supervised = clean, supervised
        generator = torch.Generator().manual_seed(_SEED + seed)
        anything = torch.randint(10, clean.sums.shape, generator=generator)
        anything[:, -1] %= 2
        self.replaced = torch.rand(len(clean), generator=generator) < noise
        self.labels = torch.where(self.replaced[:, None], anything, clean.sums)

    def __len__(self) -> int:
        return len(self.clean)

    def __getitem__(self, index: int) -> Item:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> Batch:
        """A batch, which is also the list of its items."""
        batch = self.clean.__getitems__(indices)
        labels = {"label": self.labels[batch.indices]}
        if self.supervised:
            labels["digit"] = batch.truth["digit"]
        return Batch(batch.inputs, labels, batch.truth, batch.indices)

    def describe(self) -> str:
        """One line for people: the sums, and how many of them were replaced."""
        share = float(self.replaced.double().mean())
        return f"{self.clean.describe()}, {100 * share:.2f} % of the labels replaced"

    def metrics(self, predictions: Mapping[str, Tensor]) -> dict[str, float]:
        """Those of addition."""
        return self.clean.metrics(predictions)


def dataset(
    split: str,
    *,
    consts: Mapping[str, Any],
    seed: int = 0,
    noise: float = 0.2,
    supervised: bool = False,
    source: Source = "auto",
    order: OneOf["file", "shuffled"] = "shuffled",
    valid: float = 0.0,
) -> NoisyAdditionDataset | None:
    """The sums of one split; only those for training are noisy.

    `noise`: share of the labels that are replaced, from 0 to 1. `supervised`: also label the digits of the
    training split, for a comparison. The others are those of `emnesy.data.addition.dataset`.

    Errors: `DataError` E0623 for an option out of range.
    """
    if not isinstance(noise, (int, float)) or not 0 <= noise <= 1:
        raise bad_option(f"noise is a share from 0 to 1, not {noise}")
    clean = addition.dataset(
        split, consts=consts, seed=seed, source=source, order=order, valid=valid
    )
    if clean is None:
        return None
    training = split == "train"
    return NoisyAdditionDataset(clean, noise if training else 0.0, supervised and training, seed)
