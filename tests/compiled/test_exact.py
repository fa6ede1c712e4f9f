"""Posteriors and likelihoods of the compiled addition program against independent answers."""

import numpy as np
import pytest
import torch

import emnesy

from .chain import forward_backward, make_batch


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bp_equals_enumeration(addition, n, dtype):
    priors, _, sums = make_batch(n, 8, seed=n)
    sums[0, 0] = -1  # partly observed
    sums[1] = -1  # not observed at all
    given = {"digit": priors.astype(dtype)}
    exact = addition(n, "enumerate").posterior({"digit": priors}, {"sum": sums})
    answer = addition(n).posterior(given, {"sum": sums})
    assert answer["digit"].dtype == dtype
    assert answer.report.exact
    np.testing.assert_allclose(answer["digit"], exact["digit"], atol=1e-6)
    np.testing.assert_allclose(answer.log_likelihood, exact.log_likelihood, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n", [4, 15, 100])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bp_equals_forward_backward(addition, n, dtype):
    """float32 is allowed 1e-5 at 100 digits: a thousand roundings of 6e-8."""
    priors, _, sums = make_batch(n, 5, seed=n)
    answer = addition(n).posterior({"digit": priors.astype(dtype)}, {"sum": sums})
    for b in range(len(sums)):
        posterior, log_z = forward_backward(priors[b], sums[b])
        np.testing.assert_allclose(answer["digit"][b], posterior, atol=1e-5)
        np.testing.assert_allclose(answer.log_likelihood[b], log_z, rtol=1e-5)


@pytest.mark.parametrize("task", ["map", "sample"])
def test_joint_answers_agree_with_the_label(addition, task):
    """A most probable world and a sample are worlds: their digits add up to the observed sum."""
    priors, _, sums = make_batch(3, 20, seed=5)
    model = addition(3)
    world = model.posterior({"digit": priors}, {"sum": sums}, task=task, seed=3)["digit"]
    assert set(np.unique(world)) == {0.0, 1.0}
    np.testing.assert_array_equal(model.predict({"digit": world.argmax(-1)})["sum"], sums)


def test_map_is_the_most_probable_world(addition):
    priors, _, sums = make_batch(2, 20, seed=6)
    ours = addition(2).posterior({"digit": priors}, {"sum": sums}, task="map")["digit"]
    exact = addition(2, "enumerate").posterior({"digit": priors}, {"sum": sums}, task="map")[
        "digit"
    ]
    np.testing.assert_array_equal(ours, exact)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_do_not_change_a_bit(addition, threads):
    priors, _, sums = make_batch(15, 33, seed=1)
    given, labels = {"digit": priors.astype(np.float32)}, {"sum": sums}
    for task in ("marginals", "sample"):
        one = addition(15).posterior(given, labels, task=task, threads=1, seed=9)
        many = addition(15).posterior(given, labels, task=task, threads=threads, seed=9)
        np.testing.assert_array_equal(one["digit"], many["digit"])
        np.testing.assert_array_equal(one.log_likelihood, many.log_likelihood)


def test_gradient_of_the_m_step_is_that_of_the_likelihood(addition):
    """d/d logits of -log p(y | x): autograd through a sum over all 10^4 worlds, against EMLoss."""
    torch.manual_seed(0)
    logits = torch.randn(3, 2, 2, 10, dtype=torch.float64, requires_grad=True)
    _, _, sums = make_batch(2, 3, seed=2)
    p = logits.softmax(-1)
    joint = torch.einsum("ba,bc,bd,be->bacde", p[:, 0, 0], p[:, 0, 1], p[:, 1, 0], p[:, 1, 1])
    grid = np.indices((10, 10, 10, 10))
    total = (grid[0] + 10 * grid[1]) + (grid[2] + 10 * grid[3])
    observed = (sums * [1, 10, 100]).sum(1)
    mask = torch.from_numpy(np.stack([total == value for value in observed]))
    log_p = (joint * mask).flatten(1).sum(1).log()
    (expected,) = torch.autograd.grad(-log_p.sum(), logits)
    for loss in (emnesy.EMLoss, emnesy.LogLikelihood):
        value = loss(addition(2), reduction="sum")(
            {"digit": logits}, {"sum": torch.from_numpy(sums)}
        )
        (gradient,) = torch.autograd.grad(value, logits)
        torch.testing.assert_close(gradient, expected, atol=1e-5, rtol=0)


def test_log_likelihood_is_differentiable(addition):
    priors, _, sums = make_batch(2, 3, seed=4)
    given = torch.from_numpy(priors).requires_grad_()
    value = addition(2).log_likelihood({"digit": given}, {"sum": torch.from_numpy(sums)})
    value.sum().backward()
    posterior = addition(2).posterior({"digit": priors}, {"sum": sums})["digit"]
    np.testing.assert_allclose(given.grad.numpy() * priors, posterior, atol=1e-8)
