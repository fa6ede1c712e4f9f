"""`bp` on programs whose loops are small: as exact as `enumerate`, in two passes."""

from __future__ import annotations

import numpy as np
import pytest

import emnesy
from emnesy.pipeline import STAGES
from engine.random_cases import ask
from engine.random_models import Batch, random_batch

DIAMOND = """
0.6::start. 0.7::p. 0.4::q. 0.8::r.
left :- start, p.   right :- start, q.   right :- r.
end :- left, right.  far :- end.
seen :- left, not right.
observe end/0. observe seen/0.
query(start). query(left). query(far).
"""

TRIANGLE = """
corner(0..2).
nn(net, picture(I), C, 0..3) :: colour(I, C) :- corner(I).
0.1::exempt(I, J) :- corner(I), corner(J), I < J.
:- colour(I, C), colour(J, C), I < J, not exempt(I, J).
observe colour/2.
query(colour(_, 0)).
"""

NOISY_OR = """
0.2::cause(0..4).
strength(0, 0.9). strength(1, 0.5). strength(2, 0.3). strength(3, 0.8). strength(4, 0.6).
linked(S, C) :- S in 0..2, C in 0..4, (S + C) mod 3 =\\= 0.
P::works(S, C) :- linked(S, C), strength(C, P).
symptom(S) :- cause(C), works(S, C).
observe symptom/1.
query(cause(_)).
"""

SPRINKLER = """
0.5::cloudy.
0.1::sprinkler :- cloudy.      0.5::sprinkler :- not cloudy.
0.8::rain :- cloudy.           0.2::rain :- not cloudy.
0.99::wet :- sprinkler, rain.  0.9::wet :- sprinkler, not rain.  0.9::wet :- not sprinkler, rain.
observe wet/0.
query(rain). query(sprinkler). query(cloudy).
"""

SUMS = """
0.3::a(0..3).  0.5::b(0..3).
c(I) :- a(I), b(I).
number(count<I>) :- c(I).
other(count<I>) :- a(I).
query(number(_)). query(other(_)).
:- number(N), other(N), N > 2.
"""

LOOPY = {
    "diamond": DIAMOND,
    "triangle": TRIANGLE,
    "noisy-or": NOISY_OR,
    "sprinkler": SPRINKLER,
    "sums": SUMS,
}

EXAMPLES = 12


def batch_of(model: emnesy.CompiledProgram) -> Batch:
    """Random priors; labels of random worlds, some of them missing and some wrong."""
    return random_batch(model, np.random.default_rng(1), EXAMPLES)


@pytest.mark.parametrize("structured", [True, False])
@pytest.mark.parametrize("name", LOOPY)
def test_small_loops_are_answered_exactly(name, structured):
    program = emnesy.load(LOOPY[name])
    options = {"structured": structured}
    assert not program.compile("bp", options={**options, "cluster": 0}).engine.exact
    model, oracle = program.compile("bp", options=options), program.compile("enumerate")
    assert model.engine.exact
    batch = batch_of(oracle)
    got, want = ask(model, batch), ask(oracle, batch)
    assert got.report.exact
    assert got.report.converged.all()
    np.testing.assert_array_equal(got.possible, want.possible)
    assert want.possible.any()
    np.testing.assert_allclose(got.log_evidence, want.log_evidence, atol=1e-9)
    np.testing.assert_allclose(got.queries, want.queries, atol=1e-9)
    for ours, theirs in zip(got.posteriors, want.posteriors, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("name", LOOPY)
def test_the_same_bits_for_any_number_of_threads(name):
    model = emnesy.load(LOOPY[name]).compile("bp")
    batch = batch_of(model)
    for task in ("marginals", "map", "sample"):
        one = ask(model, batch, task=task, threads=1, seed=4)
        for threads in (2, 4):
            many = ask(model, batch, task=task, threads=threads, seed=4)
            assert many.queries.tobytes() == one.queries.tobytes()
            assert many.log_evidence.tobytes() == one.log_evidence.tobytes()


def test_a_thousand_diamonds_one_after_the_other():
    program = emnesy.load(
        "const n = 1000.\n0.5::a(0).\n"
        "0.8::p(0..n-1). 0.9::q(0..n-1). 0.9::r(0..n-1). 0.95::s(0..n-1). 0.001::more(1..n).\n"
        "b(I) :- a(I), p(I).\nc(I) :- a(I), q(I).\n"
        "a(I+1) :- b(I), r(I).\na(I+1) :- c(I), s(I).\na(I) :- more(I).\nquery(a(n)).\n"
    )
    model = program.compile("bp")
    assert model.engine.exact
    assert model.engine.clusters == 1000
    probability = 0.5
    for _ in range(1000):
        passed = 1 - (1 - 0.8 * 0.9) * (1 - 0.9 * 0.95)
        probability = 1 - (1 - probability * passed) * (1 - 0.001)
    assert model.query()["a(1000)"] == pytest.approx(probability, rel=1e-9)


def test_without_clusters_loops_stay_and_the_report_says_so():
    model = emnesy.load(DIAMOND).compile("bp", options={"cluster": 0})
    answer = ask(model, batch_of(model))
    assert not answer.report.exact
    assert (answer.report.iterations > 1).any()
    assert model.engine.clusters == 0


def test_a_budget_too_small_leaves_the_loop_or_takes_no_more_than_the_tables_have():
    program = emnesy.load(TRIANGLE)
    assert not program.compile("bp", options={"cluster": 1}).engine.exact
    assert program.compile("bp", options={"cluster": 2000}).engine.exact


def test_the_option_belongs_to_the_compiled_program():
    model = emnesy.load(DIAMOND).compile("bp")
    with pytest.raises(emnesy.EngineError, match="`cluster` of engine `bp` cannot change"):
        model.posterior(options={"cluster": 7})
    with pytest.raises(emnesy.EngineError, match="cluster"):
        emnesy.load(DIAMOND).compile("bp", options={"cluster": -1})


def test_the_dump_shows_what_was_clustered():
    text = STAGES["graph"](emnesy.load(SPRINKLER))
    assert "cluster 0: factors" in text
    assert "(cloudy; " in text
    text = STAGES["graph"](emnesy.load(SPRINKLER + ":- engine(bp, cluster=0).\n"))
    assert "cluster 0" not in text


def test_sudoku_stays_twenty_seven_all_different_factors():
    program = emnesy.load("programs/visual_sudoku.nesy")
    text = STAGES["graph"](program)
    assert text.count("gated all different(") == 27
    assert "cluster" not in text
    model = program.compile("bp")
    assert (model.engine.exact, model.engine.clusters) == (False, 0)
