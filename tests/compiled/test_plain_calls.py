"""Tensors that need no second look are read in one go, others with care: the answers are the same bits.

The careful way is `read_priors` and `read_labels`, which every test of bad tensors goes through; what
`TensorReader` takes is compared with it.
"""

from collections import UserDict

import numpy as np
import pytest
import torch

import emnesy
from emnesy import _core
from emnesy.engine.registry import engines
from emnesy.tensors import read_labels, read_priors, tensor_reader

from .chain import make_batch
from .test_clusters import TRIANGLE

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


def without_plain_calls(model):
    """The same program; every call takes the engine's `run`."""
    vars(model)["_plain"] = None
    return model


LINKED = """
nn(coin, b(I)) :: heads(I) :- I in 0..3.
0.3 :: biased.
even :- heads(0), heads(1).
even :- heads(2), heads(3), biased.
odd :- heads(0), heads(2), not biased.
observe even/0.
observe odd/0.
"""
LOOP = LINKED + "query(odd).\n"


def assert_same(one, other):
    assert list(one) == list(other)
    pairs = [(one[name], other[name]) for name in one]
    pairs += [(one.log_likelihood, other.log_likelihood), (one.possible, other.possible)]
    pairs += [(one.fixed, other.fixed)]
    pairs += [
        (getattr(one.report, f), getattr(other.report, f))
        for f in ("converged", "iterations", "residual")
    ]
    for left, right in pairs:
        assert type(left) is type(right)
        left, right = np.asarray(left), np.asarray(right)
        assert (left.shape, left.dtype) == (right.shape, right.dtype)
        assert left.tobytes() == right.tobytes()
    assert (one.report.engine, one.report.exact) == (other.report.engine, other.report.exact)
    assert dict(one.report.extra) == dict(other.report.extra)
    assert one.state is other.state is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [0, 1, 5, 50])
