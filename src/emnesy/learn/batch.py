"""A batch of examples: tensors with a leading batch axis, and at the same time the list of its
items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, overload

import torch
from torch import Tensor

Item: TypeAlias = Mapping[str, Mapping[str, Any]]
"""One example: ``inputs``, ``labels`` and, optionally, ``truth``, each a mapping from names to
tensors.
"""


@dataclass(frozen=True, eq=False)
class Batch(Sequence[Item]):
    """B examples.

    `inputs`: input name -> tensor ``(B, …)``. `labels` and `truth`: predicate -> int64 tensor ``(B,
    …)`` of values (functional predicates; positions in the domain where the values are symbols) or
    truth (others), -1 unobserved. `indices`: the examples' numbers in the data set.

    A data set whose ``__getitems__`` returns a `Batch` skips all work per item, and still fits any
    PyTorch `DataLoader`, which takes it for a list of items.
    """

    inputs: dict[str, Tensor]
    labels: dict[str, Tensor]
    truth: dict[str, Tensor] = field(default_factory=dict)
    indices: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))

    def __len__(self) -> int:
        for tensors in (self.inputs, self.labels):
            for tensor in tensors.values():
                return len(tensor)
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        item: dict[str, dict[str, Tensor]] = {
            "inputs": {name: tensor[index] for name, tensor in self.inputs.items()},
            "labels": {name: tensor[index] for name, tensor in self.labels.items()},
        }
        if self.truth:
            item["truth"] = {name: tensor[index] for name, tensor in self.truth.items()}
        return item

    def __iter__(self) -> Iterator[Item]:
        return (self[i] for i in range(len(self)))

    def to(self, device: torch.device) -> Batch:
        """The same batch with its network inputs on `device`; labels and truth stay on the CPU."""
        if device.type == "cpu":
            return self
        moved = {name: tensor.to(device, non_blocking=True) for name, tensor in self.inputs.items()}
        return Batch(moved, self.labels, self.truth, self.indices)
