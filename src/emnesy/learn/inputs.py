"""Which rows of the input tensors a network is called on, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emnesy.ground.interface import PriorSpec
from emnesy.learn.problems import problem


@dataclass(frozen=True)
class InputGroup:
    """The distinct inputs that are read from the same tensors.

    `indices[i]`: ``(rows, arguments)`` into tensor ``names[i]`` after its batch axis, in
    lexicographic order.
    """

    names: tuple[str, ...]
    indices: tuple[Tensor, ...]

    @property
    def rows(self) -> int:
        """Distinct inputs an example."""
        return len(self.indices[0])


@dataclass(frozen=True)
class InputPlan:
    """All inputs of one network in one batch; the groups follow each other along the batch axis."""

    groups: tuple[InputGroup, ...]

    def gather(self, inputs: Mapping[str, Tensor]) -> tuple[list[Tensor], int]:
        """The network's arguments, each ``(B * rows, …)``, and B."""
        parts = [
            [
                _rows(name, inputs[name], index)
                for name, index in zip(g.names, g.indices, strict=True)
            ]
            for g in self.groups
        ]
        size = len(inputs[self.groups[0].names[0]])
        if len(parts) == 1:
            return parts[0], size
        try:
            return [torch.cat(column) for column in zip(*parts, strict=True)], size
        except (RuntimeError, ValueError) as error:
            names = " and ".join(", ".join(group.names) for group in self.groups)
            raise problem(
                "E0631", f"one network reads {names}, whose entries have different shapes"
            ) from error

    def split(self, answer: Tensor, size: int, network: str) -> list[Tensor]:
        """The network's answer ``(Σ B * rows, …)`` as one ``(B, rows, …)`` tensor a group."""
        expected = size * sum(group.rows for group in self.groups)
        if answer.ndim == 0 or len(answer) != expected:
            raise problem(
                "E0641",
                f"the network {network} returned {tuple(answer.shape)} for {expected} inputs",
                help="the first axis of its output must be that of its input",
            )
        result = []
        start = 0
        for group in self.groups:
            stop = start + size * group.rows
            result.append(answer[start:stop].view(size, group.rows, *answer.shape[1:]))
            start = stop
        return result


def plan_inputs(specs: Sequence[PriorSpec]) -> tuple[InputPlan, list[tuple[int, Tensor]]]:
    """The plan of one network, and for each of its predicates the group and each choice's row in
    it.
    """
    by_tensors: dict[tuple[tuple[str, int], ...], list[int]] = {}
    for number, spec in enumerate(specs):
        shape = tuple((ref.name, int(ref.indices.shape[1])) for ref in spec.inputs)
        by_tensors.setdefault(shape, []).append(number)
    groups = []
    places: list[tuple[int, Tensor]] = [(0, torch.empty(0, dtype=torch.int64))] * len(specs)
    for group, (reads, numbers) in enumerate(by_tensors.items()):
        keys = [
            np.concatenate(
                [ref.indices.reshape(len(specs[k].choices), -1) for ref in specs[k].inputs], axis=1
            )
            for k in numbers
        ]
        distinct, rows = _distinct(np.concatenate(keys))
        columns = np.split(distinct, np.cumsum([width for _, width in reads])[:-1], axis=1)
        groups.append(
            InputGroup(
                tuple(name for name, _ in reads),
                tuple(torch.from_numpy(column.copy()) for column in columns),
            )
        )
        start = 0
        for k, key in zip(numbers, keys, strict=True):
            places[k] = (group, torch.from_numpy(rows[start : start + len(key)].copy()))
            start += len(key)
    return InputPlan(tuple(groups)), places


def _distinct(
    keys: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if keys.shape[1] == 0:
        return keys[:1], np.zeros(len(keys), np.int64)
    distinct, rows = np.unique(keys, axis=0, return_inverse=True)
    return distinct, rows.reshape(-1)


def _rows(name: str, tensor: Tensor, indices: Tensor) -> Tensor:
    rows, arguments = indices.shape
    sides = tensor.shape[1 : 1 + arguments]
    if arguments:
        largest = indices.max(dim=0).values
        if len(sides) < arguments or any(int(m) >= s for m, s in zip(largest, sides, strict=True)):
            wanted = ", ".join(f"≥{int(m) + 1}" for m in largest)
            raise problem(
                "E0631",
                f"the input {name} has shape (batch, {', '.join(map(str, tensor.shape[1:]))}), "
                f"the program reads (batch, {wanted}, …)",
                help="the axes after the batch are the arguments of the input term",
            )
    if rows == torch.Size(sides).numel():  # lexicographic and complete: the axes as they lie
        return tensor.flatten(0, arguments)
    place = (slice(None), *(column.to(tensor.device) for column in indices.T))
    chosen = tensor[place]
    if not arguments:
        chosen = tensor[:, None]
    return chosen.flatten(0, 1)
