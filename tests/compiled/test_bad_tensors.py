"""Tensors and labels that do not fit: the message says what, where, and what was expected."""

import numpy as np
import pytest
import torch

import emnesy

from .chain import make_batch

PRIORS, _, SUMS = make_batch(2, 3, seed=0)


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("priors", "labels", "code", "words"),
    [
        ({"digit": PRIORS[:, :, :1]}, {}, "E0606", ["(3, 2, 1, 10)", "(batch, 2, 2, 10)"]),
        ({"digit": PRIORS[0]}, {}, "E0606", ["(2, 2, 10)"]),
        ({"digit": PRIORS.astype(np.float16)}, {}, "E0603", ["float16", "float32 or float64"]),
        ({"digit": (PRIORS * 10).astype(int)}, {}, "E0603", ["int64"]),
        ({"digit": torch.zeros(3, 2, 2, 10, dtype=torch.bfloat16)}, {}, "E0603", ["bfloat16"]),
        ({"digit": torch.zeros(3, 2, 2, 10, device="meta")}, {}, "E0601", ["device `meta`", "CPU"]),
        (
            {"digit": changed(PRIORS, (1, 1, 0, 4), np.nan)},
            {},
            "E0609",
            ["example 1", "key (b, 0)"],
        ),
        ({"digit": changed(PRIORS, (2, 0, 1, 4), -0.5)}, {}, "E0609", ["example 2", "-0.5"]),
        ({"digit": PRIORS * 2}, {}, "E0608", ["sum to 2", "example 0"]),
        ({"digits": PRIORS}, {}, "E0604", ["`digits`", "did you mean `digit`"]),
        ({}, {}, "E0605", ["`digit`"]),
        ({"digit": [[1.0], [1.0, 2.0]]}, {}, "E0602", ["rectangular"]),
        ({"digit": PRIORS}, {"sum": SUMS[:, :2]}, "E0610", ["(3, 2)", "(batch, 3)"]),
        ({"digit": PRIORS}, {"sum": SUMS[:2]}, "E0607", ["2 examples", "3"]),
        ({"digit": PRIORS}, {"sun": SUMS}, "E0611", ["`sun`", "did you mean `sum`"]),
        ({"digit": PRIORS}, {"sum": SUMS.astype(float)}, "E0612", ["float64", "integers"]),
        ({"digit": PRIORS}, {"sum": changed(SUMS, (1, 0), 10)}, "E0613", ["label 10", "example 1"]),
        ({"digit": PRIORS}, {"sum": changed(SUMS, (1, 0), -7)}, "E0613", ["label -7", "example 1"]),
        (
            {"digit": PRIORS},
            {"sum": changed(SUMS, (2, 2), 5)},
            "E0613",
            ["`sum(2)`", "values: 0, 1"],
        ),
        ({"digit": PRIORS}, {"sum(9)": 3}, "E0611", ["`sum(9)`"]),
    ],
)
def test_message(addition, priors, labels, code, words):
    with pytest.raises(emnesy.DataError) as caught:
        addition(2).posterior(priors, labels)
    assert caught.value.diagnostics[0].code == code
    for word in words:
        assert word in str(caught.value)


def test_a_label_where_there_is_no_atom():
    program = "0.5::p(0). 0.5::p(2).\nobserve p/1.\n"
    model = emnesy.load(program).compile(engine="bp")
    model.posterior({}, {"p": np.array([[1, 0, 0]])})
    with pytest.raises(emnesy.DataError, match="no such atom"):
        model.posterior({}, {"p": np.array([[0, 1, 0]])})


@pytest.mark.parametrize("engine", ["bp", "enumerate"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_impossible_evidence_is_reported_by_example(addition, engine, dtype):
    """Example 1 says 0 + 0 = 1 with certainty; the others are as they would be without it."""
    priors = PRIORS.astype(dtype)
    priors[1] = 0
    priors[1, ..., 0] = 1
    sums = changed(SUMS, 1, [1, 0, 0])
    answer = addition(2, engine).posterior({"digit": priors}, {"sum": sums})
    assert answer.possible.tolist() == [True, False, True]
    assert np.isfinite(answer.log_likelihood).all()
    assert answer.log_likelihood[1] == dtype(-1e30)
    np.testing.assert_array_equal(answer["digit"][1], priors[1])
    others = addition(2, engine).posterior({"digit": priors[[0, 2]]}, {"sum": sums[[0, 2]]})
    np.testing.assert_array_equal(answer["digit"][[0, 2]], others["digit"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tiny_priors_are_not_impossible(addition, dtype):
    """Every digit that explains the sum has probability 1e-30: p = 1e-120 is beyond float32."""
    priors = np.full((1, 2, 2, 10), 1e-30, dtype)
    priors[..., 9] = 1
    answer = addition(2).posterior({"digit": priors}, {"sum": np.array([[0, 0, 0]])})
    exact = addition(2, "enumerate").posterior({"digit": priors}, {"sum": np.array([[0, 0, 0]])})
    assert answer.possible.all()
    np.testing.assert_allclose(answer.log_likelihood, exact.log_likelihood, rtol=1e-5)
    np.testing.assert_allclose(answer["digit"], exact["digit"], atol=1e-6)


def test_inputs_are_used_where_they_lie_and_never_written(addition):
    priors = torch.from_numpy(PRIORS.copy())
    before = priors.clone()
    answer = addition(2).posterior({"digit": priors}, {"sum": torch.from_numpy(SUMS)})
    assert isinstance(answer["digit"], torch.Tensor)
    assert isinstance(answer.log_likelihood, torch.Tensor)
    assert torch.equal(priors, before)
