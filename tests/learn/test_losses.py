from __future__ import annotations

import math

import pytest
import torch
from fake_addition import FakeAddition
from oracle import log_likelihood
from torch import Tensor

import emnesy
from emnesy.learn import EMLoss, LogLikelihood


def gradient(loss: Tensor, by: Tensor) -> Tensor:
    return torch.autograd.grad(loss, by)[0]


def test_em_gradient_is_that_of_the_likelihood(model, logits, sums):
    leaf = logits.requires_grad_()
    expected = gradient(-log_likelihood(leaf.softmax(-1), sums).mean(), leaf)
    found = gradient(EMLoss(model)({"digit": leaf}, {"sum": sums}), leaf)
    assert torch.allclose(found, expected, atol=1e-5, rtol=0)
    assert float(expected.abs().max()) > 0.01


def test_log_likelihood_value_and_gradient(model, logits, sums):
    leaf = logits.requires_grad_()
    oracle = -log_likelihood(leaf.softmax(-1), sums)
    loss = LogLikelihood(model, reduction="none")({"digit": leaf}, {"sum": sums})
    assert torch.allclose(loss, oracle, atol=1e-9)
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0, 1.0], dtype=torch.float64)
    found = gradient((loss * weights).sum(), leaf)
    assert torch.allclose(found, gradient((oracle * weights).sum(), leaf), atol=1e-9)


def test_probability_outputs(logits, sums):
    model = FakeAddition(2, {"output": "probabilities"})
    leaf = logits.softmax(-1).detach().requires_grad_()
    expected = gradient(-log_likelihood(leaf, sums).sum(), leaf)
    loss = LogLikelihood(model, reduction="sum")({"digit": leaf}, {"sum": sums})
    assert torch.allclose(gradient(loss, leaf), expected, atol=1e-9)
    em = EMLoss(model, reduction="sum")({"digit": leaf}, {"sum": sums})
    assert torch.allclose(gradient(em, leaf), expected, atol=1e-9)


def test_reductions(model, logits, sums):
    logits.requires_grad_()
    values = {
        kind: EMLoss(model, reduction=kind)({"digit": logits}, {"sum": sums})
        for kind in ("none", "sum", "mean")
    }
    assert values["none"].shape == (5,)
    assert torch.allclose(values["none"].sum(), values["sum"])
    assert torch.allclose(values["sum"] / 5, values["mean"])


@pytest.mark.parametrize("loss_class", [EMLoss, LogLikelihood])
def test_impossible_examples_are_left_out_and_counted(model, logits, sums, loss_class):
    impossible = sums.clone()
    impossible[1] = torch.tensor([9, 9, 1])  # 199 is no sum of two numbers below 100
    leaf = logits.requires_grad_()
    loss = loss_class(model)
    value = loss({"digit": leaf}, {"sum": impossible})
    assert loss.last_impossible == 1
    assert math.isfinite(loss.last_log_likelihood)
    found = gradient(value, leaf)
    assert torch.isfinite(found).all()
    assert float(found[1].abs().max()) == 0
    rest = [0, 2, 3, 4]
    others = loss_class(model)({"digit": leaf[rest]}, {"sum": sums[rest]})
    assert torch.allclose(value, others)


@pytest.mark.parametrize("loss_class", [EMLoss, LogLikelihood])
def test_a_batch_of_impossible_examples_has_zero_loss(model, logits, loss_class):
    leaf = logits.requires_grad_()
    value = loss_class(model)({"digit": leaf}, {"sum": torch.tensor([[9, 9, 1]] * 5)})
    assert float(value.detach()) == 0
    assert float(gradient(value, leaf).abs().max()) == 0


def test_balance_is_the_entropy_of_the_mean_output(model, logits, sums):
    impossible = sums.clone()
    impossible[1] = torch.tensor([9, 9, 1])
    leaf = logits.requires_grad_()
    plain = EMLoss(model)({"digit": leaf}, {"sum": impossible})
    loss = EMLoss(model)
    loss.balance = 0.3
    value = loss({"digit": leaf}, {"sum": impossible})
    mean = leaf[[0, 2, 3, 4]].softmax(-1).reshape(-1, 10).mean(0)
    choices = leaf[0].numel() // 10
    expected = plain + 0.3 * choices * (mean * mean.log()).sum()
    assert torch.allclose(value, expected)
    assert torch.allclose(gradient(value, leaf), gradient(expected, leaf))


