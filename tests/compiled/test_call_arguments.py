"""Seeds, threads and symbols that a call cannot take: refused in words, by every engine alike."""

import numpy as np
import pytest

import emnesy
from emnesy import _core
from emnesy.engine.registry import engines
from emnesy.explanation.sampling import sample

COIN = "0.3::a. 0.4::b :- a. query(b)."


@pytest.fixture(scope="module", params=sorted(engines()))
def coin(request):
    return emnesy.load(COIN).compile(request.param)


@pytest.mark.parametrize("seed", [-1, 1 << 64, 1.5, "one", None])
def test_seeds_are_numbers_of_64_bits(coin, seed):
    for ask in (coin.query, coin.marginals, coin.posterior):
        with pytest.raises(emnesy.EngineError, match=r"E0717.*`seed` cannot be"):
            ask(seed=seed)
    with pytest.raises(emnesy.EngineError, match="E0717"):
        coin.worlds(
            next(t for t in ("sample", "map") if t in engines()[coin.engine.name].tasks), seed=seed
        )


@pytest.mark.parametrize("seed", [0, (1 << 64) - 1, np.int64(7), np.uint64(1 << 63)])
def test_all_of_them(coin, seed):
    assert coin.query(seed=seed)["b"] == pytest.approx(0.12, abs=0.1)


@pytest.mark.parametrize("threads", [0, -1, 1 << 40, 2.0])
def test_threads(coin, threads):
    with pytest.raises(emnesy.EngineError, match=r"E0717.*`threads` cannot be"):
        coin.posterior(threads=threads)
    with pytest.raises(emnesy.EngineError, match="E0717"):
        emnesy.load(COIN).compile(coin.engine.name, threads=threads)


def test_seeds_of_samples():
    with pytest.raises(emnesy.EngineError, match="E0717"):
        next(sample(emnesy.load(COIN).compile("enumerate"), 1, seed=-1))


@pytest.mark.parametrize(
    ("engine", "option", "value"),
    [
        ("bp", "max_iterations", 1 << 31),
        ("bp", "tolerance", 10**400),
        ("exact", "restarts", 1 << 40),
        ("auto", "budget", 1 << 31),
        ("gibbs", "sweeps", 1 << 40),
        ("gibbs", "burn_in", 1 << 31),
        ("abc", "rate", 10**400),
        ("sdd", "seconds", float("inf")),
    ],
)
def test_numbers_beyond_the_cores(engine, option, value):
    with pytest.raises(emnesy.EngineError, match=f"E0712.*option `{option}`"):
        emnesy.load(COIN).compile(engine, options={option: value}).query()


@pytest.mark.parametrize(
    ("choices", "code", "word"),
    [
        ({}, "E0605", "no symbols for neural predicate `digit`"),
        ({"digits": np.zeros((1, 2, 2), int)}, "E0604", "did you mean `digit`"),
        ({"digit": np.zeros((1, 2, 2), int), "sum": 3}, "E0604", "no neural predicate `sum`"),
        ({"digit": 3}, "E0606", r"shape \(\)"),
        ({"digit": [[[1, 2]]]}, "E0606", r"expected integers of shape \(1, 2, 2\)"),
        ({"digit": np.full((1, 2, 2), 10)}, "E0613", "from 0 to 9"),
    ],
)
def test_symbols_to_predict_from(addition, choices, code, word):
    with pytest.raises(emnesy.DataError, match=word) as caught:
        addition(2).predict(choices)
    assert caught.value.diagnostics[0].code == code


def test_strided_arrays_are_read_by_their_strides():
    begin, edge = np.array([0, 9, 1, 9, 2])[::2], np.array([1, 7, 0], np.int32)[::2]
    found = _core.strongly_connected_components(begin, edge)
    assert found.component.tolist() == [0, 0]
    assert found.cyclic.tolist() == [1]


def test_the_least_and_the_greatest_label(addition):
    """A label may be any number of 64 bits; the least one is unobserved, like -1."""
    priors = {"digit": np.full((1, 2, 2, 10), 0.1)}
    least, greatest = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    nothing = addition(2).posterior(priors, {"sum": np.full((1, 3), least)})
    np.testing.assert_allclose(nothing["digit"], priors["digit"])
    with pytest.raises(emnesy.DataError, match=f"E0613.*label {greatest}"):
        addition(2).posterior(priors, {"sum": np.full((1, 3), greatest)})


def test_a_task_is_never_taken_for_another():
    model = emnesy.load(COIN).compile("gibbs")
    with pytest.raises(ValueError, match="map"):
        model.engine.run([np.array([[0.3, 0.4]])], np.zeros((1, 0), np.int32), task="map")
