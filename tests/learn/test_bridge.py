from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fake_addition import FakeAddition, addition_interface
from torch import Tensor, nn

from emnesy.diagnostics import DataError
from emnesy.ground.interface import Axis, InputRef, PriorSpec
from emnesy.learn import EMLoss
from emnesy.learn.bridge import Bridge
from emnesy.learn.outputs import Output


def prior(
    predicate: str,
    inputs: dict[str, Any],
    keys: tuple[int, ...],
    domain: tuple[Any, ...] | None = (0, 1, 2),
    network: str = "net",
    places: Any = None,
    index: Any = None,
) -> PriorSpec:
    """A neural predicate with one choice a row of the input indices."""
    refs = tuple(InputRef(name, np.array(rows, np.int64)) for name, rows in inputs.items())
    count = len(refs[0].indices)
    width = len(domain) if domain else 1
    places = np.arange(count) if places is None else np.array(places)
    return PriorSpec(
        predicate,
        network,
        tuple(Axis(side, tuple(range(side))) for side in keys),
        domain,
        (*keys, width) if domain else keys,
        np.arange(count, dtype=np.int32),
        places * width,
        refs,
        None if index is None else np.array(index, np.int64),
    )


class Spy(nn.Module):
    """Returns the first `width` features of each row (of all arguments) and counts its calls."""

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.width = width
        self.rows: list[int] = []

    def forward(self, *tensors: Tensor) -> Tensor:
        self.rows.append(len(tensors[0]))
        return torch.cat([t.flatten(1) for t in tensors], 1)[:, : self.width]


def bridge(network: nn.Module, *specs: PriorSpec, kind: Any = "logits") -> Bridge:
    return Bridge({s.predicate: Output(s, kind) for s in specs}, {"net": network})


def test_rows_in_order_are_reshaped():
    network = Spy(10)
    spec = addition_interface(3).priors[0]
    images = torch.randn(4, 2, 3, 1, 5, 5)
    found = Bridge({"digit": Output(spec, "logits")}, {"digit_net": network})({"image": images})
    assert torch.equal(found["digit"], images.flatten(3)[..., :10])
    assert network.rows == [24]


def test_inputs_shared_by_predicates_and_keys_are_computed_once():
    network = Spy()
    first = prior("first", {"x": [[0], [1], [1]]}, (3,))
    second = prior("second", {"x": [[2], [0]]}, (2,))
    x = torch.randn(5, 3, 4)
    found = bridge(network, first, second)({"x": x})
    assert torch.equal(found["first"], x[:, [0, 1, 1], :3])
    assert torch.equal(found["second"], x[:, [2, 0], :3])
    assert network.rows == [15]


def test_one_call_for_different_input_tensors():
    network = Spy()
    specs = (prior("left", {"x": [[0], [1]]}, (2,)), prior("right", {"y": [[1]]}, (1,)))
    x, y = torch.randn(5, 2, 4), torch.randn(5, 2, 4)
    found = bridge(network, *specs)({"x": x, "y": y})
    assert torch.equal(found["left"], x[:, :, :3])
    assert torch.equal(found["right"], y[:, 1:, :3])
    assert network.rows == [15]


