"""The E-step from standardised outputs in the first steps."""

from __future__ import annotations

import pytest
import torch
from fake_addition import FakeAddition
from toy import toy_trainer

from emnesy.diagnostics import DataError
from emnesy.learn.estep import Inference
from emnesy.learn.optimizers import spread_scale
from emnesy.learn.options import TrainOptions


def test_priors_have_no_favourite_and_the_scale_that_is_asked_for() -> None:
    (output,) = Inference(FakeAddition(2)).outputs.values()
    logits = 1e-3 * torch.randn(50, 2, 2, 10) + torch.linspace(-3, 3, 10)
    logs = output.spread(logits, 2.0).log()
    logs = logs - logs.mean(dim=-1, keepdim=True)
    assert float(logs.std()) == pytest.approx(2.0, rel=1e-3)
    assert float(logs.mean(dim=(0, 1, 2)).abs().max()) < 0.2
    deviation = logits - logits.mean(dim=(0, 1, 2))
    deviation = (deviation - deviation.mean(dim=-1, keepdim=True)).flatten()
    assert float(torch.corrcoef(torch.stack([deviation, logs.flatten()]))[0, 1]) > 0.9999


def test_equal_outputs_stay_equal() -> None:
    (output,) = Inference(FakeAddition(1)).outputs.values()
    priors = output.spread(torch.full((3, 2, 1, 10), 0.7), 2.0)
    assert torch.allclose(priors, torch.full_like(priors, 0.1))


def test_only_the_first_steps() -> None:
    options = TrainOptions.read({"warm": 0.25, "spread": 3})
    assert [spread_scale(options, share) for share in (0, 0.2, 0.25, 1)] == [3, 3, 0, 0]
    seen = []
    trainer = toy_trainer(epochs=4, warm=0.25)

    def e_step(*given, **more):
        seen.append(trainer.loss.spread)
        return inner(*given, **more)

    inner = trainer.loss.e_step
    trainer.loss.e_step = e_step  # type: ignore[method-assign]
    trainer.fit()
    steps = len(seen) // 4
    assert seen == [2.0] * steps + [0.0] * 3 * steps


def test_it_needs_em() -> None:
    with pytest.raises(DataError):
        TrainOptions.read({"warm": 0.1, "mode": "std"})
