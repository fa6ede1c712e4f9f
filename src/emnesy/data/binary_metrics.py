"""Figures of a score that should tell two kinds of examples apart, and of classes known up to names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emnesy.learn.assignment import best_assignment

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]


def best_threshold(scores: Scores, truth: Truth) -> float:
    """The threshold at or above which calling an example true is right most often.

    Halfway between two neighbouring scores; of equally good ones the middle one.
    """
    order = np.argsort(scores, kind="stable")
    ranked, hits = scores[order], truth[order]
    # Cutting before rank i calls the first i false and the others true.
    right = np.concatenate([[0], np.cumsum(~hits)]) + np.concatenate(
        [np.cumsum(hits[::-1])[::-1], [0]]
    )
    cuttable = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])
    best = np.flatnonzero(cuttable & (right == right[cuttable].max()))
    cut = int(best[len(best) // 2])
    if cut == 0:
        return float(ranked[0]) - 1.0
    if cut == len(ranked):
        return float(ranked[-1]) + 1.0
    return float(ranked[cut - 1] + ranked[cut]) / 2


def roc_auc(scores: Scores, truth: Truth) -> float:
    """Area under the ROC curve: how often a true example scores above a false one, ties count half.

    NaN where there are no examples of one kind. Hanley and McNeil, Radiology 143 (1982).
    """
    positive, negative = np.sort(scores[truth]), np.sort(scores[~truth])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(
        negative, positive, "right"
    )
    return float(below.sum()) / (2 * len(positive) * len(negative))


def renamed_accuracy(predicted: NDArray[np.int64], truth: NDArray[np.int64], classes: int) -> float:
    """Share of right classes under the best one-to-one renaming of the predicted ones.

    `predicted`, `truth`: of one shape, from 0 to `classes` - 1.
    """
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (predicted.ravel(), truth.ravel()), 1)
    return float(table[np.arange(classes), best_assignment(table)].sum()) / predicted.size
