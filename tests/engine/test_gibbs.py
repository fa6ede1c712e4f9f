"""`gibbs` against `enumerate` and brute force: what its chains converge to, and each conditional by itself.

Sampling noise: seeds are fixed, so that a test either always passes or never does. Tolerances are five
standard errors of the least effective sample size that the engine reports, and the tests ask
for enough samples that five of them stay below a bias of some hundredths; the tests of single
conditionals and of long chains on few worlds are sharper.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import emnesy
from emnesy.compiled import CompiledProgram, Posterior

WARCRAFT = "programs/warcraft.nesy"


def path_program(size: int, terrains: str = "[grass, dirt, forest, water, rock]") -> str:
    text = (Path(__file__).parents[2] / WARCRAFT).read_text()
    text = text.replace("[grass, dirt, forest, water, rock]", terrains)
    return text.replace("const size = 12.", f"const size = {size}.")


def random_priors(model: CompiledProgram, seed: int, batch: int = 1) -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(seed)
    return {
        spec.predicate: random.dirichlet(
            np.full(len(spec.domain), 0.7), (batch, *(axis.size for axis in spec.axes))
        )
        if spec.domain is not None
        else random.beta(0.7, 0.7, (batch, *spec.shape))
        for spec in model.interface.priors
    }


def check_close(got: Posterior, want: Posterior, most: float) -> None:
    """Within five standard errors, of which five are no more than `most`."""
    samples = got.report.extra["effective_samples"]
    assert np.all(got.report.extra["r_hat"] < 1.05)
    for name in want:
        for b in range(len(want[name])):
            variance = np.maximum(want[name][b] * (1 - want[name][b]), 0)
            error = 5 * np.sqrt(variance / samples[b]) + 1e-4
            assert error.max() < most, f"too few effective samples: {samples[b]}"
            assert np.all(np.abs(got[name][b] - want[name][b]) <= error)


@pytest.mark.parametrize("size", [2, 3, 4, 6])
@pytest.mark.parametrize("seed", range(3))
def test_every_conditional_of_a_path_world(size: int, seed: int) -> None:
    """After one sweep the posterior is the present world's conditionals: every alternative tried."""
    model = emnesy.load(path_program(size)).compile(engine="gibbs")
    assert model.engine.recognises_paths
    random = np.random.default_rng(seed)
    truth = random.integers(0, 5, (1, size, size))
    label = model.predict({"terrain": truth})["path"]
    prior = random_priors(model, seed)["terrain"]
    answer = model.posterior(
        {"terrain": prior}, {"path": label}, seed=seed, options={"chains": 1, "sweeps": 1}
    )
    assert answer.report.extra["recognised"].all()
    assert answer.state is not None
    world = answer.state.arrays["values"][0, 0].reshape(size, size)
    tried = np.repeat(world[None], size * size * 5, axis=0)
    cells = [(r, c, k) for r in range(size) for c in range(size) for k in range(5)]
    for row, (r, c, k) in enumerate(cells):
        tried[row, r, c] = k
    same = (model.predict({"terrain": tried})["path"] == label).all(axis=(1, 2))
    expected = prior[0] * same.reshape(size, size, 5)
    expected /= expected.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(answer["terrain"][0], expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_path_posteriors(seed: int) -> None:
    """3 x 3 with all labels that random maps have: ties of equal terrains are frequent."""
    program = emnesy.load(path_program(3, "[grass, dirt, forest]"))
    model, reference = program.compile(engine="gibbs"), program.compile(engine="enumerate")
    truth = np.random.default_rng(seed).integers(0, 3, (2, 3, 3))
    label = model.predict({"terrain": truth})
    priors = random_priors(model, seed, 2)
    got = model.posterior(priors, label, seed=seed, options={"sweeps": 20000})
    assert got.report.extra["recognised"].all()
    check_close(got, reference.posterior(priors, label), 0.06)


@pytest.mark.parametrize("seed", range(3))
def test_partly_observed_paths_take_the_general_way(seed: int) -> None:
    program = emnesy.load(path_program(3, "[grass, dirt, forest]"))
    model, reference = program.compile(engine="gibbs"), program.compile(engine="enumerate")
    random = np.random.default_rng(seed)
    label = model.predict({"terrain": random.integers(0, 3, (1, 3, 3))})["path"]
    label[0, random.integers(0, 3, 3), random.integers(0, 3, 3)] = -1
    label[0, 1, 1] = -1
    priors = random_priors(model, seed)
    got = model.posterior(priors, {"path": label}, seed=seed, options={"sweeps": 4000})
    assert not got.report.extra["recognised"].any()
    check_close(got, reference.posterior(priors, {"path": label}), 0.1)


def test_the_general_way_agrees_with_the_recognised_one() -> None:
    """The same program with a constraint that always holds is not recognised."""
    text = path_program(3, "[grass, dirt, forest]")
    plain = emnesy.load(text).compile(engine="gibbs")
    other = emnesy.load(text + "\n:- terrain(0,0,grass), terrain(0,0,dirt).").compile(
        engine="gibbs"
    )
    blocked = emnesy.load(text + "\n:- terrain(0,0,forest), terrain(2,2,forest).")
    assert plain.engine.recognises_paths
    label = plain.predict({"terrain": np.array([[[0, 1, 2], [2, 0, 1], [1, 2, 0]]])})
    priors = random_priors(plain, 3)
    options = {"sweeps": 20000}
    want = emnesy.load(text).compile(engine="enumerate").posterior(priors, label)
    check_close(plain.posterior(priors, label, options=options), want, 0.06)
    check_close(other.posterior(priors, label, options=options), want, 0.06)
    slow = blocked.compile(engine="gibbs").posterior(priors, label, options={"sweeps": 4000})
    assert not slow.report.extra["recognised"].any()
    check_close(slow, blocked.compile(engine="enumerate").posterior(priors, label), 0.1)


@pytest.mark.parametrize("seed", range(2))
def test_random_maps_of_every_label_have_a_world(seed: int) -> None:
    """The first world is found at once for every label that some map has, and proved not to be for others."""
    model = emnesy.load(path_program(8)).compile(engine="gibbs", threads=1)
    random = np.random.default_rng(seed)
    truth = random.integers(0, 5, (20, 8, 8))
    label = model.predict({"terrain": truth})["path"]
    prior = np.full((20, 8, 8, 5), 0.2)
    answer = model.posterior(
        {"terrain": prior}, {"path": label}, options={"sweeps": 1, "burn_in": 0}
    )
    assert answer.possible.all()
    label[:, 0, 7] = 1 - label[:, 0, 7]
    answer = model.posterior({"terrain": prior}, {"path": label}, options={"sweeps": 1})
    assert not answer.possible.any()
    assert answer.report.extra["proved_impossible"].all()
    np.testing.assert_array_equal(answer["terrain"], prior)


def test_zeros_among_the_priors() -> None:
    program = emnesy.load(path_program(3, "[grass, dirt, forest]"))
    model, reference = program.compile(engine="gibbs"), program.compile(engine="enumerate")
    label = model.predict({"terrain": np.array([[[0, 1, 2], [2, 0, 1], [1, 2, 0]]])})
    priors = random_priors(model, 5)["terrain"]
    priors[0, 0, 1] = [0, 1, 0]
    priors[0, 1, 0] = [0.5, 0, 0.5]
    priors[0, 2, 1] = [1e-30, 1, 0]
    got = model.posterior({"terrain": priors}, label, options={"sweeps": 20000})
    check_close(got, reference.posterior({"terrain": priors}, label), 0.06)
    priors[0, 1, 1] = [0, 0, 1]  # the only diagonal path
    priors[0, 0, 1] = priors[0, 1, 2] = [1, 0, 0]
    got = model.posterior({"terrain": priors}, label)
    want = reference.posterior({"terrain": priors}, label)
    assert not want.possible[0]
    assert not got.possible[0]
    assert got.report.extra["proved_impossible"][0]


def test_threads_and_seeds() -> None:
    model = emnesy.load(path_program(4)).compile(engine="gibbs")
    truth = np.random.default_rng(0).integers(0, 5, (7, 4, 4))
    label = model.predict({"terrain": truth})
    priors = {k: v.astype(np.float32) for k, v in random_priors(model, 0, 7).items()}
    answers = [model.posterior(priors, label, threads=t, seed=3) for t in (1, 2, 4)]
    for other in answers[1:]:
        np.testing.assert_array_equal(answers[0]["terrain"], other["terrain"])
        np.testing.assert_array_equal(answers[0].log_likelihood, other.log_likelihood)
    different = model.posterior(priors, label, threads=2, seed=4)
    assert not np.array_equal(answers[0]["terrain"], different["terrain"])
    assert answers[0]["terrain"].dtype == np.float32


def test_chains_go_on_where_they_were() -> None:
    """Two calls of 200 sweeps are one of 400, to the bit where blocks do not change in between."""
    model = emnesy.load(path_program(4)).compile(engine="gibbs")
    label = model.predict({"terrain": np.random.default_rng(1).integers(0, 5, (2, 4, 4))})
    priors = random_priors(model, 1, 2)
    long = model.posterior(priors, label, options={"sweeps": 400})
    first = model.posterior(priors, label, options={"sweeps": 200})
    second = model.posterior(priors, label, options={"sweeps": 200}, state=first.state)
    np.testing.assert_allclose(
        (first["terrain"] + second["terrain"]) / 2, long["terrain"], atol=1e-12
    )
    # A world that new evidence rules out is replaced.
    other = model.predict({"terrain": np.random.default_rng(2).integers(0, 5, (2, 4, 4))})
    moved = model.posterior(priors, other, state=first.state)
    assert moved.possible.all()
    with pytest.raises(emnesy.EngineError, match="E0709"):
        model.posterior(priors, label, state=first.state, options={"chains": 2})


def test_evidence_that_no_search_finds_is_not_called_impossible() -> None:
    """A key of forty bits: one world has it, and nothing leads there."""
    bits = ", ".join(f"{'not ' if i % 3 == 0 else ''}bit({i})" for i in range(40))
    key = f"0.5::bit(0..39). opens :- {bits}. evidence(opens). query(bit(1))."
    assert emnesy.load(key).compile("bp").query() == {"bit(1)": 1.0}
    with pytest.raises(emnesy.EngineError, match=r"E0708.*`gibbs` found no world"):
        emnesy.load(key).compile("gibbs").query()
    with pytest.raises(emnesy.EngineError, match="E0703"):
        emnesy.load("0.5::a. b :- a, 1 > 2. evidence(b). query(a).").compile("gibbs").query()
