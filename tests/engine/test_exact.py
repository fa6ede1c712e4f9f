"""`exact`: refusals, options, what the report says, wide sums, cycles that no enumeration reaches."""

from __future__ import annotations

import math

import numpy as np
import pytest

import emnesy
from emnesy.engine.exact import OPTIONS, SINGLE_ROWS

PERMUTATION = """
const n = 4.
item(0..n-1).
nn(net, image(I), V, 1..n) :: value(I, V) :- item(I).
:- value(I, V), value(J, V), I < J.
"""
"""Priors over permutations: the posterior of value(i, v) is a ratio of permanents."""


def permanent(matrix: np.ndarray) -> float:
    """By Ryser's formula (1963), float64."""
    n = len(matrix)
    total = 0.0
    for subset in range(1, 1 << n):
        columns = [c for c in range(n) if subset >> c & 1]
        total += (-1) ** (n - len(columns)) * float(np.prod(matrix[:, columns].sum(axis=1)))
    return total


def permutation_posterior(prior: np.ndarray) -> np.ndarray:
    n = len(prior)
    rest = [[np.delete(np.delete(prior, i, 0), v, 1) for v in range(n)] for i in range(n)]
    minors = np.array([[permanent(m) for m in row] for row in rest])
    return prior * minors / permanent(prior)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_permutations(dtype: type) -> None:
    """7! = 5,040 joint values: sums so wide that float32 priors are summed in float64."""
    model = emnesy.load(PERMUTATION, consts={"n": 7}).compile("exact")
    assert model.engine.exact
    random = np.random.default_rng(3)
    prior = random.dirichlet(np.ones(7), (3, 7)).astype(dtype)
    answer = model.posterior({"value": prior})
    figures = answer.report.extra["junction_tree"]
    assert figures["entries"] >= figures["largest"] >= SINGLE_ROWS
    assert answer.report.exact
    assert answer["value"].dtype == dtype
    assert answer.log_likelihood.dtype == dtype
    for got, given in zip(answer["value"], prior.astype(float), strict=True):
        np.testing.assert_allclose(
            got, permutation_posterior(given), atol=1e-12 if dtype == np.float64 else 2e-7
        )


def test_impossible_examples_hold_their_prior_to_the_bit() -> None:
    model = emnesy.load(PERMUTATION, consts={"n": 7}).compile("exact")
    prior = np.random.default_rng(4).dirichlet(np.ones(7), (2, 7)).astype(np.float32)
    prior[1, :2] = np.eye(7, dtype=np.float32)[3]  # two items that must have the same value
    answer = model.posterior({"value": prior})
    assert answer.possible.tolist() == [True, False]
    np.testing.assert_array_equal(answer["value"][1], prior[1])


def test_refusal_says_what_it_would_take_and_who_can() -> None:
    with pytest.raises(emnesy.EngineError) as refusal:
        emnesy.load(PERMUTATION, consts={"n": 14}).compile("exact")
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.code == "E0706"
    assert "1,048,576" in diagnostic.message
    assert "10^" in diagnostic.message
    assert "`bp`" in (diagnostic.help or "")
    assert "`budget`" in (diagnostic.help or "")


def test_budget_is_an_option_of_the_compilation() -> None:
    program = emnesy.load(PERMUTATION, consts={"n": 6})
    with pytest.raises(emnesy.EngineError, match="budget of 500 "):
        program.compile("exact", options={"budget": 500})
    model = program.compile("exact", options={"budget": 2000})
    prior = model.uniform_priors()
    assert model.posterior(prior).possible.all()
    with pytest.raises(emnesy.EngineError, match="budget of 10 "):
        model.posterior(prior, options={"budget": 10})
    with pytest.raises(emnesy.EngineError, match="no option `damping`"):
        program.compile("exact", options={"damping": 0.5})
    with pytest.raises(emnesy.EngineError, match="at least 1"):
        program.compile("exact", options={"restarts": 0})


def test_budget_in_the_program() -> None:
    text = ":- engine(exact, budget=500).\n" + PERMUTATION
    with pytest.raises(emnesy.EngineError, match="budget of 500 "):
        emnesy.load(text, consts={"n": 6}).compile()
    assert emnesy.load(text, consts={"n": 5}).compile().engine.name == "exact"
    assert set(OPTIONS) == {"budget", "restarts"}


def test_map_and_samples_are_joint() -> None:
    model = emnesy.load(PERMUTATION, consts={"n": 5}).compile("exact")
    random = np.random.default_rng(5)
    prior = random.dirichlet(np.ones(5), (50, 5))
    for task in ("map", "sample"):
        worlds = model.posterior({"value": prior}, task=task, seed=1)["value"]
        np.testing.assert_array_equal(worlds.sum(axis=1), 1.0)
        np.testing.assert_array_equal(worlds.sum(axis=2), 1.0)


GRID = """
const n = 4.
node(0..n-1, 0..n-1).
0.5 :: edge(X, Y, X2, Y) :- node(X, Y), X2 is X + 1, X2 < n.
0.5 :: edge(X, Y, X, Y2) :- node(X, Y), Y2 is Y + 1, Y2 < n.
linked(A, B, C, D) :- edge(A, B, C, D).
linked(A, B, C, D) :- edge(C, D, A, B).
reach(0, 0).
reach(C, D) :- reach(A, B), linked(A, B, C, D).
query(reach(n-1, n-1)).
"""
"""Two-terminal reliability of a grid: 24 undirected edges, 16 million worlds, one large cycle."""


