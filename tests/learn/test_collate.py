from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fake_addition import addition_interface
from torch.utils.data import Dataset, IterableDataset

from emnesy.diagnostics import DataError
from emnesy.ground.interface import Axis, Interface, LabelSpec
from emnesy.language.core import Signature
from emnesy.learn.collate import Collator
from emnesy.learn.examples import Examples

ADDITION = addition_interface(2)
IMAGE = torch.zeros(2, 2, 3)


def spec(name: str, functional: bool, axes: tuple[Axis, ...], values: tuple[Any, ...]) -> LabelSpec:
    shape = tuple(axis.size for axis in axes)
    size = int(np.prod(shape))
    keys = [f"{name}({','.join(map(str, place))})" if axes else name for place in np.ndindex(shape)]
    return LabelSpec(
        Signature(name, len(axes) + functional),
        functional,
        len(axes) if functional else None,
        axes,
        shape,
        values,
        0,
        np.arange(size),
        tuple(keys),
        np.zeros((size, len(values)), np.int32),
    )


def interface(*labels: LabelSpec) -> Interface:
    zero = np.zeros(0, np.int32)
    return Interface((), labels, np.zeros((1, 0)), zero, zero, np.zeros(1, np.int64), zero, zero)


WEATHER = interface(
    spec("weather", True, (Axis(3, (0, 1, 2)),), ("sun", "rain", "snow")),
    spec("path", False, (Axis(2, (0, 1)), Axis(2, (0, 1))), ()),
    spec("valid", False, (), ()),
    spec("level", True, (Axis(2, (0, 1)),), (-1, 0, 1)),
    spec("cost", True, (), (3, 5, 10)),
)


def labels(*written: dict[str, Any], of: Interface = WEATHER) -> dict[str, list[Any]]:
    batch = Collator(of)(range(len(written)), [({}, entry) for entry in written])
    return {name: tensor.tolist() for name, tensor in batch.labels.items()}


def test_item_forms_agree():
    collate = Collator(ADDITION)
    inputs, given = {"image": IMAGE}, {"sum": torch.tensor([1, 2, 0])}
    truth = {"digit": torch.zeros(2, 2, dtype=torch.int32)}
    triple = collate([0], [(inputs, given, truth)])
    mapping = collate([0], [{"inputs": inputs, "labels": given, "truth": truth}])
    pair = collate([0], [[inputs, given]])
    for batch in (triple, mapping):
        assert batch.truth["digit"].dtype == torch.int64
    for batch in (triple, mapping, pair):
        assert batch.inputs["image"].shape == (1, 2, 2, 3)
        assert batch.labels["sum"].tolist() == [[1, 2, 0]]
    assert pair.truth == {}


def test_ways_to_write_labels():
    assert labels({"weather": ["sun", "snow", "rain"]}) == {"weather": [[0, 2, 1]]}
    assert labels({"weather": np.array([2, -1, 0], np.int8)}) == {"weather": [[2, -1, 0]]}
    assert labels({"weather(1)": "rain", "weather( 2 )": 0}) == {"weather": [[-1, 1, 0]]}
    assert labels({"weather/2": [0, 0, 0]}) == {"weather": [[0, 0, 0]]}
    assert labels({"path(0,1)": True, "path(1, 0)": False}) == {"path": [[[-1, 1], [0, -1]]]}
    assert labels({"path": torch.ones(2, 2, dtype=torch.bool)}) == {"path": [[[1, 1], [1, 1]]]}
    assert labels({"valid": True}, {"valid": False}) == {"valid": [1, 0]}
    assert labels({"valid": torch.tensor(1)}, {}) == {"valid": [1, -1]}
    assert labels({"cost": 10}) == {"cost": [10]}
    least = -(2**63)
    assert labels({"level": [-1, 1]}, {"level(0)": -1}) == {"level": [[-1, 1], [-1, least]]}


