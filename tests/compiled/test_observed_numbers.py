"""Aggregates that examples show: every engine against worlds that are gone through by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest

import emnesy
from emnesy.diagnostics import DataError, ProgramError

DIGITS = "position(0..3).\nnn(net, image(I), D, 0..3) :: digit(I, D) :- position(I).\n"

BITS = "item(0..5).\nnn(net, image(I)) :: on(I) :- item(I).\n"

Number = Callable[[Sequence[int]], "float | None"]

DIGIT_CASES: dict[str, tuple[str, Number]] = {
    "sum": ("total(sum<D>) :- digit(_, D).", lambda d: sum(set(d))),
    "sum over positions": ("total(sum<D + 0 * I>) :- digit(I, D).", sum),
    "count": (
        "total(count<I>) :- digit(I, D), D > 1.",
        lambda d: sum(x > 1 for x in d) or None,
    ),
    "min": ("total(min<D>) :- digit(I, D).", min),
    "max": ("total(max<D * D>) :- digit(I, D).", lambda d: max(x * x for x in d)),
    "average": ("total(avg<D>) :- digit(I, D).", lambda d: sum(d) / len(d)),
    "average of some": (
        "total(avg<D>) :- digit(I, D), D \\= 2.",
        lambda d: sum(x for x in d if x != 2) / sum(x != 2 for x in d) if set(d) != {2} else None,
    ),
    "signs": ("total(sum<D - 1>) :- digit(I, D).", lambda d: sum(x - 1 for x in d)),
    "a rule above": (
        "s(sum<D>) :- digit(I, D). total(T * T - 3) :- s(T).",
        lambda d: sum(d) ** 2 - 3,
    ),
    "two aggregates": (
        "s(sum<D>) :- digit(I, D). m(max<D>) :- digit(I, D). total(S - M) :- s(S), m(M).",
        lambda d: sum(d) - max(d),
    ),
    "bounds": (
        "s(sum<D>) :- digit(I, D). total(max(min(T, 9), 4)) :- s(T).",
        lambda d: max(min(sum(d), 9), 4),
    ),
}


def posterior_by_hand(
    prior: np.ndarray, number: Number, label: float
) -> tuple[float, np.ndarray] | None:
    """p(label) and the posterior (positions, values), from all worlds; None where it has none."""
    positions, values = prior.shape
    total, mass = 0.0, np.zeros_like(prior)
    for world in product(range(values), repeat=positions):
        found = number(world)
        if found is None or abs(found - label) > 1e-9:
            continue
        weight = float(np.prod([prior[i, v] for i, v in enumerate(world)]))
        total += weight
        mass[np.arange(positions), world] += weight
    return None if total == 0 else (total, mass / total)


@pytest.mark.parametrize("engine", ["bp", "exact", "enumerate", "auto"])
@pytest.mark.parametrize("case", DIGIT_CASES)
def test_posteriors(case: str, engine: str) -> None:
    rules, number = DIGIT_CASES[case]
    if case == "sum":
        rules = rules.replace("digit(_, D)", "shown(D)") + " shown(D) :- digit(_, D)."
    model = emnesy.load(DIGITS + rules + "\nobserve total/1.\n").compile(engine)
    spec = model.interface.labels[0]
    prior = np.random.default_rng(3).dirichlet(np.ones(4), 4)
    worlds = list(product(range(4), repeat=4))
    seen = {x for x in map(number, worlds) if x is not None}
    # Every number of a world is a label; a label that no world has is found impossible, not refused.
    assert all(any(abs(x - v) < 1e-9 for v in spec.values) for x in seen)
    for label in spec.values:
        answer = model.posterior({"digit": prior[None]}, {"total": np.array([label])})
        expected = posterior_by_hand(prior, number, label)
        assert bool(answer.possible[0]) == (expected is not None), label
        if expected is None or not model.engine.exact:
            continue
        assert np.exp(answer.log_likelihood[0]) == pytest.approx(expected[0], abs=1e-12)
        np.testing.assert_allclose(answer["digit"][0], expected[1], atol=1e-10)


@pytest.mark.parametrize("case", ["sum over positions", "count", "min", "average", "bounds"])
def test_sampling(case: str) -> None:
    rules, number = DIGIT_CASES[case]
    program = emnesy.load(DIGITS + rules + "\nobserve total/1.\n")
    prior = np.random.default_rng(4).dirichlet(np.ones(4), 4)
    for label in list(program.interface.labels[0].values)[:4]:
        expected = posterior_by_hand(prior, number, label)
        if expected is None or expected[0] < 0.02:
            continue
        model = program.compile("rejection", options={"samples": 1 << 17})
        answer = model.posterior({"digit": prior[None]}, {"total": np.array([label])})
        np.testing.assert_allclose(answer["digit"][0], expected[1], atol=0.05)


def test_abc_knows_how_far_a_sum_is_from_its_label() -> None:
    """Numbers are labels with a distance: the kernel prefers worlds whose sum is nearly right."""
    program = emnesy.load(
        "position(0..9).\nnn(net, image(I), D, 0..9) :: digit(I, D) :- position(I).\n"
        "total(sum<D>) :- digit(I, D).\nobserve total/1.\n"
    )
    prior = np.full((1, 10, 10), 0.1)
    options = {"samples": 20000, "distance": "numeric", "kernel": "nearest", "keep": 0.01}
    answer = program.compile("abc", options=options).posterior(
        {"digit": prior}, {"total": np.array([70])}
    )
    mean = float((answer["digit"][0] @ np.arange(10)).sum())
    assert 60 < mean <= 70  # 45 without evidence


@pytest.mark.parametrize("engine", ["bp", "exact", "enumerate"])
def test_groups_and_unobserved_entries(engine: str) -> None:
    """Two counts that share items, one observed and one not."""
    text = (
        BITS + "group(0, 0..3). group(1, 2..5).\n"
        "total(G, count<I>) :- group(G, I), on(I).\nobserve total/2.\n"
    )
    model = emnesy.load(text).compile(engine)
    prior = np.random.default_rng(5).uniform(0.1, 0.9, 6)
    for labels in [(2, -1), (-1, 3), (2, 3), (3, 4), (-1, -1)]:
        total, mass = 0.0, np.zeros(6)
        for world in product((0, 1), repeat=6):
            counts = (sum(world[:4]), sum(world[2:]))
            if any(want not in (-1, count) for want, count in zip(labels, counts, strict=True)):
                continue
            weight = float(np.prod(np.where(world, prior, 1 - prior)))
            total += weight
            mass += weight * np.array(world)
        answer = model.posterior({"on": prior[None]}, {"total": np.array([labels])})
        if model.engine.exact:
            assert np.exp(answer.log_likelihood[0]) == pytest.approx(total, abs=1e-12)
            np.testing.assert_allclose(answer["on"][0], mass / total, atol=1e-10)


def test_a_long_sum_stays_one_factor() -> None:
    """Sixty ten-valued digits: 541 sums, far beyond enumeration, and exact."""
    text = (
        "position(0..59).\nnn(net, image(I), D, 0..9) :: digit(I, D) :- position(I).\n"
        "total(sum<D>) :- digit(I, D).\nobserve total/1.\n"
    )
    model = emnesy.load(text).compile("bp")
    assert model.engine.exact
    assert model.interface.labels[0].values == tuple(range(541))
    answer = model.posterior({"digit": np.full((1, 60, 10), 0.1)}, {"total": np.array([300])})
    np.testing.assert_allclose(answer["digit"][0] @ np.arange(10), 5.0, atol=1e-9)
    # Exchangeable digits: p(total) is that of the convolution.
    sums = np.ones(1)
    for _ in range(60):
        sums = np.convolve(sums, np.full(10, 0.1))
    assert np.exp(answer.log_likelihood[0]) == pytest.approx(sums[300], rel=1e-9)


def test_average_of_ten_digits() -> None:
    """Its partial results are sums of digits, not of all hundred alternatives."""
    text = (
        "position(0..9).\nnn(net, image(I), D, 0..9) :: digit(I, D) :- position(I).\n"
        "mean(avg<D>) :- digit(I, D).\nobserve mean/1.\n"
    )
    program = emnesy.load(text)
    values = program.interface.labels[0].values
    assert len(values) < 600  # sums of up to ten digits, over their number
    assert {k / 10 for k in range(91)} <= set(values)
    model = program.compile("bp")
    answer = model.posterior(
        {"digit": np.full((3, 10, 10), 0.1)}, {"mean": np.array([4.5, np.nan, -1], np.float32)}
    )
    np.testing.assert_allclose(answer["digit"] @ np.arange(10), 4.5, atol=1e-6)
    assert answer.log_likelihood[1:] == pytest.approx([0, 0], abs=1e-9)


def test_numbers_of_several_rules_are_observed_one_by_one() -> None:
    """That the two rules exclude each other is not proved, so examples give the truth of each atom."""
    rules = "s(sum<D>) :- digit(I, D). total(T) :- s(T), T > 5. total(0) :- s(T), T =< 5."
    model = emnesy.load(DIGITS + rules + "\nobserve total/1.\n").compile("bp")
    assert not model.interface.labels[0].functional
    prior = np.random.default_rng(6).dirichlet(np.ones(4), 4)
    answer = model.posterior({"digit": prior[None]}, {"total(7)": np.array([True])})
    expected = posterior_by_hand(prior, sum, 7)
    assert expected is not None
    np.testing.assert_allclose(answer["digit"][0], expected[1], atol=1e-10)


def test_labels_that_are_no_numbers_of_it() -> None:
    model = emnesy.load(DIGITS + DIGIT_CASES["average"][0] + "\nobserve total/1.\n").compile("bp")
    prior = {"digit": np.full((1, 4, 4), 0.25)}
    for label in (0.3, 3.5, -2.0, np.inf):
        with pytest.raises(DataError, match="no such value"):
            model.posterior(prior, {"total": np.array([label])})


def test_numbers_without_end_are_refused() -> None:
    text = (
        "0.5::edge(a, b). 0.5::edge(b, a).\ndist(a, min<0>) :- edge(a, _).\n"
        "dist(Y, min<D + 1>) :- dist(X, D), edge(X, Y).\nobserve dist/2.\n"
    )
    with pytest.raises(ProgramError) as error:
        _ = emnesy.load(text).ground
    assert [d.code for d in error.value.diagnostics] == ["E0423"]
    assert error.value.diagnostics[0].span is not None


def test_prediction_gives_the_number() -> None:
    model = emnesy.load(DIGITS + "total(sum<D>) :- digit(I, D).\nobserve total/1.\n").compile("bp")
    assert model.predict({"digit": np.array([[0, 1, 2, 3], [3, 3, 3, 3]])})["total"].tolist() == [
        6,
        12,
    ]


def test_the_written_out_program_is_well_formed() -> None:
    for rules, _ in DIGIT_CASES.values():
        program = emnesy.load(DIGITS + rules + "\nobserve total/1. query(total(_)).\n")
        program.ground.native.verify()
        assert "observe total/1" in program.ground.dump()