def test_balance_of_bernoulli_outputs():
    model = emnesy.load("nn(n, x(I)) :: a(I) :- I in 0..2.\nb :- a(0).\nobserve b/0.\n")
    compiled = model.compile("enumerate")
    leaf = torch.tensor([[0.5, -2.0, 1.0], [1.5, 0.0, -1.0]], dtype=torch.float64)
    loss = EMLoss(compiled)
    plain = loss({"a": leaf}, {"b": torch.tensor([1, 1])})
    loss.balance = 0.2
    p = leaf.sigmoid().mean()
    entropy = -(p * p.log() + (1 - p) * (1 - p).log())
    value = loss({"a": leaf}, {"b": torch.tensor([1, 1])})
    assert torch.allclose(value, plain - 0.2 * 3 * entropy)


def test_hard_targets_are_a_most_probable_world(model, logits, sums):
    step = EMLoss(model, targets="hard").e_step({"digit": logits}, {"sum": sums})
    target = step.targets["digit"]
    assert set(target.unique().tolist()) == {0.0, 1.0}
    found = model.predict({"digit": target.argmax(-1)})["sum"]
    assert ((found == sums) | (sums == -1)).all()
    # No other world that agrees is more probable: fix each choice in turn, compare max-marginals.
    chosen = (target * logits.log_softmax(-1)).sum((1, 2, 3))
    for other in range(30):
        sample = EMLoss(model, targets="stochastic", seed=other)
        rival = sample.e_step({"digit": logits}, {"sum": sums}).targets["digit"]
        assert ((rival * logits.log_softmax(-1)).sum((1, 2, 3)) <= chosen + 1e-9).all()


def test_stochastic_targets_have_the_posterior_as_mean(model, logits, sums):
    evidence = {"sum": sums}
    soft = EMLoss(model).e_step({"digit": logits}, evidence).targets["digit"]
    loss = EMLoss(model, targets="stochastic")
    draws = [loss.e_step({"digit": logits}, evidence).targets["digit"] for _ in range(600)]
    assert torch.stack(draws).mean(0).sub(soft).abs().max() < 5 * 0.5 / math.sqrt(600)
    again = EMLoss(model, targets="stochastic")
    assert torch.equal(again.e_step({"digit": logits}, evidence).targets["digit"], draws[0])


def test_entropy_bonus_lowers_the_loss_by_the_entropy(model, logits, sums):
    loss = EMLoss(model, reduction="sum")
    plain = loss({"digit": logits}, {"sum": sums})
    loss.entropy = 0.5
    p = logits.softmax(-1)
    entropy = -(p * p.log()).sum()
    assert torch.allclose(plain - loss({"digit": logits}, {"sum": sums}), 0.5 * entropy)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_lower_precision_logits(model, logits, sums, dtype):
    leaf = logits.to(dtype).requires_grad_()
    loss = EMLoss(model)({"digit": leaf}, {"sum": sums})
    assert loss.dtype == torch.float32
    exact = EMLoss(model)({"digit": leaf.detach().double()}, {"sum": sums})
    assert float(loss.detach()) == pytest.approx(float(exact.detach()), rel=1e-5)
    assert gradient(loss, leaf).dtype == dtype


def test_no_graph_goes_through_the_inference(model, logits, sums):
    step = EMLoss(model).e_step({"digit": logits.requires_grad_()}, {"sum": sums})
    assert not step.targets["digit"].requires_grad
    assert not step.log_likelihood.requires_grad


def test_five_line_loop_trains():
    model = FakeAddition(1)
    torch.manual_seed(0)
    prototypes = torch.randn(10, 6)
    network = torch.nn.Linear(6, 10)
    optimizer = torch.optim.Adam(network.parameters(), 0.05)
    loss_of = EMLoss(model)
    for _ in range(150):
        digits = torch.randint(10, (32, 2, 1))
        total = digits.sum((1, 2))
        sums = torch.stack([total % 10, total // 10], 1)
        loss = loss_of({"digit": network(prototypes[digits])}, {"sum": sums})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (network(prototypes).argmax(-1) == torch.arange(10)).float().mean() >= 0.9
