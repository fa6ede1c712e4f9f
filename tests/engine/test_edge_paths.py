"""Cheapest paths whose costs stand at edges: every conditional of `gibbs` is that of brute force.

The oracle is the program itself: each alternative of each choice in the chain's world is tried through the
simulator, and posteriors are compared with `enumerate`.
"""

from __future__ import annotations

import numpy as np
import pytest

import emnesy
from emnesy.compiled import CompiledProgram

LABELS = {
    "nodes": "path(A) :- path(B), from(B, A).\nobserve path/1.",
    "edges": "path(A) :- path(B), from(B, A).\nused(A, B) :- path(B), from(B, A).\nobserve used/2.",
    "chain": "used(A, B) :- from(B, A), B = goal.\nused(A, B) :- used(B, _), from(B, A).\nobserve used/2.",
}

WEIGHTS = {
    "one way": "cost(A, B, W) :- grade(A, B, T), price(T, W).",
    "both ways": "cost(A, B, W) :- grade(A, B, T), price(T, W).\n"
    "cost(B, A, W) :- grade(A, B, T), price(T, W).",
    "entered": "cost(A, B, W) :- edge(A, B), at(B, T), price(T, W).",
    "missing": "cost(A, B, 2) :- open(A, B).\ncost(B, A, 2) :- open(A, B).",
}


def random_program(random: np.random.Generator, weights: str, label: str, nodes: int) -> str:
    pairs = [(a, b) for a in range(nodes) for b in range(nodes) if a < b]
    if weights in ("one way", "entered"):
        pairs = [(a, b) for a in range(nodes) for b in range(nodes) if a != b]
    density = 0.45 if len(pairs) > nodes * (nodes - 1) // 2 else 0.7
    # A way through all nodes makes sure that there is a path.
    edges = sorted(
        {p for p in pairs if random.random() < density} | {(i, i + 1) for i in range(nodes - 1)}
    )
    prices = random.choice([[1, 2, 3], [1, 2, 4], [2, 3, 9]])
    lines = [f"edge({a}, {b})." for a, b in edges]
    if weights == "entered":
        lines.append("nn(net[B], x, T, [low, mid, high]) :: at(B, T) :- edge(_, B).")
    elif weights == "missing":
        lines.append("nn(net[A, B], x) :: open(A, B) :- edge(A, B).")
    else:
        lines.append("nn(net[A, B], x, T, [low, mid, high]) :: grade(A, B, T) :- edge(A, B).")
    lines += [f"price({t}, {w})." for t, w in zip(("low", "mid", "high"), prices, strict=True)]
    goal = nodes - 1
    lines += [
        f"path({goal})." if label != "chain" else "",
        WEIGHTS[weights],
        "dist(0, min<0>).",
        "dist(B, min<D + W>) :- dist(A, D), cost(A, B, W).",
        "from(B, argmin<A, D + W>) :- dist(A, D), cost(A, B, W), B > 0.",
        LABELS[label].replace("goal", str(goal)),
    ]
    return "\n".join(lines)


def worlds(model: CompiledProgram, random: np.random.Generator, count: int) -> np.ndarray:
    spec = model.interface.priors[0]
    most = 2 if spec.domain is None else len(spec.domain)
    return random.integers(0, most, (count, *(axis.size for axis in spec.axes)))


def labels_of(model: CompiledProgram, values: np.ndarray) -> np.ndarray:
    """Every label of each world, side by side."""
    spec = model.interface.priors[0]
    given = {spec.predicate: values}
    return np.stack(
        [np.asarray(v).reshape(len(values), -1) for v in model.predict(given).values()], -1
    )


def random_prior(model: CompiledProgram, random: np.random.Generator) -> np.ndarray:
    spec = model.interface.priors[0]
    axes = tuple(axis.size for axis in spec.axes)
    if spec.domain is None:
        return random.uniform(0.1, 0.9, (1, *axes))
    return random.dirichlet(np.full(len(spec.domain), 1.0), (1, *axes))


CASES = [(weights, label) for weights in WEIGHTS for label in LABELS]


