"""`enumerate`, where floating point is at its end: by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import emnesy

IMPROBABLE = """
1e-200::a(1..2).
0.25::b.
c :- a(1), b.
c :- not b.
evidence(a(1)). evidence(a(2)).
observe c/0.
query(b).
query(a(1)).
"""
"""Both a's together: 1e-400, which float64 cannot hold."""


def test_improbable_evidence_is_not_impossible() -> None:
    model = emnesy.load(IMPROBABLE).compile("enumerate")
    assert model.query() == pytest.approx({"b": 0.25, "a(1)": 1.0})
    evidence = {"c": np.array([1, 0, -1])}
    answer = model.posterior(evidence=evidence)
    assert answer.possible.tolist() == [True, False, True]
    log_probability = 2 * math.log(1e-200)
    assert answer.log_likelihood == pytest.approx([log_probability, -1e30, log_probability])
    exact = emnesy.load(IMPROBABLE).compile("exact").posterior(evidence=evidence)
    assert answer.fixed == pytest.approx(exact.fixed)


@pytest.mark.parametrize("task", ["map", "sample"])
def test_worlds_of_improbable_evidence(task: str) -> None:
    model = emnesy.load(IMPROBABLE).compile("enumerate")
    alternatives, result = model.worlds(task, count=200, seed=3)
    assert result.possible.all()
    truth, _ = model.models(alternatives)
    names = [model.grounded.atom_text(atom) for atom in range(len(truth))]
    assert truth[names.index("a(1)")].all()
    assert truth[names.index("a(2)")].all()
    share = truth[names.index("b")].mean()
    assert share == 0 if task == "map" else abs(share - 0.25) < 5 * math.sqrt(0.25 * 0.75 / 200)


def test_weights_that_differ_beyond_floats() -> None:
    """Of two worlds the one that is visited first has 1e-400 of the other's probability."""
    model = emnesy.load("1e-200::a(1..2). :- a(1), not a(2). :- a(2), not a(1). query(a(1)).")
    assert model.compile("enumerate").query() == {"a(1)": 0.0}
    assert model.compile("enumerate").posterior().log_likelihood == pytest.approx([0], abs=1e-15)


def test_numbers_in_improbable_worlds() -> None:
    text = "1e-200::a(1..2). 0.5::b(1..2). evidence(a(1)). evidence(a(2)). query(n(N))."
    rules = "n(count<X>) :- a(X). n(count<X>) :- b(X)."
    answers = emnesy.load(f"{text} {rules}").compile("enumerate").query()
    assert {atom: p for atom, p in answers.items() if p > 0} == pytest.approx(
        {"n(2)": 0.25, "n(3)": 0.5, "n(4)": 0.25}
    )
