"""NumPy and torch tensors in and out of a compiled program, checked and never silently cast."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.diagnostics import DataError, Diagnostic
from emnesy.diagnostics.suggest import did_you_mean
from emnesy.engine.options import MOST_THREADS

if TYPE_CHECKING:
    from emnesy.engine.base import TwoPasses
    from emnesy.ground.interface import Interface, LabelSpec, PriorSpec
    from emnesy.ground.program import GroundedProgram

Array = NDArray[Any]

UNOBSERVED = -1
"""A label that says nothing. (Where -1 is a value of the predicate, use the least int64.)"""

_LABEL_DTYPES = (np.dtype(np.int64), np.dtype(np.int32), np.dtype(np.bool_))

_LEAST = np.iinfo(np.int64).min


def _is_torch(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def like(example: Any, array: Array) -> Any:
    """`array` in the library of `example`, sharing memory."""
    if type(example) is np.ndarray or not _is_torch(example):
        return array
    return _from_numpy(array)


def as_numpy(value: Any, what: str) -> Array:
    """A view of a tensor or array; `DataError` where there is none without a copy between devices."""
    if _is_torch(value):
        if value.device.type != "cpu":
            raise DataError(
                Diagnostic(
                    "E0601",
                    f"{what} is on device `{value.device}`; the engines run on the CPU",
                    help="pass `tensor.cpu()`; `emnesy.EMLoss` moves tensors by itself",
                )
            )
        if str(value.dtype) in {"torch.float16", "torch.bfloat16"}:
            raise _wrong_dtype(what, str(value.dtype))
        return value.detach().numpy()  # type: ignore[no-any-return]
    try:
        return np.asarray(value)
    except ValueError as error:
        raise DataError(
            Diagnostic("E0602", f"{what} is not a rectangular tensor: {error}")
        ) from None


def _wrong_dtype(what: str, dtype: str) -> DataError:
    return DataError(Diagnostic("E0603", f"{what} has dtype {dtype}; expected float32 or float64"))


# ---- a call


def tensor_reader(interface: Interface) -> _core.TensorReader:
    """Reads the tensors of a call where they are plain; made once a program."""
    return _core.TensorReader(
        [(spec.predicate, spec.shape) for spec in interface.priors],
        [(spec.signature.name, spec.shape, spec.codes) for spec in interface.labels],
        interface.slot_count,
        _view,
    )


def plain_call(reader: _core.TensorReader, passes: TwoPasses) -> _core.PlainCall:
    """From tensors to the answer in one step, where they are plain."""
    return _core.PlainCall(reader, passes.native, passes.report, _from_numpy, MOST_THREADS)


def _from_numpy(array: Array) -> Any:
    return sys.modules["torch"].from_numpy(array)


def read_carefully(
    interface: Interface, priors: Mapping[str, Any], evidence: Mapping[str, Any]
) -> tuple[list[Array], NDArray[np.int32]]:
    """What `TensorReader.read` has left: a ``(B, size)`` block per `PriorSpec`, and ``(B, slots)`` labels.

    `DataError` for what does not fit; whether priors are distributions is left to `check_priors`.
    """
    blocks, batch = read_priors(interface, priors)
    return blocks, read_labels(interface, evidence, batch)


def _view(value: Any) -> Array | None:
    """An array that shares memory with a tensor of PyTorch's; None where that takes a closer look."""
    if not _is_torch(value):
        return None
    if value.requires_grad:
        value = value.detach()
    try:
        return value.numpy()  # type: ignore[no-any-return]
    except (TypeError, RuntimeError):  # another device, a dtype that NumPy lacks, a sparse tensor
        return None


# ---- priors


def read_priors(
    interface: Interface, priors: Mapping[str, Any]
) -> tuple[list[Array], int | None]:
    """One ``(B, size)`` block per `PriorSpec`, and B (None without neural predicates)."""
    specs = interface.priors
    if len(priors) != len(specs) or any(spec.predicate not in priors for spec in specs):
        _check_names(interface, priors, "prior")
    blocks: list[Array] = []
    batch: int | None = None
    for spec in specs:
        array = priors[spec.predicate]
        if type(array) is not np.ndarray:
            array = as_numpy(array, _prior_of(spec))
        if array.dtype not in _DTYPES:
            raise _wrong_dtype(_prior_of(spec), str(array.dtype))
        shape = array.shape
        if shape[1:] != spec.shape or len(shape) != len(spec.shape) + 1:
            raise DataError(
                Diagnostic(
                    "E0606",
                    f"{_prior_of(spec)} has shape {shape_text(shape)}; "
                    f"expected {shape_text(('batch', *spec.shape))}",
                    help=_axes_help(spec),
                )
            )
        if batch is not None and shape[0] != batch:
            raise DataError(
                Diagnostic(
                    "E0607", f"{_prior_of(spec)} has {len(array)} examples, others have {batch}"
                )
            )
        batch = shape[0]
        if blocks and array.dtype != blocks[0].dtype:
            raise DataError(
                Diagnostic(
                    "E0603",
                    f"{_prior_of(spec)} has dtype {array.dtype}, others have {blocks[0].dtype}",
                )
            )
        array = np.require(array, requirements=["C_CONTIGUOUS", "ALIGNED"])
        blocks.append(array.reshape(batch, spec.size))
    return blocks, batch


