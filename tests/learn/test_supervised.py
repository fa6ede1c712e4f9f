from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from test_train_command import TASK, metrics, train
from test_train_command import program as program  # a fixture
from test_trainer import InterruptAt, assert_same
from torch import nn
from torch.nn.functional import cross_entropy
from toy import toy_addition, toy_trainer

from emnesy.learn.examples import Examples

PLAIN = {"optimizer": "sgd", "schedule": "constant", "momentum": 0.0, "weight_decay": 0.0}


def linear() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


@pytest.mark.parametrize("recipe", [{}, {"mode": "std"}, {"targets": "hard"}, {"noise": 0.3}])
def test_it_is_cross_entropy_with_the_symbols(recipe: dict[str, Any]) -> None:
    trainer = toy_trainer(epochs=2, network=linear(), supervised=True, ema=0, **PLAIN, **recipe)
    plain = linear()
    optimizer = torch.optim.SGD(plain.parameters(), 1e-3)
    for epoch in range(2):
        for batch in trainer.train.batches(epoch):
            digits = batch.truth["digit"].flatten()
            logits = plain(batch.inputs["image"].view(-1, 1, 28, 28))
            loss = cross_entropy(logits, digits, reduction="sum") / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    trainer.fit()
    trained = trainer.bridge.networks["digit_net"].state_dict()
    for name, tensor in plain.state_dict().items():
        assert torch.allclose(tensor, trained[name], atol=1e-6), name
    assert trainer.progress.history[-1]["loss"] == pytest.approx(
        sum_of_losses(trainer, linear(), epochs=2), rel=1e-5
    )


def sum_of_losses(trainer: Any, network: nn.Module, epochs: int) -> float:
    """The mean loss of the last epoch, by a loop of its own."""
    optimizer = torch.optim.SGD(network.parameters(), 1e-3)
    for epoch in range(epochs):
        losses = []
        for batch in trainer.train.batches(epoch):
            logits = network(batch.inputs["image"].view(-1, 1, 28, 28)).log_softmax(1)
            digits = batch.truth["digit"].flatten()
            each = -logits[torch.arange(len(digits)), digits].view(len(batch), -1).sum(1)
            optimizer.zero_grad()
            each.mean().backward()
            optimizer.step()
            losses += each.tolist()
    return sum(losses) / len(losses)


def test_symbols_that_are_not_known_teach_nothing() -> None:
    trainer = toy_trainer(epochs=1, network=linear(), supervised=True, **PLAIN)
    trainer.train.dataset.digits[:] = -1
    before = {k: v.clone() for k, v in trainer.bridge.state_dict().items()}
    trainer.fit()
    for name, tensor in trainer.bridge.state_dict().items():
        assert torch.allclose(tensor, before[name], atol=1e-7), name
    assert trainer.progress.history[0]["log_likelihood"] < 0


def test_impossible_labels_do_not_matter() -> None:
    wrong, right = (
        toy_trainer(epochs=1, network=linear(), supervised=True, **PLAIN) for _ in range(2)
    )
    wrong.train.dataset.sums[:] = torch.tensor([9, 1])
    for trainer in (wrong, right):
        trainer.fit()
    assert wrong.progress.history[0]["impossible"] == 40
    for name, tensor in wrong.bridge.state_dict().items():
        assert torch.equal(tensor, right.bridge.state_dict()[name]), name


@pytest.mark.parametrize("options", [{}, {"e_step": "epoch", "m_steps": 2}], ids=str)
def test_resume_is_bit_for_bit(tmp_path: Path, options: dict[str, Any]) -> None:
    whole = toy_trainer(supervised=True, **options)
    assert whole.fit()
    assert not toy_trainer(tmp_path, InterruptAt(1, 2), supervised=True, **options).fit()
    resumed = toy_trainer(tmp_path, supervised=True, **options)
    resumed.resume(tmp_path)
    assert resumed.fit()
    assert_same(whole, resumed)


def test_it_is_a_ceiling() -> None:
    def accuracy(**options: Any) -> float:
        trainer = toy_trainer(epochs=6, network=linear(), **options)
        trainer.fit()
        test = Examples(toy_addition(), trainer.model.interface, "test", batch_size=16)
        found = trainer.evaluate(test).accuracy["digit"]
        assert found is not None
        return found

    assert accuracy(supervised=True) > accuracy() + 0.2


def test_runs_say_that_they_were_supervised(
    program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--supervised", "--epochs", 20, "--lr", 0.1, "--data", "count=200")
    assert train(program, "--out", "run", *options) == 0
    shown = capsys.readouterr()
    assert "true symbols" in shown.out
    assert "supervised" in shown.err
    run = tmp_path / "run"
    assert json.loads((run / "config.json").read_text())["supervised"] is True
    last = metrics(run)[-1]["test"]
    assert last["supervised"] is True
    assert last["accuracy"]["digit"] > 0.95
    assert set(metrics(run)[0]) >= {"epoch", "loss", "log_likelihood", "accuracy", "seconds"}


def test_a_data_set_without_symbols(
    program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "toy_task.py").write_text(
        TASK.replace('            {"digit": digits},\n', "").replace("def metrics", "def unused")
    )
    assert train(program, "--supervised") == 1
    err = capsys.readouterr().err
    assert "error[E0663]" in err
    assert "digit" in err
    assert train(program, "--epochs", 1) == 0
