"""Counting right symbols and right labels."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

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


def most_probable(output: Output, given: Tensor) -> Tensor:
    """The most probable alternative of each choice, ``(B, *key axes)`` int64 (Bernoulli: 1 for
    true).
    """
    given = given.detach().float().cpu()
    if output.bernoulli:
        return (output.probabilities(given) > 0.5).long()
    return given.argmax(dim=-1)


def count_truth(
    counts: dict[str, Count],
    truths: Mapping[str, Tensor],
    choices: Mapping[str, Tensor],
    tables: Mapping[str, ValueTable],
) -> None:
    """Add the alternatives `choices` of each neural predicate with a truth to `counts`."""
    for name, truth in truths.items():
        known = truth != tables[name].unobserved
        right = tables[name].positions(truth) == choices[name]
        counts.setdefault(name, Count()).add(right[known])