_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def _prior_of(spec: PriorSpec) -> str:
    return f"the prior of `{spec.predicate}`"


def _check_names(interface: Interface, given: Mapping[str, Any], what: str) -> None:
    names = [spec.predicate for spec in interface.priors]
    for name in given:
        if name not in names:
            raise DataError(
                Diagnostic(
                    "E0604",
                    f"the program has no neural predicate `{name}`",
                    help=did_you_mean(name, names) or f"it has: {', '.join(names) or 'none'}",
                )
            )
    for name in names:
        if name not in given:
            raise DataError(Diagnostic("E0605", f"no {what} for neural predicate `{name}`"))


def shape_text(shape: Sequence[Any]) -> str:
    """``(batch, 2, 4, 10)``."""
    return f"({', '.join(str(n) for n in shape)}{',' if len(shape) == 1 else ''})"


def _axes_help(spec: PriorSpec) -> str:
    axes = "one axis per key argument" if spec.axes else "no key axes"
    return f"{axes}" + (", then the domain" if spec.domain is not None else "")


def check_priors(interface: Interface, blocks: Sequence[Array], threads: int = 1) -> None:
    """Raise `DataError` E0608, E0609 for the first prior that is no distribution."""
    for index, (spec, block) in enumerate(zip(interface.priors, blocks, strict=True)):
        bad = interface.prior_rules.first_invalid(index, block, threads)
        if bad is not None:
            raise _no_distribution(spec, *bad)


def _no_distribution(
    spec: PriorSpec, example: int, choice: int, alternative: int, value: float
) -> DataError:
    index = np.unravel_index(int(spec.offsets[choice]), spec.shape)[: len(spec.axes)]
    key = ", ".join(str(axis.labels[i]) for axis, i in zip(spec.axes, index, strict=True))
    where = f"{_prior_of(spec)}, example {example}, key ({key})"
    if alternative < 0:
        return DataError(
            Diagnostic(
                "E0608",
                f"{where}: the probabilities sum to {value:.6g}, not to one",
                help="pass probabilities (a softmax over the last axis), not logits",
            )
        )
    return DataError(
        Diagnostic(
            "E0609",
            f"{where}: {value:.6g} is no probability",
            help="NaN usually comes from a diverged network" if np.isnan(value) else None,
        )
    )


# ---- labels


def read_labels(
    interface: Interface, evidence: Mapping[str, Any], batch: int | None
) -> NDArray[np.int32]:
    """The ``(B, slots)`` table of label indices, -1 unobserved."""
    specs = {spec.signature.name: spec for spec in interface.labels}
    columns: list[tuple[LabelSpec, NDArray[np.int64] | None, Array]] = []
    for name, value in evidence.items():
        spec, slots = _find(specs, name)
        what = f"the labels of `{name}`"
        array = as_numpy(value, what)
        if slots is not None:
            array = np.atleast_1d(array)
        expected = () if slots is not None else spec.shape
        if array.shape[1:] != expected or array.ndim != len(expected) + 1:
            raise DataError(
                Diagnostic(
                    "E0610",
                    f"{what} have shape {shape_text(array.shape)}; "
                    f"expected {shape_text(('batch', *expected))}",
                )
            )
        if batch is not None and len(array) != batch:
            if len(array) != 1:
                raise DataError(
                    Diagnostic("E0607", f"{what} have {len(array)} examples, others have {batch}")
                )
            array = np.broadcast_to(array, (batch, *array.shape[1:]))
        batch = len(array)
        columns.append((spec, slots, array))
    labels = np.full((1 if batch is None else batch, interface.slot_count), -1, np.int32)
    for spec, slots, array in columns:
        if slots is None and _look_up(spec, array, labels):
            continue
        codes = _encode(spec, array)
        if slots is None:
            flat: Array = codes.reshape(len(array), -1)
            covered = np.zeros(flat.shape[1], np.bool_)
            covered[spec.positions] = True
            _check_uncovered(spec, flat, covered)
            slots = np.arange(len(spec.positions))
            codes = flat[:, spec.positions]
        else:
            codes = codes[:, None]
        columns_of = spec.first_slot + slots
        labels[:, columns_of] = _to_labels(spec, codes, slots)
    return labels


