"""The splits of the data set that a program names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emnesy.learn.examples import Examples
from emnesy.learn.factories import make_dataset
from emnesy.learn.problems import problem
from emnesy.learn.protocols import ProgramLike

SPLITS = ("train", "valid", "test")
_EVALUATION_INPUTS = 1000  # network inputs a batch: enough to be fast, little memory


def open_split(
    model: ProgramLike,
    folder: Path,
    split: str,
    *,
    seed: int,
    options: Mapping[str, Any],
    batch_size: int | None,
    shuffle: bool = False,
    workers: int = 0,
) -> Examples | None:
    """One of `SPLITS`, made by the program's data factory; None where it gives none.

    `folder`: where modules are looked for first. `options`: of the factory, in place of the program's.
    `batch_size`: None for all examples at once. Errors: those of `make_dataset` and `Examples`, and
    `DataError` E0634 where the first example labels nothing that the program observes.
    """
    dataset = make_dataset(model.core, folder, split, seed=seed, overrides=options)
    if dataset is None:
        return None
    examples = Examples(
        dataset,
        model.interface,
        split,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        workers=workers,
    )
    if not examples.first().labels:
        observed = ", ".join(str(signature) for signature in model.core.observed)
        raise problem(
            "E0634",
            f"{split} example 0 labels nothing that the program observes ({observed})",
        )
    return examples


def evaluation_batch(inputs: int) -> int:
    """Examples a batch where nothing is trained, for `inputs` network inputs an example."""
    return max(1, _EVALUATION_INPUTS // max(1, inputs))


def describe(examples: Examples) -> str:
    """One line for people: the data set's own, or how many examples there are."""
    own = getattr(examples.dataset, "describe", None)
    if own is not None:
        return str(own())
    count = "an unknown number of" if examples.count is None else str(examples.count)
    return f"{count} examples"
