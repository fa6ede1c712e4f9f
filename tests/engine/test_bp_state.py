"""`bp` on graphs with loops, from the messages of an earlier call."""

from __future__ import annotations

import numpy as np
import pytest

import emnesy
from emnesy.engine.base import EngineState

PROGRAM = """
0.6::a(0). 0.4::a(1). 0.7::a(2). 0.5::a(3). 0.2::noise(0..3).
:- a(I), not a(J), not noise(I), J is (I + 1) mod 4.
:- engine(bp, warm_start=true, cluster=0).
"""


@pytest.fixture(scope="module")
def model():
    model = emnesy.load(PROGRAM).compile()
    assert model.engine.name == "bp"
    assert not model.engine.exact
    return model


def test_from_the_fixed_point_it_converges_at_once(model):
    cold = model.posterior()
    assert cold.state.engine == "bp"
    assert cold.state.arrays["messages"].dtype == np.float64
    warm = model.posterior(state=cold.state)
    assert cold.report.iterations[0] > 3
    assert warm.report.iterations[0] <= 2
    assert warm.report.converged[0]
    np.testing.assert_allclose(warm.fixed, cold.fixed, atol=1e-5)
    np.testing.assert_allclose(warm.log_likelihood, cold.log_likelihood, atol=1e-5)


def test_messages_are_returned_where_asked_for_and_where_there_are_loops(model):
    assert model.posterior(options={"warm_start": False}).state is None
    tree = emnesy.load("0.3::a. b :- a.\n:- engine(bp, warm_start=true).\n").compile()
    assert tree.posterior().state is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m[:, :-1],
        lambda m: np.concatenate([m, m]),
        lambda m: m.astype(np.float32),
        lambda m: np.where(m == m.max(), np.nan, m),
        lambda m: -m,
        lambda m: m + 1,
    ],
)
def test_messages_that_are_none_are_refused(model, spoil):
    messages = spoil(model.posterior().state.arrays["messages"])
    with pytest.raises(emnesy.EngineError, match="E0709"):
        model.posterior(state=EngineState("bp", {"messages": messages}))


def test_a_state_of_another_engine_is_refused(model):
    with pytest.raises(emnesy.EngineError, match="gibbs"):
        model.posterior(state=EngineState("gibbs", model.posterior().state.arrays))


def test_warm_start_is_a_truth_value(model):
    with pytest.raises(emnesy.EngineError, match="warm_start"):
        model.posterior(options={"warm_start": 1})
    with pytest.raises(emnesy.EngineError, match="max_iterations"):
        model.posterior(options={"max_iterations": True})