@pytest.mark.parametrize("make", [np.asarray, torch.from_numpy])
@pytest.mark.parametrize(
    ("program", "engine"),
    [(BOOLEAN, "bp"), (BOOLEAN, "exact"), (BOOLEAN, "auto"), (LINKED, "exact"), (LOOP, "auto")],
)
def test_one_step_answers_as_the_engine_does(program, engine, make, batch, dtype):
    quick = emnesy.load(program).compile(engine)
    slow = without_plain_calls(emnesy.load(program).compile(engine))
    assert quick._plain is not None
    random = np.random.default_rng(batch)
    priors, evidence = examples(random, batch, dtype)
    if program != BOOLEAN:
        priors = {"heads": priors["heads"]}
        priors["heads"][: batch // 2, :2] = 0  # so that some evidence is impossible
        evidence = {n: random.integers(-1, 2, batch) for n in ("even", "odd")}
    priors = {n: make(p) for n, p in priors.items()}
    evidence = {n: make(e) for n, e in evidence.items()}
    answer = slow.posterior(priors, evidence)
    assert program == BOOLEAN or batch < 50 or not np.asarray(answer.possible).all()
    for threads in (1, 2):
        assert quick._plain.answer(priors, evidence, quick._fixed, threads, 0) is not None
        assert_same(quick.posterior(priors, evidence, threads=threads), answer)


def test_one_step_uses_the_probabilities_that_a_program_was_given():
    program = "nn(n, a) :: heads.\nt(0.2) :: rain.\nwet :- heads.\nwet :- rain.\nobserve wet/0."
    model = emnesy.load(program).compile("bp")
    priors, evidence = {"heads": np.array([0.5, 0.25])}, {"wet": np.array([1, 1])}
    for rain in (0.2, 0.6, 1.0):
        changed = model.with_probabilities([rain])
        answer = changed.posterior(priors, evidence)
        wet = 1 - (1 - rain) * (1 - priors["heads"])
        np.testing.assert_allclose(answer["heads"], priors["heads"] / wet, rtol=1e-12)
        np.testing.assert_allclose(answer.fixed[:, 0], rain / wet, rtol=1e-12)
        np.testing.assert_allclose(answer.log_likelihood, np.log(wet), rtol=1e-12, atol=1e-15)


def test_one_step_without_networks():
    model = emnesy.load("0.2 :: rain.\nwet :- rain.\nobserve wet/0.").compile("bp")
    assert model._plain is not None
    slow = without_plain_calls(emnesy.load("0.2 :: rain.\nwet :- rain.\nobserve wet/0.").compile("bp"))
    for evidence in ({}, {"wet": np.array([1, 0, -1])}):
        assert model._plain.answer({}, evidence, model._fixed, 1, 0) is not None
        assert_same(model.posterior({}, evidence), slow.posterior({}, evidence))


def test_what_is_more_than_two_passes_is_left_to_the_engine():
    loops = emnesy.load(TRIANGLE).compile("bp", options={"cluster": 0})
    assert not loops.engine.exact
    assert loops._plain is None
    for engine in ("enumerate", "gibbs", "abc"):
        assert emnesy.load(LINKED).compile(engine)._plain is None
    model = emnesy.load(BOOLEAN).compile("bp", options={"damping": 0.5})
    priors, evidence = examples(np.random.default_rng(1), 40)
    assert model._plain is not None
    with pytest.raises(emnesy.EngineError, match="dampening"):
        model.posterior(priors, evidence, options={"dampening": 0.5})
    world = model.posterior(priors, evidence, task="map")
    assert world.possible.any()
    assert set(np.unique(world["heads"][world.possible])) <= {0.0, 1.0}
    with pytest.raises(emnesy.EngineError, match="dampening"):
        emnesy.load(BOOLEAN).compile("auto", options={"dampening": 0.5}).posterior(priors, evidence)


@pytest.mark.parametrize(
    "wrong", [{"threads": 0}, {"threads": 1 << 17}, {"threads": 1.5}, {"seed": -1}, {"seed": 1 << 64}]
)
def test_one_step_leaves_wrong_numbers_to_those_who_have_words_for_them(wrong):
    model = emnesy.load(BOOLEAN).compile("bp")
    priors, evidence = examples(np.random.default_rng(1), 4)
    with pytest.raises(emnesy.EngineError) as caught:
        model.posterior(priors, evidence, **wrong)
    assert caught.value.diagnostics[0].code == "E0717"
    right = model.posterior(priors, evidence, threads=np.int64(1), seed=(1 << 64) - 1)
    assert_same(right, model.posterior(priors, evidence))


def test_reports_that_answers_share_cannot_be_changed():
    model = emnesy.load(BOOLEAN).compile("auto")
    priors, evidence = examples(np.random.default_rng(1), 4)
    report = model.posterior(priors, evidence).report
    assert model.posterior(priors, evidence).report is report
    with pytest.raises(AttributeError):
        report.exact = False
    with pytest.raises(TypeError):
        report.extra["auto"] = ""
    with pytest.raises(ValueError, match="read-only"):
        report.converged[0] = False
    wide, _ = examples(np.random.default_rng(1), 4, np.float64)
    assert model.posterior(wide, evidence).report.residual.dtype == np.float64
    fewer = {n: p[:2] for n, p in priors.items()}, {n: e[:2] for n, e in evidence.items()}
    assert len(model.posterior(*fewer).report.converged) == 2


def test_one_step_refuses_engines_and_rows_of_other_programs():
    one, other = emnesy.load(BOOLEAN).compile("bp"), emnesy.load(LINKED).compile("exact")
    with pytest.raises(ValueError, match="does not answer plain calls"):
        _core.PlainCall(one._reader, other.engine._native, print, print, 4)
    priors, evidence = examples(np.random.default_rng(1), 4)
    for fixed in (np.zeros((1, 9), np.float32), np.zeros((1, 0), np.int32), None):
        with pytest.raises(TypeError, match="own probabilities"):
            one._plain.answer(priors, evidence, (fixed, fixed), 1, 0)
