"""The bounds of the log-evidence: exact answers lie within them, and so does what runaway messages give."""

from __future__ import annotations

import numpy as np
import pytest

import emnesy
from emnesy.engine.bounds import EvidenceBounds

LOOPS = """
const n = 3.
nn(net, x(I, J), D, 1..n) :: holds(I, J, D) :- I in 0..n-1, J in 0..n-1.
0.3::quiet; 0.2::loud.
:- holds(I, J, D), holds(I, K, D), J < K.
:- holds(J, I, D), holds(K, I, D), J < K.
ok :- quiet.
ok :- holds(1, 1, 1), loud.
observe ok/0.
"""


def test_exact_log_evidence_lies_within_the_bounds() -> None:
    program = emnesy.load(LOOPS)
    model = program.compile("enumerate")
    bounds = EvidenceBounds(program.tables.graph, program.interface)
    rng = np.random.default_rng(0)
    priors = rng.dirichlet(np.full(3, 0.2), (200, 3, 3))
    answer = model.posterior({"holds": priors}, {"ok": np.arange(200) % 2})
    blocks = (priors.reshape(200, 27), program.interface.fixed)
    kept = bounds.clip(answer.log_likelihood, answer.possible, blocks)
    np.testing.assert_array_equal(kept, answer.log_likelihood)


def test_the_least_probable_world_by_hand() -> None:
    program = emnesy.load(
        "nn(net, x, D, 0..1) :: d(D).\n0.2::a; 0.3::b.\nobserve a/0. observe d/1."
    )
    bounds = EvidenceBounds(program.tables.graph, program.interface)
    blocks = (np.array([[0.0, 1.0], [0.25, 0.75]]), program.interface.fixed)
    found = bounds.clip(np.array([-1e9, -1e9]), np.array([True, True]), blocks)
    # d has one possible value, or one of 0.25; a (0.2) is less probable than b and than neither (0.5).
    np.testing.assert_allclose(found, np.log([0.2, 0.25 * 0.2]))
    assert bounds.clip(np.array([3.0, -1e30]), np.array([True, False]), blocks).tolist() == [
        0,
        -1e30,
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_messages_that_run_away_leave_a_log_evidence_within_the_bounds(dtype: type) -> None:
    program = emnesy.load("""
const n = 9.
nn(net, x(I, J), D, 1..n) :: holds(I, J, D) :- I in 0..n-1, J in 0..n-1.
:- holds(I, J, D), holds(I, K, D), J < K.
:- holds(J, I, D), holds(K, I, D), J < K.
""")
    rng = np.random.default_rng(1)
    logits = 4 * rng.standard_normal((32, 9, 9, 9))
    p = np.exp(logits - logits.max(-1, keepdims=True))
    priors = (p / p.sum(-1, keepdims=True)).astype(dtype)
    answer = program.compile("bp").posterior({"holds": priors})
    log_evidence = np.asarray(answer.log_likelihood)
    least = np.log(priors.astype(np.float64).min(-1)).sum((1, 2))
    assert not answer.report.converged.all()
    assert answer.possible.all()
    assert (log_evidence <= 0).all()
    assert (log_evidence >= least - 1e-3).all()
    q = np.asarray(answer["holds"])
    assert np.isfinite(q).all()
    np.testing.assert_allclose(q.sum(-1), 1, atol=1e-4)
