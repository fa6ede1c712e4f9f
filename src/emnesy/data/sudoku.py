"""Visual sudoku puzzle classification: grids of digit images, labelled valid or not.

Protocol (Augustine et al., "Visual sudoku puzzle classification: a suite of collective neuro-symbolic tasks",
NeSy 2022): a split has as many correct as corrupted puzzles (100 each), its images are drawn from all digits
of the source, no image serves two puzzles, and the splits share none. A corrupted puzzle is a copy of a
correct one in which two cells are swapped or one cell's image is replaced by one of another class (each with
probability 1/2); that is repeated with probability 1/2, and as long as the grid is still valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from emnesy.data.binary_metrics import best_threshold, renamed_accuracy, roc_auc
from emnesy.data.digits import Digits, Source
from emnesy.data.distortion import distorted
from emnesy.data.mnist import load_digits
from emnesy.data.problems import bad_option
from emnesy.data.sudoku_grids import Grid, is_valid, neighbours, random_grid
from emnesy.data.sudoku_picture import draw_puzzles
from emnesy.learn.assignment import best_assignment
from emnesy.learn.batch import Batch, Item
from emnesy.learn.own_metrics import OtherSplits

SPLITS = ("train", "valid", "test")

ALL_TRAINING = "train-all"
"""The training split for finding a threshold: with its corrupted puzzles, even where nothing is learned from
them, and distorted, if wanted, since a network is surer of images that it was trained on than of others.
"""


class SudokuDataset(Dataset[Item]):
    """Puzzles of one split: correct and corrupted ones by turns.

    An item has ``inputs {"image": (size, size, 1, 28, 28)}`` (float32 in [0, 1]), ``labels {"valid": ()}``
    and ``truth {"holds": (size, size)}``, from 1 on: which class of images is which digit the labels cannot
    tell (`nameless`). `classes`: the digits behind the images, ``(puzzles, size, size)`` from 0 to size - 1.
    """

    def __init__(
        self,
        digits: Digits,
        rows: Tensor,
        box: int,
        *,
        distortion: float = 0.0,
        pairs: bool = False,
    ) -> None:
        """`distortion`: by how much the images are distorted, see `emnesy.data.distortion`; always alike.

        `pairs`: label correct puzzles with the pairs of cells that differ, ``{"differ": (size, size, size,
        size)}``, and others with nothing.
        """
        self.source = digits.source
        self.images = digits.images
        self.rows = rows  # (puzzles, size, size): which image stands where
        self.box = box
        self.distortion = distortion
        self.classes = digits.classes[rows]
        self.valid = torch.from_numpy(is_valid(self.classes.numpy(), box))
        self.pairs = torch.from_numpy(neighbours(self.size, box)) if pairs else None
        # Whatever a puzzle's label, log p(valid | x) is its score (`emnesy.learn.own_metrics`).
        correct = {name: labels[0] for name, labels in self._labels(torch.ones(1).long()).items()}
        self.asks: dict[str, dict[str, Tensor]] = {"valid": correct}

    nameless = ("holds",)

    def _labels(self, valid: Tensor) -> dict[str, Tensor]:
        """What is observed of puzzles that are `valid`, 1, or are not, 0."""
        if self.pairs is None:
            return {"valid": valid}
        known = self.pairs & (valid == 1).view(-1, 1, 1, 1, 1)
        return {"differ": torch.where(known, 1, -1)}

    @property
    def size(self) -> int:
        """Cells along a side."""
        return int(self.rows.shape[1])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Item:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> Batch:
        """A batch, which is also the list of its items: PyTorch's protocol for whole batches."""
        chosen = torch.as_tensor(indices)
        images = self.images[self.rows[chosen].flatten()].to(torch.float32).mul_(1 / 255)
        if self.distortion:
            generator = torch.Generator().manual_seed(int(chosen[0]))
            images = distorted(images[:, None], self.distortion, generator)
        return Batch(
            inputs={"image": images.view(len(chosen), self.size, self.size, 1, 28, 28)},
            labels=self._labels(self.valid[chosen].to(torch.int64)),
            truth={"holds": self.classes[chosen] + 1},
            indices=chosen,
        )

    def metrics(
        self,
        predictions: Mapping[str, Tensor],
        scores: Mapping[str, Tensor],
        splits: OtherSplits,
    ) -> dict[str, float]:
        """`argmax_validity`: whether the grid of most probable digits is valid just when the label says so.

        `roc_auc` of log p(valid | x); `validity_threshold_valid` and `validity_threshold_train`: accuracy of
        the label with the threshold that is best on the validation (training) puzzles;
        `digit_accuracy_renamed`: under the best renaming of the classes.
        """
        truth = self.valid.numpy()
        grids = predictions["holds"].numpy() - 1
        score = _finite(scores["valid"])
        figures = {
            "argmax_validity": float((is_valid(grids, self.box) == truth).mean()),
            "digit_accuracy_renamed": renamed_accuracy(grids, self.classes.numpy(), self.size),
            "roc_auc": roc_auc(score, truth),
        }
        for name, split in (("valid", "valid"), ("train", ALL_TRAINING)):
            other = splits(split)
            if other is not None:
                threshold = best_threshold(
                    _finite(other.scores["valid"]), other.dataset.valid.numpy()
                )
                figures[f"validity_threshold_{name}"] = float(
                    ((score >= threshold) == truth).mean()
                )
        return figures

    def picture(
        self, predictions: Mapping[str, Tensor], path: str, scores: Mapping[str, Tensor]
    ) -> None:
        """Draw some puzzles with the digits read and their conflicts into the image file `path`.

        The classes are shown under the best renaming, since their names say nothing.
        """
        read = predictions["holds"].numpy() - 1
        table = np.zeros((self.size, self.size), np.int64)
        np.add.at(table, (read.ravel(), self.classes.numpy().ravel()), 1)
        draw_puzzles(
            self.images[self.rows].numpy(),
            best_assignment(table)[read],
            self.classes.numpy(),
            self.valid.numpy(),
            np.minimum(_finite(scores["valid"]), 0),
            self.box,
            path,
        )

    def describe(self) -> str:
        """One line for people."""
        return f"{len(self)} puzzles of {self.size}×{self.size} cells from {self.source}"


