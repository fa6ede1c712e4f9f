"""E-steps that take a share of each prior to be uniform, and targets that undo it."""

from __future__ import annotations

import pytest
import torch
from fake_addition import FakeAddition

import emnesy
from emnesy.diagnostics import DataError
from emnesy.learn.losses import EMLoss
from emnesy.learn.options import TrainOptions


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.5])
def test_gradient_is_that_of_the_noisy_likelihood(noise: float) -> None:
    """log Σ_{a+b=y} p̃(a) p̃(b) with p̃ = (1 - noise) p + noise / 10, differentiated by autograd."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(3, 2, 1, 10, generator=generator, dtype=torch.float64)
    totals = torch.tensor([7, 18, 0])
    given = logits.clone().requires_grad_()
    p = (1 - noise) * given.softmax(-1)[:, :, 0] + noise / 10
    want = sum(
        torch.stack([p[i, 0, a] * p[i, 1, int(t) - a] for a in range(10) if 0 <= t - a < 10])
        .sum()
        .log()
        for i, t in enumerate(totals)
    )
    (-want).backward()

    ours = logits.clone().requires_grad_()
    loss = EMLoss(FakeAddition(1), reduction="sum")
    loss.noise = noise
    loss({"digit": ours}, {"sum": torch.stack([totals % 10, totals // 10], 1)}).backward()
    assert torch.allclose(ours.grad, given.grad, atol=1e-12)


def test_bernoulli() -> None:
    """One of two coins shows; both networks are wrongly sure of tails."""
    model = emnesy.load(
        "nn(net, x(I)) :: heads(I) :- I in 0..1.\nsome :- heads(0).\nsome :- heads(1).\nobserve some/0.\n"
    ).compile("enumerate")
    logits = torch.tensor([[-9.0, -2.0]], dtype=torch.float64, requires_grad=True)
    p = 0.9 * logits.sigmoid() + 0.05
    (-(1 - (1 - p).prod()).log()).backward()
    ours = logits.detach().clone().requires_grad_()
    loss = EMLoss(model)
    loss.noise = 0.1
    loss({"heads": ours}, {"some": torch.tensor([1])}).backward()
    assert torch.allclose(ours.grad, logits.grad, atol=1e-12)


@pytest.mark.parametrize("other", [{"mode": "std"}, {"targets": "hard"}, {"targets": "stochastic"}])
def test_noise_needs_soft_targets(other: dict[str, str]) -> None:
    with pytest.raises(DataError, match="needs mode=em and targets=soft"):
        TrainOptions.read({"noise": 0.1, **other})
