"""Tensors that need no second look are read in one go, others with care: the answers are the same bits.

The careful way is `read_priors` and `read_labels`, which every test of bad tensors goes through; what
`TensorReader` takes is compared with it.
"""

from collections import UserDict

import numpy as np
import pytest
import torch

import emnesy
from emnesy.engine.registry import engines
from emnesy.tensors import read_labels, read_priors, tensor_reader

from .chain import make_batch

PRIORS, _, SUMS = make_batch(3, 21, seed=5)

BOOLEAN = """
nn(net, a(I), V, [x, y, z]) :: value(I, V) :- I in 0..3.
nn(coin, b(I)) :: heads(I) :- I in 0..3.
even(I) :- value(I, x), heads(I).
odd(I) :- value(I, y), not heads(I).
odd(I) :- value(I, z).
best(I, V) :- value(I, V), I < 2.
observe even/1.
observe odd/1.
observe best/2.
"""


def misaligned(array):
    """The same numbers, a byte beside where they should lie."""
    room = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    room[...] = array
    assert not room.flags.aligned
    return room


def strided(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


FORMS = {
    "numpy": lambda a: a,
    "torch": torch.from_numpy,
    "requires_grad": lambda a: (
        torch.from_numpy(a).requires_grad_() if a.dtype.kind == "f" else torch.from_numpy(a)
    ),
    "strided": strided,
    "misaligned": misaligned,
    "Fortran": np.asfortranarray,
    "list": lambda a: a.tolist() if a.dtype != np.float32 else a,
    "big endian labels": lambda a: a if a.dtype.kind == "f" else a.astype(a.dtype.newbyteorder(">")),
    "torch, strided": lambda a: torch.from_numpy(np.repeat(a, 2, axis=1))[:, ::2],
}

TAKEN = {"numpy", "torch", "requires_grad"}


def careful(model, priors, evidence):
    blocks, batch = read_priors(model.interface, priors)
    return blocks, read_labels(model.interface, evidence, batch)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("labels", [np.int64, np.int32, np.int16])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_tensor_gives_the_same_bits(addition, form, labels, dtype):
    model = addition(3)
    priors, sums = PRIORS.astype(dtype), SUMS.astype(labels)
    expected = model.posterior({"digit": priors}, {"sum": SUMS.astype(np.int64)})
    made = FORMS[form]
    answer = model.posterior({"digit": made(priors)}, {"sum": made(sums)})
    assert np.asarray(answer["digit"]).tobytes() == expected["digit"].tobytes()
    assert np.asarray(answer.log_likelihood).tobytes() == expected.log_likelihood.tobytes()
    assert torch.is_tensor(answer["digit"]) == torch.is_tensor(made(priors))
    plain = tensor_reader(model.interface).read({"digit": made(priors)}, {"sum": made(sums)})
    assert (plain is not None) == (form in TAKEN and labels != np.int16)


def examples(random, batch, dtype=np.float32):
    """Tensors for BOOLEAN, a third of the labels missing."""
    value = random.dirichlet(np.ones(3), size=(batch, 4)).astype(dtype)
    heads = random.random((batch, 4)).astype(dtype)
    evidence = {
        "even": random.integers(-1, 2, (batch, 4)),
        "odd": random.integers(0, 2, (batch, 4)).astype(np.bool_),
        "best": random.integers(-1, 3, (batch, 2)),
    }
    return {"value": value, "heads": heads}, evidence


@pytest.mark.parametrize("batch", [0, 1, 7, 50])
@pytest.mark.parametrize(
    "names", [(), ("even",), ("odd",), ("even", "odd"), ("best", "odd", "even")]
)
def test_labels_of_several_predicates_are_read_as_with_care(names, batch):
    model = emnesy.load(BOOLEAN).compile("bp")
    random = np.random.default_rng(len(names) + batch)
    priors, evidence = examples(random, batch)
    evidence = {name: evidence[name] for name in names}
    plain = tensor_reader(model.interface).read(priors, evidence)
    assert plain is not None
    blocks, labels = careful(model, priors, evidence)
    assert plain[1].dtype == labels.dtype
    np.testing.assert_array_equal(plain[1], labels)
    for one, other in zip(plain[0], blocks, strict=True):
        assert np.shares_memory(one, other) or not batch
        np.testing.assert_array_equal(one, other)


def test_what_is_unusual_is_left_to_the_careful_way():
    model = emnesy.load(BOOLEAN).compile("bp")
    random = np.random.default_rng(3)
    priors, evidence = examples(random, 5)
    reader = tensor_reader(model.interface)
    assert reader.read(priors, evidence) is not None
    heads, even = priors["heads"], evidence["even"]
    unusual = [
        (UserDict(priors), evidence),
        (priors, UserDict(evidence)),
        ({"value": priors["value"]}, evidence),
        ({**priors, "tails": heads}, evidence),
        ({**priors, "heads": heads.astype(np.float64)}, evidence),
        ({**priors, "heads": heads[:4]}, evidence),
        ({**priors, "heads": heads[:, :3]}, evidence),
        ({**priors, "heads": np.ma.masked_array(heads)}, evidence),
        (priors, {"even(2)": even[:, 2]}),
        (priors, {**evidence, "oddly": even}),
        (priors, {"even": even[:1]}),
        (priors, {"even": even + 5}),
        (priors, {"even": even.astype(np.float32)}),
        (priors, {"even": np.float32(1)}),
    ]
    for given in unusual:
        assert reader.read(*given) is None


def test_label_codes_refuse_tensors_of_other_programs():
    one, other = emnesy.load(BOOLEAN).interface, emnesy.load(BOOLEAN.replace("0..3", "0..5"))
    codes = one.labels[0].codes
    assert codes is not None
    with pytest.raises(ValueError, match="do not fit"):
        codes.encode(np.zeros((2, 9), np.int64), np.zeros((2, one.slot_count), np.int32))
    with pytest.raises(ValueError, match="do not fit"):
        codes.encode(np.zeros((2, codes.elements), np.int64), np.zeros((2, 1), np.int32))
    with pytest.raises(TypeError, match="int32, int64 or bool"):
        codes.encode(
            np.zeros((2, codes.elements), np.int16), np.zeros((2, one.slot_count), np.int32)
        )
    assert other.interface.labels[0].codes is not None


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", [*engines()])
def test_whoever_checks_priors_the_first_bad_one_is_named(engine, threads):
    if engine == "sdd":
        pytest.importorskip("pysdd")
    model = emnesy.load(BOOLEAN).compile(engine)
    priors, _ = examples(np.random.default_rng(1), 40, np.float64)
    priors["heads"][33, 1] = 1.25
    with pytest.raises(emnesy.DataError, match=r"`heads`, example 33, key \(1\)") as caught:
        model.posterior(priors, threads=threads)
    assert caught.value.diagnostics[0].code == "E0609"
    priors["value"][37, 2] = 0.1
    priors["value"][39, 0, 0] = np.nan
    with pytest.raises(emnesy.DataError, match=r"`value`, example 37, key \(2\)") as caught:
        model.posterior(priors, threads=threads)
    assert caught.value.diagnostics[0].code == "E0608"
    good, _ = examples(np.random.default_rng(1), 40, np.float64)
    assert np.asarray(model.posterior(good, threads=threads).possible).all()