def grid_reliability(n: int) -> float:
    """By a set of frontier partitions, row by row of nodes: a dynamic programme of another kind."""
    edges = [((x, y), (x + 1, y)) for x in range(n - 1) for y in range(n)]
    edges += [((x, y), (x, y + 1)) for x in range(n) for y in range(n - 1)]
    edges.sort(key=max)
    last = {node: i for i, edge in enumerate(edges) for node in edge}
    goal, start = (n - 1, n - 1), (0, 0)
    states: dict[tuple[tuple[tuple[int, int], ...], ...], float] = {((start,),): 1.0}
    for i, edge in enumerate(edges):
        following: dict[tuple[tuple[tuple[int, int], ...], ...], float] = {}
        for state, p in states.items():
            for is_open in (True, False):
                blocks = [set(b) for b in state]
                for node in edge:
                    if not any(node in b for b in blocks):
                        blocks.append({node})
                if is_open:
                    joined = [b for b in blocks if b & set(edge)]
                    blocks = [b for b in blocks if not b & set(edge)] + [set().union(*joined)]
                kept = [
                    tuple(sorted(m for m in b if last[m] > i or m in (start, goal))) for b in blocks
                ]
                key = tuple(sorted(b for b in kept if b))
                following[key] = following.get(key, 0.0) + p / 2
        states = following
    return sum(p for state, p in states.items() if any({start, goal} <= set(b) for b in state))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_undirected_reachability_beyond_enumeration(n: int) -> None:
    model = emnesy.load(GRID, consts={"n": n}).compile("exact")
    (probability,) = model.query().values()
    assert probability == pytest.approx(grid_reliability(n), abs=1e-12)


def test_a_refusal_names_only_engines_that_can_take_the_program() -> None:
    with pytest.raises(emnesy.EngineError) as refusal:
        emnesy.load(GRID).compile("exact", options={"budget": 10})
    assert "`bp`" not in (refusal.value.diagnostics[0].help or "")


COINS = """
const n = 40.
P :: head(C) :- C in 1..n, P is C / 100.
heads(count<C>) :- head(C).
worth(sum<C>) :- head(C).
many :- heads(N), N >= 20.
least(min<C>) :- head(C).
first(argmin<C, V>) :- head(C), V is (C * 7) mod n.
gap(N) :- heads(H), least(L), N is H - L.
query(heads(_)). query(many). query(first(_)).
"""
"""2^40 worlds, but no number of more than 820 values."""


def count_distribution(probabilities: np.ndarray) -> np.ndarray:
    distribution = np.ones(1)
    for p in probabilities:
        distribution = np.convolve(distribution, [1 - p, p])
    return distribution


def test_computed_numbers_beyond_enumeration() -> None:
    model = emnesy.load(COINS).compile("exact")
    answers = model.query()
    p = np.arange(1, 41) / 100
    want = count_distribution(p)
    for heads in range(1, 41):
        assert answers[f"heads({heads})"] == pytest.approx(want[heads], rel=1e-9, abs=1e-15)
    assert "heads(0)" not in answers  # no group, no atom
    assert answers["many"] == pytest.approx(want[20:].sum(), rel=1e-9)
    order = sorted(range(1, 41), key=lambda c: ((c * 7) % 40, c))
    nobody = 1.0
    for coin in order:  # wins where it shows heads and none of those before it does
        assert answers[f"first({coin})"] == pytest.approx(nobody * p[coin - 1], rel=1e-9)
        nobody *= 1 - p[coin - 1]


def test_evidence_on_a_sum() -> None:
    """p(head(c) | total), by the distribution of the total with and without the coin."""
    text = COINS.replace("query(first(_)).", "query(head(3)). evidence(heads(5)).")
    p = np.arange(1, 41) / 100
    others = count_distribution(np.delete(p, 2))
    want = p[2] * others[4] / count_distribution(p)[5]
    assert emnesy.load(text).compile("exact").query()["head(3)"] == pytest.approx(want, rel=1e-9)


def test_numbers_that_depend_on_themselves_are_refused() -> None:
    text = """
    0.5::road(a, b). 0.5::road(b, c). 0.5::road(c, b).
    dist(a, min<0>).
    dist(Y, min<D + 1>) :- dist(X, D), road(X, Y).
    query(dist(c, _)).
    """
    with pytest.raises(emnesy.EngineError, match="depends on itself") as refusal:
        emnesy.load(text).compile("exact")
    assert "`enumerate`" in (refusal.value.diagnostics[0].help or "")
    assert emnesy.load(text).compile("auto").engine.name == "enumerate"


def test_hundreds_of_events_in_one_factor() -> None:
    """Each count of 700 coins is asked for: binomial, p(k) = C(700, k) / 2^700."""
    coins = "".join(f"0.5::coin({i}). " for i in range(700))
    program = emnesy.load(coins + "heads(count<C>) :- coin(C). query(heads(_)).")
    for engine in ("exact", "auto"):
        answers = program.compile(engine).query()
        want = {f"heads({k})": math.comb(700, k) / 2**700 for k in range(1, 701)}
        assert answers == pytest.approx(want, abs=1e-12)
