"""`abc` and `rejection`: kernels, distances and locality against sums over all worlds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import emnesy

SAMPLES = 200_000
ERROR = 5 * 0.5 / np.sqrt(SAMPLES)
"""Five standard errors of a share of all samples: chance oversteps it once in two million."""

DICE = """
nn(dice[K], image(K), V, 1..4) :: die(K, V) :- K in 0..2.
total(T) :- die(0, A), die(1, B), T is A + B.
high(K) :- die(K, V), V >= 3.
observe total/1. observe high/1.
"""
PRIOR = np.array([[[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.4, 0.1], [0.7, 0.1, 0.1, 0.1]]])

Weight = Callable[[int, NDArray[np.bool_]], float]


def expected(weight: Weight) -> tuple[NDArray[np.float64], float]:
    """Posterior of the three dice and log of the mean weight, where a world weighs `weight(total, high)`."""
    posterior, mass = np.zeros((3, 4)), 0.0
    for values in product(range(4), repeat=3):
        prior = np.prod([PRIOR[0, k, v] for k, v in enumerate(values)])
        w = prior * weight(values[0] + values[1] + 2, np.array(values) >= 2)
        mass += w
        for k, v in enumerate(values):
            posterior[k, v] += w
    return posterior / mass, float(np.log(mass))


def mismatches(total: int, high: NDArray[np.bool_]) -> int:
    """Of total = 6, high(0) and not high(2)."""
    return (total != 6) + (not high[0]) + bool(high[2])


LABELS = {"total": np.array([6]), "high": np.array([[1, -1, 0]])}

KERNELS: dict[str, tuple[dict[str, Any], Weight]] = {
    "exact": ({"kernel": "exact"}, lambda t, h: mismatches(t, h) == 0),
    "fraction": ({"kernel": "fraction"}, lambda t, h: 1 - mismatches(t, h) / 3),
    "exponential": (
        {"kernel": "exponential", "rate": 1.5},
        lambda t, h: np.exp(-1.5 * mismatches(t, h)),
    ),
    "numeric": (
        {"kernel": "exponential", "rate": 0.5, "distance": "numeric"},
        lambda t, h: np.exp(-0.5 * (abs(t - 6) + (not h[0]) + bool(h[2]))),
    ),
    # 0.3 · p(no mismatch) lies between nothing and those without, so only they are near enough.
    "nearest, the best": ({"kernel": "nearest", "keep": 0.01}, lambda t, h: mismatches(t, h) == 0),
    "nearest, all": ({"kernel": "nearest", "keep": 1.0}, lambda t, h: 1.0),
}  # fmt: skip


def model(text: str = DICE, engine: str = "abc") -> emnesy.CompiledProgram:
    return emnesy.load(text).compile(engine=engine, threads=1)


@pytest.mark.parametrize("control", ["on", "off"])
@pytest.mark.parametrize(("options", "weight"), KERNELS.values(), ids=list(KERNELS))
def test_kernels(options: dict[str, Any], weight: Weight, control: str) -> None:
    answer = model().posterior(
        {"die": PRIOR},
        LABELS,
        options={**options, "samples": SAMPLES, "locality": "all", "control_variate": control},
    )
    posterior, log_mass = expected(weight)
    bound = 10 * float(answer.report.residual[0])  # residual: a half over the root, for any share
    np.testing.assert_allclose(answer["die"][0], posterior, atol=bound)
    acceptance = float(np.exp(log_mass))
    np.testing.assert_allclose(np.exp(answer.log_likelihood[0]), acceptance, atol=ERROR)
    assert not answer.report.exact
    assert answer.report.converged.all()


@pytest.mark.parametrize("engine", ["abc", "rejection"])
def test_components_are_weighed_on_their_own(engine: str) -> None:
    """Dice 0 and 1 share a total, die 2 has a label of its own: evidence multiplies, nothing is lost."""
    options = {"samples": SAMPLES} | ({"kernel": "exact"} if engine == "abc" else {})
    posterior, log_mass = expected(lambda t, h: mismatches(t, h) == 0)
    for locality in ("component", "all"):
        answer = model(engine=engine).posterior(
            {"die": PRIOR}, LABELS, options={**options, "locality": locality}
        )
        np.testing.assert_allclose(answer["die"][0], posterior, atol=0.02)
        np.testing.assert_allclose(answer.log_likelihood[0], log_mass, atol=0.03)


def test_a_cone_neglects_what_others_explain() -> None:
    """In its cone, die 1 is weighed by the total alone, and not by high(0), which die 0 must explain."""
    answer = model().posterior(
        {"die": PRIOR},
        LABELS,
        options={"kernel": "exact", "samples": SAMPLES, "locality": "cone"},
    )
    first, _ = expected(lambda t, h: t == 6 and h[0])
    second, _ = expected(lambda t, _: t == 6)
    third, _ = expected(lambda _, h: not h[2])
    for k, want in enumerate((first, second, third)):
        np.testing.assert_allclose(answer["die"][0, k], want[k], atol=0.02)
    _, log_mass = expected(lambda t, h: mismatches(t, h) == 0)
    np.testing.assert_allclose(answer.log_likelihood[0], log_mass, atol=0.1)


def test_nothing_observed_gives_the_prior() -> None:
    answer = model().posterior({"die": PRIOR}, {}, options={"samples": 100})
    np.testing.assert_allclose(answer["die"], PRIOR, atol=1e-12)
    assert answer.log_likelihood[0] == 0


def test_what_the_program_states_is_never_bent() -> None:
    text = DICE + ":- die(0, 4). evidence(high(1))."
    for kernel in ("exponential", "fraction", "nearest"):
        answer = model(text).posterior(
            {"die": PRIOR}, LABELS, options={"kernel": kernel, "samples": 20_000, "control_variate": "off"}
        )  # fmt: skip
        assert answer["die"][0, 0, 3] == 0
        assert answer["die"][0, 1, :2].max() == 0


@pytest.mark.parametrize("engine", ["abc", "rejection"])
def test_zero_one_and_tiny_priors(engine: str) -> None:
    prior = np.array([[[0, 0, 1, 0], [1e-30, 0, 0.5, 0.5], [0, 1, 0, 0]]])
    answer = model(engine=engine).posterior(
        {"die": prior}, {"total": np.array([6])}, options={"samples": 5000}
    )
    assert (answer["die"][0, 0] == [0, 0, 1, 0]).all()
    assert (answer["die"][0, 2] == [0, 1, 0, 0]).all()
    assert answer["die"][0, 1, 1] == 0
    assert np.isfinite(answer.log_likelihood).all()
    for task in ("map", "sample"):
        world = model(engine=engine).posterior(
            {"die": prior}, {}, task=task, options={"samples": 100}
        )
        assert (world["die"][0, 0] == [0, 0, 1, 0]).all()
        assert world["die"][0, 1, 1] == 0


@pytest.mark.parametrize("task", ["marginals", "map", "sample"])
def test_no_world_agrees(task: Any) -> None:
    prior = np.array([[[1, 0, 0, 0], [1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]]], np.float32)
    answer = model(engine="rejection").posterior(
        {"die": prior}, {"total": np.array([6])}, task=task, options={"samples": 1000}
    )
    assert answer.possible.all()  # for all that sampling can know
    assert not answer.report.converged.any()
    assert not answer.report.extra["answered"].any()
    assert (answer["die"] == prior).all()
    assert answer.log_likelihood[0] == pytest.approx(-np.log(1001), rel=1e-6)


def test_queries_say_that_no_world_agrees() -> None:
    with pytest.raises(emnesy.EngineError) as error:
        model("1e-20::a. query(a). evidence(a).", "rejection").query()
    assert [d.code for d in error.value.diagnostics] == ["E0708"]


def test_queries_of_computed_numbers() -> None:
    text = "0.5::a(1..3). n(count<X>) :- a(X). query(n(_)). evidence(a(1))."
    answers = model(text, "rejection").query()
    for number, probability in {1: 0.25, 2: 0.5, 3: 0.25}.items():
        assert answers[f"n({number})"] == pytest.approx(probability, abs=0.03)


@pytest.mark.parametrize("kernel", ["exact", "exponential", "nearest"])
@pytest.mark.parametrize("task", ["marginals", "map", "sample"])
def test_threads_share_one_example_without_changing_a_bit(kernel: str, task: Any) -> None:
    """More worlds than one piece: with one example, threads share its pieces."""
    text = DICE + "cheap(min<V>) :- die(_, V). big :- cheap(V), V > 1. observe big/0."
    answers = [
        model(text).posterior(
            {"die": PRIOR},
            {**LABELS, "big": np.array([1])},
            task=task,
            threads=threads,
            seed=5,
            options={"kernel": kernel, "samples": 30_000},
        )
        for threads in (1, 2, 4)
    ]
    for other in answers[1:]:
        assert other["die"].tobytes() == answers[0]["die"].tobytes()
        assert other.log_likelihood.tobytes() == answers[0].log_likelihood.tobytes()


def test_map_is_the_best_world_and_samples_follow_the_posterior() -> None:
    compiled = model(engine="rejection")
    best = compiled.posterior({"die": PRIOR}, LABELS, task="map", options={"samples": 20_000})
    worlds = {
        v: np.prod([PRIOR[0, k, i] for k, i in enumerate(v)])
        for v in product(range(4), repeat=3)
        if mismatches(v[0] + v[1] + 2, np.array(v) >= 2) == 0
    }
    assert tuple(best["die"][0].argmax(-1)) == max(worlds, key=lambda v: worlds[v])
    times = 20_000
    drawn = compiled.posterior(
        {"die": np.repeat(PRIOR, times, 0)},
        {name: np.repeat(label, times, 0) for name, label in LABELS.items()},
        task="sample",
        options={"samples": 100},
    )
    posterior, _ = expected(lambda t, h: mismatches(t, h) == 0)
    answered = drawn.report.extra["answered"]
    assert answered.mean() > 0.99
    np.testing.assert_allclose(
        drawn["die"][answered].mean(0), posterior, atol=5 * 0.5 / np.sqrt(times)
    )


def test_recursion_without_a_fixpoint_is_an_error_of_the_program() -> None:
    text = "0.5::e(0,1). 0.5::e(1,0).\nd(0, min<0>). d(Y, min<D - 1>) :- d(X, D), e(X, Y).\nquery(d(_, _))."
    with pytest.raises(emnesy.ProgramError) as error:
        model(text, "rejection").query()
    assert [d.code for d in error.value.diagnostics] == ["E0511"]


@pytest.mark.parametrize("engine", ["abc", "rejection", "gibbs"])
@pytest.mark.parametrize(
    ("evidence", "wanted"),
    [
        ("evidence(c, false).", 0.3 * 0.4 / (1 - 0.3 * 0.6)),
        ("evidence(c). evidence(d, false).", 1.0),
        ("evidence(b, false). evidence(d).", 0.3),
    ],
)
def test_evidence_that_something_does_not_hold(engine: str, evidence: str, wanted: float) -> None:
    """By hand, within five standard errors of a thousand samples; all engines keep more."""
    text = f"0.3::a. 0.6::b. c :- a, b. d :- not b. query(a). {evidence}"
    options = {"sweeps": 2500} if engine == "gibbs" else {"samples": 10_000}
    answer = emnesy.load(text).compile(engine, options=options).query(seed=1)["a"]
    assert answer == pytest.approx(wanted, abs=5 * (wanted * (1 - wanted) / 1000) ** 0.5 + 1e-9)
