"""Labels as a data set writes them, to dense int64 tensors; every mistake names example, predicate,
key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emnesy.ground.interface import Interface, LabelSpec, PriorSpec
from emnesy.learn.problems import problem, unknown_name
from emnesy.learn.values import ValueTable

_OVER_NOTHING = (
    "a count or sum over nothing has no value, unless a rule gives it one: `emnesy explain E0633`"
)


class TensorReader:
    """Reads one predicate's tensor: of labels (`LabelSpec`) or of the truth about a neural
    predicate.
    """

    def __init__(self, spec: LabelSpec | PriorSpec) -> None:
        if isinstance(spec, LabelSpec):
            self.name = spec.signature.name
            self.shape = spec.shape
            self.values = ValueTable(spec.values if spec.functional else None)
            used = torch.from_numpy(spec.positions)
        else:
            self.name = spec.predicate
            self.shape = spec.shape if spec.domain is None else spec.shape[:-1]
            self.values = ValueTable(spec.domain)
            width = 1 if spec.domain is None else len(spec.domain)
            used = torch.from_numpy(spec.offsets // width)
        self.size = int(np.prod(self.shape, dtype=np.int64))
        self.used = torch.zeros(self.size, dtype=torch.bool)
        self.used[used] = True
        # Labels where the program has no key are left for the engine to refuse; truth there is void.
        self._keep = isinstance(spec, LabelSpec) or bool(self.used.all())
        self._axes = spec.axes

    def item(self, written: Any, where: str) -> Tensor:
        """One example's tensor from what the data set wrote: tensor, array, nested list or
        scalar.
        """
        if isinstance(written, Tensor):
            return self._integers(written, where)
        array = np.asarray(written)
        if array.dtype.kind in "USO":
            return self._symbols(array, where)
        return self._integers(torch.from_numpy(np.array(array)), where)

    def batch(self, tensor: Tensor, names: Sequence[str]) -> Tensor:
        """A whole batch, checked: ``(B, *shape)`` int64; `names` are the examples' names for
        messages.
        """
        tensor = self._integers(tensor, names[0] if names else "the batch")
        if tensor.shape[1:] != self.shape:
            raise problem(
                "E0632",
                f"{names[0]}: {self.name} has shape {_size(tensor.shape[1:])}, "
                f"the program's keys make {_size(self.shape)}",
                help=f"one entry a key of {self.name}, {self.values.unobserved} where it is unobserved",
            )
        wrong = self.values.wrong(tensor)
        if wrong is not None:
            flat = wrong.view(len(tensor), -1) & self.used
            if bool(flat.any()):
                example, place = (int(i) for i in flat.nonzero()[0])
                value = int(tensor.view(len(tensor), -1)[example, place])
                raise problem(
                    "E0633",
                    f"{names[example]}: {self.key(place)} is given the value {value}, "
                    f"which is none of {self.values.describe()}",
                    help=_OVER_NOTHING if value == 0 else None,
                )
        return tensor if self._keep else self._masked(tensor)

    def blank(self) -> Tensor:
        """One example's tensor with nothing observed."""
        return torch.full(self.shape, self.values.unobserved, dtype=torch.int64)

    def key(self, place: int) -> str:
        """The atom without its value that flat position `place` belongs to: ``sum(3)``."""
        positions = np.unravel_index(place, self.shape) if self.shape else ()
        labels = [
            str(axis.labels[int(position)])
            for axis, position in zip(self._axes, positions, strict=False)
        ]
        return f"{self.name}({','.join(labels)})" if labels else self.name

    def _masked(self, tensor: Tensor) -> Tensor:
        flat = tensor.reshape(len(tensor), -1).clone()
        flat[:, ~self.used] = self.values.unobserved
        return flat.view(tensor.shape)

    def _integers(self, tensor: Tensor, where: str) -> Tensor:
        if tensor.dtype == torch.int64:
            return tensor
        if tensor.is_floating_point() or tensor.is_complex():
            raise problem(
                "E0632",
                f"{where}: {self.name} has dtype {str(tensor.dtype).removeprefix('torch.')}, "
                "labels are integers or booleans",
                help="convert it with .long()",
            )
        return tensor.to(torch.int64)

    def _symbols(self, array: np.ndarray[Any, np.dtype[Any]], where: str) -> Tensor:
        numbers = np.empty(array.shape, np.int64)
        for place, written in np.ndenumerate(array):
            number = self.values.number(written)
            if number is None:
                flat = int(np.ravel_multi_index(place, array.shape)) if place else 0
                key = self.key(flat) if array.shape == self.shape else self.name
                shown = written.item() if isinstance(written, np.generic) else written
                raise problem(
                    "E0633",
                    f"{where}: {key} is given the value {shown!r}, "
                    f"which is none of {self.values.describe()}",
                )
            numbers[place] = number
        return torch.from_numpy(numbers)


class LabelReader:
    """Reads the labels of items: tensors by predicate, single atoms (``{"sum(3)": 7}``), or
    both.
    """

    def __init__(self, interface: Interface) -> None:
        self.readers = {spec.signature.name: TensorReader(spec) for spec in interface.labels}
        self._arities = {str(spec.signature): spec.signature.name for spec in interface.labels}
        self._atoms = {
            _squeezed(key): (spec.signature.name, int(position))
            for spec in interface.labels
            for key, position in zip(spec.keys, spec.positions, strict=True)
        }

    def item(self, labels: Mapping[str, Any], where: str) -> dict[str, Tensor]:
        """One example's labels, a tensor for each predicate that it names."""
        result: dict[str, Tensor] = {}
        loose: dict[str, Tensor] = {}
        for written, value in labels.items():
            name = self._arities.get(written, written)
            if name in self.readers:
                result[name] = self.readers[name].item(value, where)
            elif (place := self._atoms.get(_squeezed(written))) is not None:
                name, position = place
                reader = self.readers[name]
                tensor = loose.setdefault(name, reader.blank().flatten())
                number = reader.values.number(value)
                if number is None:
                    raise problem(
                        "E0633",
                        f"{where}: {written} is given the value {value!r}, "
                        f"which is none of {reader.values.describe()}",
                    )
                tensor[position] = number
            else:
                raise self.unknown(written, where)
        for name, tensor in loose.items():
            if name in result:
                raise problem(
                    "E0634", f"{where}: labels {name} both as a tensor and as single atoms"
                )
            result[name] = tensor.view(self.readers[name].shape)
        return result

    def unknown(self, written: str, where: str) -> Exception:
        """The error for a label of something that the program does not observe."""
        known = set(self.readers) | (set(self._atoms) if "(" in written else set())
        if "(" in written and len(known) > 40:
            known = {key for key in known if key.split("(")[0] == written.split("(")[0]} or known
        return unknown_name("E0634", f"label in {where}:", written, known)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _size(shape: Sequence[int]) -> str:
    return "(" + ", ".join(str(side) for side in shape) + ("," if len(shape) == 1 else "") + ")"
