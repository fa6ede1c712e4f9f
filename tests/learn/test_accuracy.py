from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch

from emnesy.learn.accuracy import Confusion
from emnesy.learn.assignment import best_assignment


@pytest.mark.parametrize("seed", range(40))
def test_assignment_against_all_permutations(seed: int) -> None:
    generator = np.random.default_rng(seed)
    size = int(generator.integers(1, 7))
    gain = generator.integers(-3, 4, (size, size)).astype(float)  # with ties
    if seed % 2:
        gain += generator.random(gain.shape)
    found = best_assignment(gain)
    assert sorted(found) == list(range(size))
    rows = np.arange(size)
    best = max(gain[rows, list(columns)].sum() for columns in permutations(range(size)))
    assert gain[rows, found].sum() == pytest.approx(best)


def test_a_large_assignment_finds_the_hidden_one() -> None:
    generator = np.random.default_rng(0)
    hidden = generator.permutation(60)
    gain = generator.random((60, 60))
    gain[np.arange(60), hidden] += 2
    assert (best_assignment(gain) == hidden).all()


def test_confusion_counts_what_is_known() -> None:
    confusion = Confusion(3)
    confusion.add(torch.tensor([[0, 1], [2, -1]]), torch.tensor([[1, 1], [0, 2]]))
    assert confusion.table.tolist() == [[0, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert confusion.share == pytest.approx(1 / 3)
    assert Confusion.restored(confusion.scalars()).table.tolist() == confusion.table.tolist()


def test_nameless_classes_are_right_under_the_best_renaming() -> None:
    confusion = Confusion(3, nameless=True)
    confusion.add(torch.tensor([0, 0, 1, 2, 2]), torch.tensor([1, 1, 2, 0, 1]))
    assert confusion.names == [1, 2, 0]
    assert confusion.share == pytest.approx(4 / 5)
    assert Confusion.restored(confusion.scalars()).share == pytest.approx(4 / 5)
    assert Confusion(3, nameless=True).share is None