def _look_up(spec: LabelSpec, array: Array, labels: NDArray[np.int32]) -> bool:
    """Fill in the labels at once; False where an array is of another kind or a label is not right."""
    if spec.codes is None or array.dtype.kind not in "biu":
        return False
    if array.dtype not in _LABEL_DTYPES:
        array = array.astype(np.int64)
    values = np.require(array, requirements=["C_CONTIGUOUS", "ALIGNED"])
    return spec.codes.encode(values.reshape(len(array), spec.codes.elements), labels)


def _find(specs: Mapping[str, LabelSpec], name: str) -> tuple[LabelSpec, NDArray[np.int64] | None]:
    if name in specs:
        return specs[name], None
    text = name.replace(" ", "")
    for spec in specs.values():
        if text in spec.keys:
            return spec, np.array([spec.keys.index(text)])
    names = [*specs, *(key for spec in specs.values() for key in spec.keys)]
    raise DataError(
        Diagnostic(
            "E0611",
            f"the program does not observe `{name}`",
            help=did_you_mean(name, names) or f"it observes: {', '.join(specs) or 'nothing'}",
        )
    )


def _encode(spec: LabelSpec, array: Array) -> NDArray[np.int64]:
    """Labels as positions in `spec.values` (functional) or truth values; -1 unobserved."""
    if array.dtype.kind in "US" or array.dtype == object:
        position: dict[Any, int] = {value: i for i, value in enumerate(spec.values)}
        found = [position.get(_plain(item), -2 if item is not None else -1) for item in array.flat]
        bad = next((i for i, code in enumerate(found) if code == -2), None)
        if bad is not None:
            raise _out_of_range(spec, array, np.unravel_index(bad, array.shape))
        return np.array(found, np.int64).reshape(array.shape)
    if array.dtype.kind == "f" and any(isinstance(value, float) for value in spec.values):
        return _encode_floats(spec, array)
    if array.dtype.kind not in "biu":
        raise DataError(
            Diagnostic(
                "E0612",
                f"the labels of `{spec.signature.name}` have dtype {array.dtype}; "
                "expected integers or Booleans",
            )
        )
    numbers = array.astype(np.int64, copy=False)
    values = spec.numbers
    unobserved = numbers == _LEAST
    if not len(values) or values[0] >= 0:
        unobserved = unobserved | (numbers == UNOBSERVED)
    codes = np.minimum(np.searchsorted(values, numbers), len(values) - 1)
    wrong = (values[codes] != numbers) & ~unobserved
    if wrong.any():
        raise _out_of_range(spec, array, tuple(np.argwhere(wrong)[0]))
    return np.where(unobserved, -1, codes)


_SAME = 1e-6
"""Relative: a float32 label names the value that it was rounded from."""


def _encode_floats(spec: LabelSpec, array: Array) -> NDArray[np.int64]:
    """Positions in `spec.values` of the values next to the labels; NaN is unobserved, and -1 where no

    value is negative.
    """
    values = np.array([v if isinstance(v, int | float) else np.nan for v in spec.values])
    numbers = np.flatnonzero(~np.isnan(values))
    known = values[numbers]
    labels = array.astype(np.float64)
    unobserved = np.isnan(labels)
    if known[0] >= 0:
        unobserved = unobserved | (labels == UNOBSERVED)
    above = np.clip(np.searchsorted(known, labels), 1, max(len(known) - 1, 1))
    nearest = np.where(
        np.abs(labels - known[above - 1]) <= np.abs(labels - known[above % len(known)]),
        above - 1,
        above % len(known),
    )
    distance = np.abs(labels - known[nearest])
    wrong = ~unobserved & ~(distance <= _SAME * np.maximum(np.abs(known[nearest]), _SAME))
    if wrong.any():
        raise _out_of_range(spec, array, tuple(np.argwhere(wrong)[0]))
    return np.where(unobserved, -1, numbers[nearest])


def _plain(item: Any) -> Any:
    return item.item() if isinstance(item, np.generic) else item


def _out_of_range(spec: LabelSpec, array: Array, index: Sequence[Any]) -> DataError:
    example, *key = (int(i) for i in index)
    item = array[tuple(index)]
    possible = ", ".join(str(v) for v in spec.values[:12])
    more = ", ..." if len(spec.values) > 12 else ""
    return DataError(
        Diagnostic(
            "E0613",
            f"label {item} of `{spec.signature.name}`, example {example}, "
            f"key {shape_text(key)}: no such value",
            help=f"possible values: {possible}{more}; -1 marks an unobserved entry",
        )
    )


