"""Large graphs: several threads share one example. As from float64 loops, and always the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import emnesy

from .chain import forward_backward, make_batch

TOTALS = """
const n = 2500.
nn(step_net, image(I), D, 0..9) :: step(I, D) :- I in 0..n-1.
total(0, 0).
total(I + 1, (T + D) mod 10) :- step(I, D), total(I, T).
observe total/2.
"""

COLOURING = """
const side = 45.
cell(0..side-1, 0..side-1).
nn(colour_net, image(R, C), K, 0..3) :: colour(R, C, K) :- cell(R, C).
:- colour(R, C, K), S is R + 1, colour(S, C, K).
:- colour(R, C, K), D is C + 1, colour(R, D, K).
observe colour/3.
"""


def with_any_threads(model, *given, **options):
    """The answer with one thread, after making sure that those with more have the same bits."""
    one = model.posterior(*given, threads=1, **options)
    for threads in (2, 4):
        many = model.posterior(*given, threads=threads, **options)
        for name, posterior in one.items():
            assert many[name].tobytes() == posterior.tobytes(), (name, threads)
        assert many.log_likelihood.tobytes() == one.log_likelihood.tobytes(), threads
        if one.state is not None:
            for name, array in one.state.arrays.items():
                assert many.state.arrays[name].tobytes() == array.tobytes(), (name, threads)
        assert many.report.residual.tobytes() == one.report.residual.tobytes(), threads
    return one


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_long_addition(addition, dtype):
    n = 2500
    priors, _, sums = make_batch(n, 1, seed=4, concentration=1)
    answer = with_any_threads(addition(n), {"digit": priors.astype(dtype)}, {"sum": sums})
    posterior, log_z = forward_backward(priors[0], sums[0])
    tolerance = 1e-5 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(answer["digit"][0], posterior, atol=tolerance)
    np.testing.assert_allclose(answer.log_likelihood[0], log_z, rtol=tolerance)


@pytest.mark.parametrize("task", ["map", "sample"])
def test_worlds_of_a_long_addition(addition, task):
    n = 2500
    priors, _, sums = make_batch(n, 3, seed=5, concentration=1)
    sums[0, 100:1900] = -1
    given = {"digit": priors}, {"sum": sums}
    answer = with_any_threads(addition(n), *given, task=task, seed=6)
    digits = answer["digit"].argmax(-1)
    np.testing.assert_array_equal(answer["digit"].sum(-1), 1)
    carry = np.zeros(3, np.int64)
    for i in range(n):
        total = digits[:, 0, i] + digits[:, 1, i] + carry
        assert ((sums[:, i] < 0) | (total % 10 == sums[:, i])).all()
        carry = total // 10
    assert (carry == sums[:, n]).all()


def test_a_long_chain_of_totals():
    model = emnesy.load(TOTALS).compile("bp")
    assert model.engine.exact
    rng = np.random.default_rng(7)
    priors = rng.dirichlet(np.full(10, 0.3), (3, 2500))
    labels = np.full((3, 2501), -1)
    labels[:, ::400] = rng.integers(0, 10, (3, 7))
    labels[:, 0] = 0
    answer = with_any_threads(model, {"step": priors}, {"total": labels})
    turn = (
        np.arange(10)[None, :] - np.arange(10)[:, None]
    ) % 10  # the step from a total to the next
    for b in range(3):  # forwards and backwards, from the definition
        seen = np.where(labels[b, :, None] < 0, 1.0, labels[b, :, None] == np.arange(10))
        forward = [seen[0] * (np.arange(10) == 0)]
        log_z = 0.0
        for i in range(2500):
            message = seen[i + 1] * (forward[-1] @ priors[b, i][turn])
            log_z += np.log(message.sum())
            forward.append(message / message.sum())
        np.testing.assert_allclose(answer.log_likelihood[b], log_z, rtol=1e-10)
        backward = np.ones(10)
        for i in reversed(range(2500)):
            pairs = forward[i][:, None] * priors[b, i][turn] * (seen[i + 1] * backward)
            steps = np.bincount(turn.ravel(), pairs.ravel(), 10)
            np.testing.assert_allclose(answer["step"][b, i], steps / steps.sum(), atol=1e-10)
            backward = priors[b, i][turn] @ (seen[i + 1] * backward)
            backward /= backward.sum()


@pytest.mark.parametrize("schedule", ["flooding", "sequential", "residual"])
def test_a_large_grid(schedule):
    model = emnesy.load(COLOURING).compile("bp")
    assert not model.engine.exact
    rng = np.random.default_rng(8)
    priors = rng.dirichlet(np.full(4, 2.0), (5, 45, 45))
    labels = np.full((5, 45, 45), -1)
    labels[:, ::7, ::9] = rng.integers(0, 4, labels[:, ::7, ::9].shape)
    options = {"schedule": schedule, "max_iterations": 8, "warm_start": True}
    for dtype in (np.float32, np.float64):
        answer = with_any_threads(
            model, {"colour": priors.astype(dtype)}, {"colour": labels}, options=options
        )
        np.testing.assert_allclose(answer["colour"].sum(-1), 1, atol=1e-5)
        assert answer.possible.all()
        assert answer.state is not None