BAD_LABELS = {
    "value": (
        {"weather": [0, 3, 0]},
        r"E0633.*train example 1: weather\(1\) .* value 3.* sun, rain",
    ),
    "symbol": ({"weather": ["sun", "fog", "sun"]}, r"E0633.*example 1: weather\(1\) .*'fog'"),
    "atom": ({"weather(2)": "fog"}, r"E0633.*example 1: weather\(2\) .*'fog'"),
    "sparse": ({"cost": 4}, r"E0633.*example 1: cost is given the value 4.* 3, 5, 10"),
    "truth": ({"path": [[0, 1], [2, 0]]}, r"E0633.*example 1: path\(1,0\) .* value 2"),
    "least": ({"level": [-2, 0]}, r"E0633.*example 1: level\(0\) .* value -2"),
    "shape": ({"weather": [0, 0]}, r"E063[12].*weather"),
    "float": ({"weather": [0.0, 0.5, 1.0]}, r"E0632.*example 1: weather has dtype float64"),
    "name": ({"wether": [0, 0, 0]}, r"E0634.*example 1: wether.*\n.*did you mean `weather`"),
    "key": ({"weather(7)": 0}, r"E0634.*weather\(7\)"),
    "twice": ({"weather": [0, 0, 0], "weather(1)": 0}, r"E0634.*both as a tensor and as single"),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_labels_name_example_predicate_and_key(case):
    written, message = BAD_LABELS[case]
    with pytest.raises(DataError, match=message):
        labels({"weather": [0, 0, 0]}, written)


BAD_ITEMS = {
    "tensor": (IMAGE, "E0630.*example 0 is a Tensor, not a mapping"),
    "no mapping": ((IMAGE, {"sum": [1, 2, 0]}), "E0630.*its inputs are a Tensor"),
    "one": (({"image": IMAGE},), "E0630.*is a tuple"),
    "part": ({"input": {}, "labels": {}}, "E0630.*input.*\n.*did you mean `inputs`"),
    "input": (({"img": IMAGE}, {"sum": [1, 2, 0]}), "E0630.*no input image.*\n.*inputs img"),
    "truth": (
        ({"image": IMAGE}, {}, {"digit": [[0, 1], [2, 11]]}),
        r"E0633.*digit\(b,1\) is given the value 11.* 0\.\.9",
    ),
}


@pytest.mark.parametrize("case", BAD_ITEMS)
def test_bad_items(case):
    item, message = BAD_ITEMS[case]
    with pytest.raises(DataError, match=message):
        Collator(ADDITION)([0], [item])


def test_inputs_of_different_shapes():
    items = [({"image": IMAGE}, {}), ({"image": IMAGE[:, :1]}, {})]
    with pytest.raises(DataError, match=r"E0631.*example 9: image has shape \(2, 1, 3\), in train"):
        Collator(ADDITION)([4, 9], items)
    with pytest.raises(DataError, match=r"E0630.*example 9 has no input image"):
        Collator(ADDITION)([4, 9], [items[0], ({}, {})])


class Plain(Dataset[Any]):
    def __init__(self, count: int = 5) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        if index == 3:
            raise RuntimeError("no such picture")
        return {"image": IMAGE + index}, {"sum": torch.tensor([index, 0, 0])}


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        data = Plain(3)
        return (data[i] for i in range(3))


def test_batches_of_map_style_and_iterable_data_sets():
    for data in (Plain(3), Stream()):
        examples = Examples(data, ADDITION, "train", batch_size=2)
        found = [(b.indices.tolist(), b.labels["sum"][:, 0].tolist()) for b in examples.batches()]
        assert found == [([0, 1], [0, 1]), ([2], [2])]
        assert [b.indices.tolist() for b in examples.batches(start=1)] == [[2]]
    assert Examples(Stream(), ADDITION, "train", batch_size=2).batches_per_epoch is None


def test_order_depends_on_seed_and_epoch_only():
    def order(seed: int, epoch: int) -> list[int]:
        examples = Examples(Plain(3), ADDITION, "train", batch_size=1, shuffle=True, seed=seed)
        return [int(batch.indices[0]) for batch in examples.batches(epoch)]

    assert order(0, 1) == order(0, 1)
    assert len({tuple(order(0, epoch)) for epoch in range(8)}) > 1
    assert len({tuple(order(seed, 0)) for seed in range(8)}) > 1


def test_failing_and_empty_data_sets():
    with pytest.raises(DataError, match=r"E0635.*RuntimeError: no such picture"):
        list(Examples(Plain(), ADDITION, "train", batch_size=2).batches())
    with pytest.raises(DataError, match=r"E0635.*no examples"):
        Examples(Plain(0), ADDITION, "test", batch_size=2)
    with pytest.raises(DataError, match=r"E0635.*neither map-style nor iterable"):
        Examples(object(), ADDITION, "test", batch_size=2)  # type: ignore[arg-type]


class Broken(IterableDataset):
    """Gives nothing, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    def __iter__(self):
        if self.failure is not None:
            raise self.failure
        return iter(())


class Negative(Plain):
    def __len__(self) -> int:
        return -3


def test_failing_and_empty_iterables():
    with pytest.raises(DataError, match=r"E0635.*no examples"):
        Examples(Broken(), ADDITION, "train", batch_size=2).first()
    failing = Examples(Broken(OSError("no disk")), ADDITION, "train", batch_size=2)
    with pytest.raises(DataError, match=r"E0635.*OSError: no disk"):
        failing.first()
    with pytest.raises(DataError, match=r"E0635.*ValueError"):
        Examples(Negative(), ADDITION, "train", batch_size=2)


def test_a_worker_that_fails_is_one_line():
    examples = Examples(Plain(), ADDITION, "train", batch_size=2, workers=1)
    with pytest.raises(DataError, match=r"E0635.*no such picture") as caught:
        list(examples.batches())
    assert "Traceback" not in str(caught.value)


def test_a_symbol_outside_the_domain_is_shown_plainly():
    with pytest.raises(DataError, match=r"the value 'hail', which") as caught:
        labels({"weather": ["sun", "hail", "snow"]})
    assert "np." not in str(caught.value)
