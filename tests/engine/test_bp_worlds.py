"""`map` and `sample` of `bp` on graphs with loops: worlds that the constraints allow, and said so."""

from __future__ import annotations

import numpy as np
import pytest

import emnesy

COLOURING = """
node(0..5).
1/3::colour(N, red) ; 1/3::colour(N, green) ; 1/3::colour(N, blue) :- node(N).
:- colour(I, C), colour(J, C), J is (I + 1) mod 6.
:- colour(0, C), colour(3, C).
:- engine(bp, damping=0.2, cluster=0).
"""


@pytest.mark.parametrize("task", ["map", "sample"])
def test_a_proper_colouring_is_found(task):
    model = emnesy.load(COLOURING).compile()
    assert not model.engine.exact
    for seed in range(5):
        answer = model.posterior(task=task, seed=seed)
        assert not answer.report.exact
        assert answer.report.extra["consistent"].tolist() == [True]
        colours = answer.fixed.reshape(6, 3).argmax(1)
        assert answer.fixed.sum() == 6
        assert (colours != np.roll(colours, -1)).all()
        assert colours[0] != colours[3]


def test_marginals_and_trees_say_nothing_of_it():
    model = emnesy.load(COLOURING).compile()
    assert "consistent" not in model.posterior().report.extra
    tree = emnesy.load("0.3::a. b :- a.\n:- engine(bp).\n").compile()
    assert "consistent" not in tree.posterior(task="map").report.extra
