"""Counting right symbols and right labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from emnesy.learn.assignment import best_assignment
from emnesy.learn.outputs import Output
from emnesy.learn.values import ValueTable


class Count:
    """Right ones among those compared."""

    def __init__(self) -> None:
        self.right = self.total = 0

    def add(self, right: Tensor) -> None:
        """Add a comparison, one entry each."""
        self.right += int(right.sum())
        self.total += right.numel()

    @property
    def share(self) -> float | None:
        """Right ones as a fraction; None where nothing was compared."""
        return self.right / self.total if self.total else None


class Confusion:
    """How often each true symbol was taken for which: ``table (K, K)``, true symbols by rows.

    `nameless`: the labels cannot tell which class is which symbol; shares are then those under the best
    renaming of the classes.
    """

    def __init__(self, values: int, nameless: bool = False) -> None:
        self.table = np.zeros((values, values), np.int64)
        self.nameless = nameless

    def add(self, truth: Tensor, chosen: Tensor) -> None:
        """Add positions in the domain; -1 in `truth` where it is not known."""
        known = truth >= 0
        pairs = truth[known] * len(self.table) + chosen[known]
        counts = np.bincount(pairs.numpy(), minlength=self.table.size)
        self.table += counts.reshape(self.table.shape)

    @property
    def total(self) -> int:
        """How many were compared."""
        return int(self.table.sum())

    @property
    def names(self) -> list[int]:
        """For each true symbol the class that stands for it: itself, unless they are nameless."""
        if self.nameless:
            return [int(column) for column in best_assignment(self.table)]
        return list(range(len(self.table)))

    @property
    def share(self) -> float | None:
        """Right ones as a fraction; None where nothing was compared."""
        right = int(self.table[np.arange(len(self.table)), self.names].sum())
        return right / self.total if self.total else None

    def scalars(self) -> dict[str, Any]:
        """Everything, for JSON: of the table what is not zero, as ``[true, taken for, how often]``."""
        entries = [[int(t), int(c), int(self.table[t, c])] for t, c in np.argwhere(self.table)]
        return {"values": len(self.table), "nameless": self.nameless, "entries": entries}

    @classmethod
    def restored(cls, scalars: Mapping[str, Any]) -> Confusion:
        """Undo `scalars`."""
        result = cls(scalars["values"], scalars["nameless"])
        for true, chosen, count in scalars["entries"]:
            result.table[true, chosen] = count
        return result


def most_probable(output: Output, given: Tensor) -> Tensor:
    """The most probable alternative of each choice, ``(B, *key axes)`` int64 (Bernoulli: 1 for
    true).
    """
    given = given.detach().float().cpu()
    if output.bernoulli:
        return (output.probabilities(given) > 0.5).long()
    return given.argmax(dim=-1)


def nameless(dataset: object) -> frozenset[str]:
    """The neural predicates whose values the data set's labels tell up to their names only."""
    names: Iterable[str] = getattr(dataset, "nameless", ())
    return frozenset(names)


def count_truth(
    counts: dict[str, Confusion],
    truths: Mapping[str, Tensor],
    choices: Mapping[str, Tensor],
    tables: Mapping[str, ValueTable],
    unnamed: frozenset[str] = frozenset(),
) -> None:
    """Add the alternatives `choices` of each neural predicate with a truth to `counts`."""
    for name, truth in truths.items():
        if name not in counts:
            counts[name] = Confusion(len(tables[name].values), name in unnamed)
        counts[name].add(tables[name].positions(truth), choices[name])