def _check_uncovered(spec: LabelSpec, codes: Array, covered: NDArray[np.bool_]) -> None:
    if covered.all():
        return
    wrong = (codes > 0 if not spec.functional else codes >= 0) & ~covered
    if wrong.any():
        example, position = (int(i) for i in np.argwhere(wrong)[0])
        key = np.unravel_index(position, spec.shape)
        raise DataError(
            Diagnostic(
                "E0614",
                f"example {example} gives `{spec.signature.name}` a value at index "
                f"{shape_text([int(k) for k in key])}, where the program has no such atom",
            )
        )


def _to_labels(spec: LabelSpec, codes: Array, slots: NDArray[np.int64]) -> NDArray[np.int32]:
    """Positions in `spec.values` -> labels of each slot."""
    if not spec.functional:
        return codes.astype(np.int32)
    table = spec.table
    labels = np.where(codes < 0, -1, table[slots[None, :], np.maximum(codes, 0)])
    wrong = (labels < 0) & (codes >= 0)
    if wrong.any():
        example, slot = (int(i) for i in np.argwhere(wrong)[0])
        values = [str(v) for v, t in zip(spec.values, table[slots[slot]], strict=True) if t >= 0]
        raise DataError(
            Diagnostic(
                "E0613",
                f"label {spec.values[int(codes[example, slot])]} of `{spec.keys[slots[slot]]}`, "
                f"example {example}: this key can never have that value",
                help=f"possible values: {', '.join(values[:12])}",
            )
        )
    return labels.astype(np.int32)


# ---- prediction


def read_choices(
    interface: Interface, grounded: GroundedProgram, fixed: Array, choices: Mapping[str, Any]
) -> NDArray[np.int64]:
    """``(B, choices)`` alternatives of a total choice. `fixed` (1, F): the program's own probabilities."""
    native = grounded.native
    count = np.diff(native.choice_alternative_begin)
    _check_names(interface, choices, "symbols")
    given = {name: as_numpy(array, f"the symbols of `{name}`") for name, array in choices.items()}
    batch = next((len(array) for array in given.values() if array.ndim), 1)
    result = np.zeros((batch, native.choice_count), np.int64)
    own = np.flatnonzero(interface.choice_block == len(interface.priors))
    for choice in own:  # the program's own: its most probable alternative, the first of equals
        begin = interface.choice_offset[choice]
        p = fixed[0, begin : begin + count[choice]]
        none = 1 - p.sum() if native.choice_has_none[choice] else -1.0
        result[:, choice] = np.argmax([*p, none])
    for spec in interface.priors:
        what = f"the symbols of `{spec.predicate}`"
        array = given[spec.predicate]
        shape = tuple(axis.size for axis in spec.axes)
        if array.shape != (batch, *shape) or array.dtype.kind not in "biu":
            raise DataError(
                Diagnostic(
                    "E0606",
                    f"{what} have shape {shape_text(array.shape)} and dtype {array.dtype}; "
                    f"expected integers of shape {shape_text((batch, *shape))}",
                )
            )
        width = len(spec.domain) if spec.domain is not None else 1
        picked = array.reshape(batch, -1)[:, spec.offsets // width].astype(np.int64)
        limit = width - 1 if spec.domain is not None else 1
        if picked.size and (picked.min() < 0 or picked.max() > limit):
            raise DataError(Diagnostic("E0613", f"{what} go from 0 to {limit}"))
        result[:, spec.choices] = picked if spec.domain is not None else 1 - picked
    return result


def write_labels(interface: Interface, truth: NDArray[np.bool_]) -> dict[str, Array]:
    """The observed predicates' labels in each world; `truth` is (atoms, worlds)."""
    result: dict[str, Array] = {}
    for spec in interface.labels:
        worlds = truth.shape[1]
        flat = np.full((worlds, int(np.prod(spec.shape))), -1 if spec.functional else 0, np.int64)
        numbers = spec.numbers
        table = spec.table if spec.functional else None
        for slot, position in enumerate(spec.positions):
            begin = interface.slot_begin[spec.first_slot + slot]
            end = interface.slot_begin[spec.first_slot + slot + 1]
            holds = truth[interface.slot_atom[begin:end]]
            if table is None:
                flat[:, position] = holds[0]
                continue
            values = numbers[np.flatnonzero(table[slot] >= 0)]
            flat[:, position] = np.where(holds.any(axis=0), values[holds.argmax(axis=0)], -1)
        result[spec.signature.name] = flat.reshape(worlds, *spec.shape)
    return result