def test_several_tensors_as_arguments():
    spec = prior("near", {"x": [[0], [1], [0]], "y": [[1], [0], [0]]}, (3,), None)
    x, y = torch.randn(5, 2, 1), torch.randn(5, 2, 1)

    class Product(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return a * b  # (rows, 1): allowed for Bernoulli predicates

    found = bridge(Product(), spec)({"x": x, "y": y})["near"]
    assert torch.equal(found, (x[:, [0, 1, 0]] * y[:, [1, 0, 0]])[..., 0])


def test_whole_tensor_answered_for_all_keys():
    """net[R, C] over a bare symbol: one pass, output indexed by the keys."""
    keys = [[r, c] for r in range(2) for c in range(3)]
    spec = prior("terrain", {"map": np.zeros((6, 0))}, (2, 3), index=keys)
    network = Spy(18)
    maps = torch.randn(4, 18)

    class Grid(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return network(x).view(-1, 2, 3, 3)

    found = bridge(Grid(), spec)({"map": maps})["terrain"]
    assert torch.equal(found, maps.view(4, 2, 3, 3))
    assert network.rows == [4]


def test_keys_without_a_choice_stay_neutral():
    spec = prior("p", {"x": [[0], [1]]}, (2, 2), places=[0, 3])
    x = torch.randn(5, 2, 3)
    found = bridge(Spy(), spec)({"x": x})["p"]
    assert torch.equal(found[:, [0, 1], [0, 1]], x)
    assert float(found[:, 0, 1].abs().max()) == 0
    shares = bridge(Spy(), spec, kind="probabilities")({"x": x.softmax(-1)})["p"]
    assert torch.allclose(shares.sum(-1), torch.ones(5, 2, 2))


def test_gradients_flow_back():
    spec = prior("p", {"x": [[1], [1]]}, (2,))
    x = torch.randn(5, 2, 3, requires_grad=True)
    bridge(Spy(), spec)({"x": x})["p"].sum().backward()
    assert torch.equal(x.grad[:, 1], torch.full((5, 3), 2.0))


X = torch.zeros(5, 2, 4)
BAD = {
    "input": (Spy(), prior("p", {"x": [[0], [2]]}, (2,)), r"E0631.*x has shape \(batch, 2, 4\)"),
    "rank": (Spy(), prior("p", {"x": [[0, 0, 0]]}, (1,)), "E0631.*input x has shape"),
    "width": (
        Spy(4),
        prior("p", {"x": [[0], [1]]}, (2,)),
        r"E0641.*\(4,\) for each.*\(inputs, 3\)",
    ),
    "rows": (nn.Flatten(0), prior("p", {"x": [[0], [1]]}, (2,)), r"E0641.*\(40,\) for 10 inputs"),
    "failure": (nn.Linear(3, 3), prior("p", {"x": [[0]]}, (1,)), r"E0644.*shape \(5, 4\): mat1"),
    "type": (nn.LSTM(4, 3), prior("p", {"x": [[0]]}, (1,)), "E0641.*tuple, not a tensor"),
    "index": (Spy(), prior("p", {"x": [[0]]}, (1,), index=[[7]]), "E0641.*≥8, 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit(case):
    network, spec, message = BAD[case]
    with pytest.raises(DataError, match=message):
        bridge(network, spec)({"x": X})


def test_a_final_sigmoid_under_declared_logits():
    spec = prior("p", {"x": [[0]]}, (1,), None)
    with pytest.raises(DataError, match=r"E0643.*ends in a Sigmoid"):
        bridge(nn.Sequential(nn.Linear(4, 1), nn.Sigmoid()), spec)


SUMS = {"sum": torch.tensor([[3, 4, 0]])}
OUTPUTS = {
    "missing": ({}, "E0641.*no output for the neural predicate digit"),
    "shape": ({"digit": torch.zeros(1, 2, 10)}, r"E0641.*\(1, 2, 10\).*\(batch, 2, 2, 10\)"),
    "dtype": ({"digit": torch.zeros(1, 2, 2, 10).long()}, "E0641.*dtype int64"),
    "array": ({"digit": torch.zeros(1, 2, 2, 10).numpy()}, "E0641.*is a ndarray, not a tensor"),
    "nan": (
        {"digit": torch.zeros(1, 2, 2, 10).index_fill(3, torch.tensor(4), float("nan"))},
        r"E0642.*digit_net returned nan for digit, example 0 .* \(0, 0, 4\)",
    ),
    "infinite": ({"digit": torch.full((1, 2, 2, 10), float("inf"))}, "E0642.*returned inf"),
    "softmax": (
        {"digit": torch.zeros(1, 2, 2, 10).softmax(-1)},
        r"E0643.*seems to return probabilities.*\n.*output=probabilities",
    ),
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_bad_outputs_given_to_a_loss(case):
    outputs, message = OUTPUTS[case]
    with pytest.raises(DataError, match=message):
        EMLoss(FakeAddition(2))(outputs, SUMS)


def test_logits_where_probabilities_are_declared():
    model = FakeAddition(2, {"output": "probabilities"})
    with pytest.raises(DataError, match=r"E0643.*declared to return probabilities"):
        EMLoss(model)({"digit": torch.randn(1, 2, 2, 10)}, SUMS)
    with pytest.raises(DataError, match=r"E0643.*output=odds"):
        EMLoss(FakeAddition(2, {"output": "odds"}))
