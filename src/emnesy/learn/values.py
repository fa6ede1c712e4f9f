"""The values of a predicate, as data sets write them and as tensors hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from emnesy.language.core import Value

UNOBSERVED = -1
"""Marks an entry of which nothing is known, unless -1 may be a value; then `LEAST` does."""

LEAST = -(2**63)


class ValueTable:
    """The possible values of a functional or neural predicate (None: truth, false and true).

    Integer values stand for themselves in tensors; symbols and other terms by their position in
    `values`.
    """

    def __init__(self, values: tuple[Value, ...] | None) -> None:
        self.values: tuple[Value, ...] = (0, 1) if values is None else values
        self.symbolic = not all(type(value) is int for value in self.values)
        numbers = range(len(self.values)) if self.symbolic else self.values
        self._numbers = torch.tensor([int(v) for v in numbers], dtype=torch.int64)  # type: ignore[arg-type]
        self._sorted, self._order = self._numbers.sort()
        self._first = int(self._sorted[0]) if len(self._sorted) else 0
        self._last = int(self._sorted[-1]) if len(self._sorted) else -1
        self._dense = self._last - self._first + 1 == len(self._numbers)
        self._in_order = self._dense and bool((self._numbers == self._sorted).all())
        self.unobserved = UNOBSERVED if self._first >= 0 else LEAST
        self._symbols = (
            {str(value): i for i, value in enumerate(self.values)} if self.symbolic else {}
        )

    def number(self, written: Any) -> int | None:
        """The number that stands for one value as a data set wrote it; None where it is no such
        value.
        """
        if isinstance(written, (str, np.str_)):
            return self._symbols.get(str(written))
        if isinstance(written, (bool, int, np.bool_, np.integer)):
            return int(written)
        return None

    def wrong(self, numbers: Tensor) -> Tensor | None:
        """Where `numbers` (int64) are neither values nor unobserved; None where all is well."""
        if self._dense:
            if numbers.numel() == 0:
                return None
            low, high = torch.aminmax(numbers)
            least = UNOBSERVED if self._first == 0 else self._first
            if least <= int(low) and int(high) <= self._last:
                return None
            bad = (numbers < self._first) | (numbers > self._last)
        else:
            bad = ~torch.isin(numbers, self._numbers)
        bad = bad & (numbers != self.unobserved)
        return bad if bool(bad.any()) else None

    def positions(self, numbers: Tensor) -> Tensor:
        """Positions in `values` of numbers that passed `wrong`; unobserved ones stay -1."""
        if self._in_order:
            return torch.where(numbers == self.unobserved, -1, numbers - self._first)
        found = self._order[
            torch.searchsorted(self._sorted, numbers).clamp_max(len(self._sorted) - 1)
        ]
        return torch.where(numbers == self.unobserved, -1, found)

    def describe(self) -> str:
        """The values, for messages: ``0..9``, or a list."""
        if self._in_order and not self.symbolic and len(self.values) > 2:
            return f"{self._first}..{self._last}"
        shown = [str(value) for value in self.values[:12]]
        return ", ".join(shown) + (", …" if len(self.values) > 12 else "")
