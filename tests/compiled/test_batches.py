"""Large batches, which are computed in bundles, against float64 loops and against one example at a time."""

from __future__ import annotations

import numpy as np
import pytest

import emnesy
from emnesy.engine.base import LOG_ZERO

from .chain import forward_backward, make_batch

COLOURS = """
node(0..5).
edge(I, J) :- node(I), node(J), J =:= (I + 1) mod 6.
edge(0, 3).  edge(1, 4).
nn(net, picture(I), C, 0..2) :: colour(I, C) :- node(I).
:- edge(I, J), colour(I, C), colour(J, C).
observe colour/2.
"""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_of_all_kinds(addition, dtype):
    """Ordinary, unobserved, partly observed, near-impossible and impossible labels, side by side."""
    n, batch = 15, 107
    priors, _, sums = make_batch(n, batch, seed=3)
    sums[::7] = -1
    sums[1::7, 3:9] = -1
    sums[2::7, :n] = 9  # 1999...9: more than two numbers of n digits make
    sums[2::7, n] = 1
    priors[3::7] = np.where(np.arange(10) == 9, 1.0, 1e-30)  # all nines, and the sum says zero
    sums[3::7] = 0
    priors = priors.astype(dtype)
    answer = addition(n).posterior({"digit": priors}, {"sum": sums})
    rows = np.arange(batch)
    np.testing.assert_array_equal(answer.possible, rows % 7 != 2)
    assert np.isfinite(answer["digit"]).all()
    np.testing.assert_array_equal(answer["digit"][2::7], priors[2::7])
    assert (answer.log_likelihood[2::7] == dtype(LOG_ZERO)).all()
    np.testing.assert_allclose(answer["digit"][::7], priors[::7], atol=1e-6)
    np.testing.assert_allclose(answer["digit"][3::7, :, :, 0], 1, atol=1e-6)
    np.testing.assert_allclose(answer.log_likelihood[3::7], 2 * n * np.log(1e-30), rtol=1e-6)
    for b in rows[4::7]:
        posterior, log_z = forward_backward(priors[b].astype(np.float64), sums[b])
        np.testing.assert_allclose(
            answer["digit"][b], posterior, atol=1e-6 if dtype == np.float32 else 1e-12
        )
        np.testing.assert_allclose(answer.log_likelihood[b], log_z, rtol=1e-6, atol=1e-6)
    for b in (0, 1, 2, 3, 50, batch - 1):
        one = addition(n).posterior({"digit": priors[b : b + 1]}, {"sum": sums[b : b + 1]})
        np.testing.assert_allclose(answer["digit"][b], one["digit"][0], atol=2e-6)
        np.testing.assert_allclose(
            answer.log_likelihood[b], one.log_likelihood[0], rtol=1e-6, atol=1e-6
        )


@pytest.mark.parametrize("structured", [True, False])
@pytest.mark.parametrize("schedule", ["sequential", "flooding"])
def test_loopy_batches(structured, schedule):
    program = emnesy.load(COLOURS)
    model = program.compile("bp", options={"structured": structured, "cluster": 0})
    assert not model.engine.exact
    rng = np.random.default_rng(5)
    priors = rng.dirichlet(np.ones(3), (100, 6))
    labels = np.full((100, 6), -1)
    labels[::2, 1] = rng.integers(0, 3, 50)
    options = {"schedule": schedule, "tolerance": 1e-9, "max_iterations": 2000, "damping": 0.3}
    many = model.posterior({"colour": priors}, {"colour": labels}, options=options)
    settled = np.flatnonzero(many.report.converged)
    assert len(settled) > 90
    for b in settled[::9]:
        one = model.posterior(
            {"colour": priors[b : b + 1]}, {"colour": labels[b : b + 1]}, options=options
        )
        np.testing.assert_allclose(many["colour"][b], one["colour"][0], atol=1e-6)
        np.testing.assert_allclose(many.log_likelihood[b], one.log_likelihood[0], atol=1e-6)


def test_the_same_bits_for_any_number_of_threads(addition):
    priors, _, sums = make_batch(15, 203, seed=8)
    priors = priors.astype(np.float32)
    one = addition(15).posterior({"digit": priors}, {"sum": sums}, threads=1)
    for threads in (2, 4):
        many = addition(15).posterior({"digit": priors}, {"sum": sums}, threads=threads)
        assert many["digit"].tobytes() == one["digit"].tobytes()
        assert many.log_likelihood.tobytes() == one.log_likelihood.tobytes()