@dataclass
class _Pool:
    """Images by class in random order, none handed out twice."""

    rows: list[np.ndarray[Any, np.dtype[np.int64]]]
    used: list[int]

    def take(self, symbol: int) -> int:
        self.used[symbol] += 1
        if self.used[symbol] > len(self.rows[symbol]):
            raise bad_option(
                f"{len(self.rows[symbol])} images of class {symbol} are too few for so many puzzles",
                "fewer puzzles (--data puzzles=...), or MNIST itself (--data source=mnist)",
            )
        return int(self.rows[symbol][self.used[symbol] - 1])


def dataset(
    split: str,
    *,
    consts: Mapping[str, Any],
    seed: int = 0,
    source: Source = "auto",
    puzzles: int = 100,
    invalid: bool = True,
    threshold_distortion: float = 0.0,
    pairs: bool = False,
) -> SudokuDataset:
    """The puzzles of one split, all three fixed by `seed`.

    `consts` gives ``size`` and ``box``. `puzzles`: correct ones a split, and as many corrupted ones.
    `invalid`: whether the training split has the corrupted ones, too. `threshold_distortion`: by how much
    training puzzles are distorted where a threshold is found on them. `pairs`: labels in parts, see
    `SudokuDataset`.

    Errors: `DataError` E0623 for an option out of range or too few images, and those of `load_digits`.
    """
    size, box = consts.get("size"), consts.get("box")
    if not isinstance(size, int) or not isinstance(box, int) or box < 1 or size != box * box:
        raise bad_option(
            f"sudoku needs constants size and box with size = box * box; the program has {size} and {box}"
        )
    if size > 10:
        raise bad_option(f"there are images of ten classes, not of {size}")
    if isinstance(puzzles, bool) or not isinstance(puzzles, int) or puzzles < 1:
        raise bad_option(f"puzzles is a number from 1 on, not {puzzles!r}")
    if not isinstance(threshold_distortion, (int, float)) or not 0 <= threshold_distortion <= 1:
        raise bad_option(
            f"threshold_distortion is a number from 0 to 1, not {threshold_distortion!r}"
        )
    digits, rows = _all_splits(size, box, seed, source, puzzles)
    chosen = rows[SPLITS.index("train" if split == ALL_TRAINING else split)]
    if split == "train" and not invalid:
        chosen = chosen[::2]
    distortion = threshold_distortion if split == ALL_TRAINING else 0.0
    return SudokuDataset(digits, chosen, box, distortion=distortion, pairs=pairs)


@lru_cache(maxsize=1)
def _all_splits(
    size: int, box: int, seed: int, source: Source, puzzles: int
) -> tuple[Digits, list[Tensor]]:
    parts = [load_digits(part, source) for part in ("train", "test")]
    digits = Digits(
        torch.cat([part.images for part in parts]),
        torch.cat([part.classes for part in parts]),
        parts[0].source,
    )
    generator = np.random.default_rng(seed)
    classes = digits.classes.numpy()
    rows = [generator.permutation(np.flatnonzero(classes == symbol)) for symbol in range(size)]
    pool = _Pool(rows, [0] * size)
    return digits, [_split(size, box, puzzles, pool, generator) for _ in SPLITS]


def _split(
    size: int, box: int, puzzles: int, pool: _Pool, generator: np.random.Generator
) -> Tensor:
    """``(2 * puzzles, size, size)``: every correct puzzle, then its corrupted copy."""
    result = []
    for _ in range(puzzles):
        symbols = random_grid(size, box, generator)
        images = np.vectorize(pool.take, otypes=[np.int64])(symbols)
        result += [images, _corrupted(symbols.copy(), images.copy(), box, pool, generator)]
    return torch.from_numpy(np.stack(result))


def _corrupted(
    symbols: Grid, images: Grid, box: int, pool: _Pool, generator: np.random.Generator
) -> Grid:
    size = len(symbols)
    again = True
    while again:
        if generator.random() < 0.5:
            first, second = generator.choice(size * size, 2, replace=False)
            for grid in (symbols.reshape(-1), images.reshape(-1)):
                grid[[first, second]] = grid[[second, first]]
        else:
            cell = divmod(int(generator.integers(size * size)), size)
            other = int((symbols[cell] + generator.integers(1, size)) % size)
            symbols[cell], images[cell] = other, pool.take(other)
        again = bool(is_valid(symbols, box)) or generator.random() < 0.5
    return images


def _finite(scores: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    return scores.double().clamp(min=-1e30).numpy()