@pytest.mark.parametrize(("weights", "label"), CASES)
def test_every_conditional(weights: str, label: str) -> None:
    compared = recognised = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        nodes = int(random.integers(4, 8))
        model = emnesy.load(random_program(random, weights, label, nodes)).compile(engine="gibbs")
        assert model.engine.recognises_paths
        spec = model.interface.priors[0]
        truth = worlds(model, random, 1)
        if spec.domain is None:
            truth[0, range(nodes - 1), range(1, nodes)] |= random.random(nodes - 1) < 0.7
        observed = model.predict({spec.predicate: truth})
        prior = random_prior(model, random)
        answer = model.posterior(
            {spec.predicate: prior}, observed, seed=seed, options={"chains": 1, "sweeps": 1}
        )
        assert answer.possible.all()
        if not answer.report.extra["recognised"].all():
            continue  # the set of nodes fits several paths, or there is no path in this world
        recognised += 1
        assert answer.state is not None
        world = np.zeros_like(truth)
        count = 2 if spec.domain is None else len(spec.domain)
        states = answer.state.arrays["values"][0, 0][spec.choices]
        flat = world.reshape(-1)
        # Bernoulli choices: alternative 0 is true, "none" is false.
        places = spec.offsets // (1 if spec.domain is None else count)
        flat[places] = 1 - states if spec.domain is None else states
        want = labels_of(model, truth)[0]
        assert np.array_equal(labels_of(model, world)[0], want)
        posterior = answer[spec.predicate].reshape(-1)
        for place, offset in zip(places, spec.offsets, strict=True):
            tried = np.repeat(world, count, axis=0)
            tried.reshape(count, -1)[:, place] = range(count)
            same = (labels_of(model, tried) == want).all(axis=(1, 2))
            if spec.domain is None:
                p = np.array([1 - prior.reshape(-1)[place], prior.reshape(-1)[place]]) * same
                expected, got = p[1] / p.sum(), posterior[offset]
                assert got == pytest.approx(expected, abs=1e-12)
            else:
                p = prior.reshape(-1, count)[place] * same
                np.testing.assert_allclose(
                    posterior[offset : offset + count], p / p.sum(), atol=1e-12
                )
            compared += 1
    assert recognised >= 6
    assert compared > 40


@pytest.mark.parametrize(
    ("weights", "label"), [("both ways", "edges"), ("one way", "chain"), ("missing", "edges")]
)
@pytest.mark.parametrize("seed", range(2))
def test_posteriors(weights: str, label: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    program = emnesy.load(random_program(random, weights, label, 4))
    model, reference = program.compile(engine="gibbs"), program.compile(engine="enumerate")
    spec = model.interface.priors[0]
    truth = np.zeros_like(worlds(model, random, 1)) + (spec.domain is None)
    observed = model.predict({spec.predicate: truth})
    prior = random_prior(model, random)
    got = model.posterior({spec.predicate: prior}, observed, options={"sweeps": 20000})
    want = reference.posterior({spec.predicate: prior}, observed)
    assert got.report.extra["recognised"].all()
    error = 5 * np.sqrt(0.25 / got.report.extra["effective_samples"][0])
    assert error < 0.06
    np.testing.assert_allclose(got[spec.predicate], want[spec.predicate], atol=error)


def test_labels_that_no_path_has_are_proved_impossible() -> None:
    random = np.random.default_rng(0)
    program = emnesy.load(random_program(random, "both ways", "edges", 5))
    model = program.compile(engine="gibbs")
    observed = model.predict({"grade": worlds(model, random, 1)})
    used = np.asarray(observed["used"])
    used[...] = 0
    used[0, 0, 1] = 1
    answer = model.posterior({"grade": random_prior(model, random)}, {"used": used})
    reference = program.compile(engine="enumerate").posterior(
        {"grade": random_prior(model, random)}, {"used": used}
    )
    assert not reference.possible[0]
    assert not answer.possible[0]
    assert answer.report.extra["proved_impossible"][0]


def test_a_choice_of_several_roads_takes_the_general_way() -> None:
    """A path may take two roads of one choice: their conditionals are found by trying."""
    text = """
    0.3::kind(low); 0.5::kind(mid); 0.2::kind(high).
    price(low, 1). price(mid, 3). price(high, 9).
    nn(net[A, B], x, T, [low, mid, high]) :: grade(A, B, T) :- road(A, B).
    road(0, 2). road(2, 3). road(0, 3).
    cost(0, 1, W) :- kind(T), price(T, W).
    cost(1, 3, W) :- kind(T), price(T, W).
    cost(A, B, W) :- grade(A, B, T), price(T, W).
    dist(0, min<0>).
    dist(B, min<D + W>) :- dist(A, D), cost(A, B, W).
    from(B, argmin<A, D + W>) :- dist(A, D), cost(A, B, W).
    path(3). path(A) :- path(B), from(B, A).
    observe path/1.
    """
    program = emnesy.load(text)
    model = program.compile(engine="gibbs")
    assert not model.engine.recognises_paths
    random = np.random.default_rng(0)
    prior = random_prior(model, random)
    observed = {"path": np.array([[1, 1, 0, 1]])}
    got = model.posterior({"grade": prior}, observed, options={"sweeps": 4000})
    want = program.compile(engine="enumerate").posterior({"grade": prior}, observed)
    np.testing.assert_allclose(got["grade"], want["grade"], atol=0.05)
