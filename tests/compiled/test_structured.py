"""Structured factors through whole programs, where tables would be too large to be right by accident."""

from __future__ import annotations

from collections import Counter
from math import comb

import numpy as np
import pytest

import emnesy
from emnesy.graph.lowering import lower_folds


def kinds(program: emnesy.Program) -> Counter[str]:
    graph = lower_folds(program.ground, program.dependencies, program.interface).graph
    return Counter(graph.factor_kind)


def test_a_count_of_sixty_is_binomial():
    program = emnesy.load(
        "voter(1..60).\n0.3::yes(V) :- voter(V).\nvotes(count<V>) :- yes(V).\nquery(votes(_)).\n"
    )
    assert kinds(program)["sum"] == 1
    model = program.compile("bp")
    assert model.engine.exact
    answers = model.query()
    for k in range(1, 61):
        expected = comb(60, k) * 0.3**k * 0.7 ** (60 - k)
        assert answers[f"votes({k})"] == pytest.approx(expected, rel=1e-10)


def test_the_greatest_of_thirty_dice():
    program = emnesy.load(
        "die(1..30).\nface(1..6).\n"
        "1/6::roll(D,1); 1/6::roll(D,2); 1/6::roll(D,3); "
        "1/6::roll(D,4); 1/6::roll(D,5); 1/6::roll(D,6) :- die(D).\n"
        "best(max<F>) :- roll(D, F).\ntotal(sum<F>) :- roll(D, F).\nquery(best(_)).\n"
    )
    found = kinds(program)
    assert found["maximum"] == 1
    answers = program.compile("bp").query()
    for face in range(1, 7):
        expected = (face / 6) ** 30 - ((face - 1) / 6) ** 30
        assert answers[f"best({face})"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("structured", [True, False])
def test_sudoku_with_recognition_and_without(structured: bool):
    program = emnesy.load("programs/visual_sudoku.nesy", {"size": 4, "box": 2})
    model = program.compile("bp", options={"structured": structured})
    random = np.random.default_rng(5)
    prior = random.dirichlet(np.ones(4), size=(6, 4, 4))
    answer = model.posterior({"holds": prior}, {"valid": np.array([1, 1, 0, 0, -1, -1])})
    assert np.isfinite(answer["holds"]).all()
    np.testing.assert_allclose(answer["holds"].sum(-1), 1, atol=1e-9)
    np.testing.assert_allclose(answer["holds"][4:], prior[4:], atol=1e-6 if structured else 0.2)
