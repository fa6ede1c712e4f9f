from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from emnesy.data.binary_metrics import best_threshold, renamed_accuracy, roc_auc


def accuracy(scores: np.ndarray, truth: np.ndarray, threshold: float) -> float:
    return float(((scores >= threshold) == truth).mean())


@pytest.mark.parametrize("seed", range(30))
def test_threshold_is_best(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.random(12) < 0.5
    scores = np.round(truth * generator.random(12) + generator.random(12), 1)  # with ties
    candidates = [-9.0, 9.0, *(np.unique(scores) + 0.01), *(np.unique(scores) - 0.01)]
    best = max(accuracy(scores, truth, t) for t in candidates)
    assert accuracy(scores, truth, best_threshold(scores, truth)) == best


@pytest.mark.parametrize("seed", range(30))
def test_area_counts_pairs(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = np.array([True, False, *(generator.random(10) < 0.4)])
    scores = np.round(generator.random(12), 1)
    pairs = [(p > n) + (p == n) / 2 for p in scores[truth] for n in scores[~truth]]
    assert roc_auc(scores, truth) == pytest.approx(np.mean(pairs))


def test_area_of_one_kind() -> None:
    assert np.isnan(roc_auc(np.array([1.0, 2.0]), np.array([True, True])))


@pytest.mark.parametrize("seed", range(10))
def test_renaming_against_all_permutations(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.integers(4, size=(5, 8))
    predicted = np.where(generator.random(truth.shape) < 0.4, truth[:, ::-1], truth)
    best = max((np.array(p)[predicted] == truth).mean() for p in permutations(range(4)))
    assert renamed_accuracy(predicted, truth, 4) == pytest.approx(best)
