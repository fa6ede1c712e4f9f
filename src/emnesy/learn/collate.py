"""From what a data set yields (items, or whole batches) to a checked `Batch`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emnesy.ground.interface import Interface
from emnesy.learn.batch import Batch
from emnesy.learn.labels import LabelReader, TensorReader
from emnesy.learn.problems import problem, unknown_name

_PARTS = ("inputs", "labels", "truth")


class Collator:
    """Makes a `Batch` for one program from what a data set gave.

    Errors: `DataError` E0630 (item of another form, missing input), E0631 (inputs of different
    shapes), E0632 (shape or dtype of a label), E0633 (value of a label), E0634 (label of something
    unobserved).
    """

    def __init__(self, interface: Interface, split: str = "train") -> None:
        self._labels = LabelReader(interface)
        self._truth = {spec.predicate: TensorReader(spec) for spec in interface.priors}
        self._inputs = {ref.name for spec in interface.priors for ref in spec.inputs}
        self._split = split

    def __call__(self, indices: Sequence[int] | Tensor, data: Any) -> Batch:
        """`data`: a `Batch`, a mapping of such tensors, or the items with numbers `indices`."""
        numbers = torch.as_tensor(indices, dtype=torch.int64)
        names = [f"{self._split} example {int(number)}" for number in numbers]
        if isinstance(data, Batch):
            inputs, labels, truth = data.inputs, data.labels, data.truth
        elif isinstance(data, Mapping):
            inputs, labels, truth = self._parts(data, "the batch")
        else:
            inputs, labels, truth = self._stack(list(data), names)
        self._check_inputs(inputs, len(names), names)
        checked = {}
        for name, tensor in labels.items():
            if name not in self._labels.readers:
                raise self._labels.unknown(name, names[0])
            checked[name] = self._labels.readers[name].batch(tensor, names)
            self._check_length(name, checked[name], len(names))
        known = {name: tensor for name, tensor in truth.items() if name in self._truth}
        return Batch(
            dict(inputs),
            checked,
            {name: self._truth[name].batch(tensor, names) for name, tensor in known.items()},
            numbers,
        )

    def _parts(self, item: Any, where: str) -> tuple[Any, Any, Any]:
        if isinstance(item, Mapping):
            strange = [key for key in item if key not in _PARTS]
            if strange:
                raise unknown_name("E0630", f"part of {where}:", str(strange[0]), _PARTS)
            parts = tuple(item.get(part, {}) for part in _PARTS)
        elif isinstance(item, (tuple, list)) and len(item) in (2, 3):
            parts = (*item, {})[:3]
        else:
            raise problem(
                "E0630",
                f"{where} is a {type(item).__name__}, not a mapping, pair or triple of "
                "inputs, labels and (optionally) truth",
            )
        for part, written in zip(_PARTS, parts, strict=True):
            if not isinstance(written, Mapping):
                raise problem(
                    "E0630",
                    f"{where}: its {part} are a {type(written).__name__}, not a mapping from names",
                    help='inputs by input name, {"image": …}; labels by predicate, {"sum": …}',
                )
        return parts

    def _stack(
        self, items: list[Any], names: list[str]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
        parts = [self._parts(item, name) for item, name in zip(items, names, strict=True)]
        inputs = {
            key: self._stack_one(key, [_tensor(part[0].get(key)) for part in parts], names)
            for key in _keys(part[0] for part in parts)
        }
        read = [self._labels.item(p[1], name) for p, name in zip(parts, names, strict=True)]
        labels = {}
        for key in _keys(read):
            blank = self._labels.readers[key].blank()
            labels[key] = self._stack_one(key, [part.get(key, blank) for part in read], names)
        truth = {}
        for key in _keys(part[2] for part in parts):
            if key in self._truth:
                reader = self._truth[key]
                blank = reader.blank()
                tensors = [
                    reader.item(part[2][key], name) if key in part[2] else blank
                    for part, name in zip(parts, names, strict=True)
                ]
                truth[key] = self._stack_one(key, tensors, names)
        return inputs, labels, truth

    def _stack_one(self, key: str, tensors: Sequence[Tensor | None], names: list[str]) -> Tensor:
        present: list[Tensor] = []
        for tensor, name in zip(tensors, names, strict=True):
            if tensor is None:
                raise problem("E0630", f"{name} has no input {key}, others have")
            if present and tensor.shape != present[0].shape:
                raise problem(
                    "E0631",
                    f"{name}: {key} has shape {tuple(tensor.shape)}, in {names[0]} it has "
                    f"{tuple(present[0].shape)}",
                )
            present.append(tensor)
        return torch.stack(present)

    def _check_inputs(self, inputs: Mapping[str, Any], count: int, names: list[str]) -> None:
        for name in sorted(self._inputs):
            if name not in inputs:
                known = ", ".join(sorted(inputs)) or "none"
                raise problem(
                    "E0630",
                    f"{names[0]} has no input {name}, which the program's networks read",
                    help=f"the data set gives the inputs {known}",
                )
            if not isinstance(inputs[name], Tensor):
                raise problem("E0630", f"the input {name} is no tensor")
            self._check_length(name, inputs[name], count)

    def _check_length(self, name: str, tensor: Tensor, count: int) -> None:
        if tensor.ndim == 0 or len(tensor) != count:
            raise problem(
                "E0631",
                f"{name} has {tuple(tensor.shape)[:1]} rows in a batch of {count} examples",
            )


def _keys(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for part in parts for key in part))


def _tensor(value: Any) -> Tensor | None:
    if value is None or isinstance(value, Tensor):
        return value
    return torch.from_numpy(np.array(value))
