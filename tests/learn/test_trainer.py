from __future__ import annotations

import os
import shutil
import signal
from typing import Any

import pytest
import torch
from fake_addition import FakeAddition
from torch import nn
from toy import toy_addition, toy_trainer

from emnesy.diagnostics import DataError
from emnesy.learn.examples import Examples
from emnesy.learn.observer import Observer
from emnesy.learn.progress_state import Progress
from emnesy.learn.trainer import Trainer


class InterruptAt(Observer):
    """Sends this process Ctrl-C after a batch of an epoch."""

    def __init__(self, epoch: int, batch: int) -> None:
        self.place = (epoch, batch)

    def batch_ends(self, progress: Progress) -> None:
        if (progress.epoch, progress.batch) == self.place:
            os.kill(os.getpid(), signal.SIGINT)


def history(trainer: Trainer) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in record.items() if k not in ("seconds", "e_step_share")}
        for record in trainer.progress.history
    ]


def assert_same(one: Trainer, other: Trainer) -> None:
    for left, right in ((one.bridge, other.bridge), (one.networks, other.networks)):
        for name, tensor in left.state_dict().items():
            assert torch.equal(tensor, right.state_dict()[name]), name
    assert history(one) == history(other)


def fitted(**options: Any) -> Trainer:
    trainer = toy_trainer(**options)
    trainer.fit()
    return trainer


VARIANTS = [
    {},
    {"mode": "std", "optimizer": "sgd", "schedule": "cosine", "clip": 1.0},
    {"targets": "stochastic", "m_steps": 2, "optimizer": "adam", "schedule": "constant"},
    {"e_step": "epoch", "targets": "hard", "ema": 0.0, "entropy": 0.1},
    {"teacher": "average"},
]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_resume_after_ctrl_c_is_bit_for_bit(tmp_path, options):
    whole = toy_trainer(**options)
    assert whole.fit()
    assert not toy_trainer(tmp_path, InterruptAt(1, 2), **options).fit()
    torch.rand(17)  # whatever happens in between
    resumed = toy_trainer(tmp_path, **options)
    resumed.resume(tmp_path)
    assert (resumed.progress.epoch, resumed.progress.batch) == (1, 2)
    assert resumed.fit()
    assert_same(whole, resumed)


def test_resume_after_a_kill_is_bit_for_bit(tmp_path):
    """A killed process leaves the checkpoint of the last whole epoch."""

    class CopyAt2(Observer):
        def epoch_ends(self, record: dict[str, Any]) -> None:
            if record["epoch"] == 2:
                shutil.copytree(tmp_path / "run", tmp_path / "killed")

    (tmp_path / "run").mkdir()
    whole = toy_trainer(tmp_path / "run", CopyAt2())
    assert whole.fit()
    resumed = toy_trainer(tmp_path / "killed")
    resumed.resume(tmp_path / "killed")
    assert resumed.progress.epoch == 2
    assert resumed.fit()
    assert_same(whole, resumed)


def test_more_epochs_continue_a_constant_schedule(tmp_path):
    whole = toy_trainer(schedule="constant", epochs=4)
    assert whole.fit()
    assert toy_trainer(tmp_path, schedule="constant", epochs=2).fit()
    resumed = toy_trainer(tmp_path, schedule="constant", epochs=4)
    resumed.resume(tmp_path)
    assert resumed.fit()
    assert_same(whole, resumed)


def test_resume_with_other_options_is_refused(tmp_path):
    toy_trainer(tmp_path, epochs=1).fit()
    with pytest.raises(DataError, match=r"made with lr = 0.001, not 0.01"):
        toy_trainer(tmp_path, epochs=1, lr=0.01).resume(tmp_path)
    with pytest.raises(DataError, match="made with epochs = 1, not 4"):
        toy_trainer(tmp_path).resume(tmp_path)


def test_the_same_seed_gives_the_same_run_and_another_does_not():
    one, same, other = (fitted(epochs=2, seed=seed) for seed in (0, 0, 1))
    assert_same(one, same)
    assert history(one) != history(other)


def test_workers_give_the_same_run():
    assert_same(fitted(epochs=1), fitted(epochs=1, workers=1))


def test_em_and_std_take_the_same_steps():
    em, std = (fitted(epochs=1, optimizer="sgd", mode=mode) for mode in ("em", "std"))
    for name, tensor in em.bridge.state_dict().items():
        assert torch.allclose(tensor, std.bridge.state_dict()[name], atol=1e-6), name


class Mode(nn.Module):
    """Its logits say what it is asked as: `level`, and 100 more in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.tensor(1.0))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.level + 100 * self.training).expand(len(images), 10)


@pytest.mark.parametrize(("teacher", "level"), [("train", 101), ("eval", 1), ("average", 5)])
@pytest.mark.parametrize("e_step", ["batch", "epoch"])
def test_the_e_step_asks_the_teacher(teacher, level, e_step):
    trainer = toy_trainer(network=Mode(), epochs=1, lr=0.0, teacher=teacher, e_step=e_step)
    trainer.average.module.networks["digit_net"].level.data.fill_(5)
    trainer.average.n_averaged.fill_(10**9)  # so that it stays
    trainer.average.update_parameters = lambda _: None
    seen = set()
    ask = trainer.loss.e_step

    def spy(outputs, *rest):
        seen.update(outputs["digit"].unique().tolist())
        return ask(outputs, *rest)

    trainer.loss.e_step = spy
    trainer.fit()
    assert seen == ({1} if (teacher, e_step) == ("train", "epoch") else {level})
    assert trainer.bridge.training


def test_a_teacher_that_cannot_be():
    for options in ({"teacher": "average", "ema": 0.0}, {"teacher": "eval", "mode": "std"}):
        with pytest.raises(DataError, match="teacher"):
            toy_trainer(**options)


def test_training_learns_the_digits_from_sums():
    torch.manual_seed(8)
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    trainer = fitted(epochs=60, lr=3e-3, network=network)
    test = Examples(toy_addition(), trainer.model.interface, "test", batch_size=16)
    found = trainer.evaluate(test)
    assert found.accuracy["digit"] > 0.95
    assert found.label_accuracy == found.accuracy["sum"] > 0.9
    assert found.metrics["regrouped_sum"] > 0.9
    assert found.log_likelihood > -0.5


def test_multi_m_takes_several_steps_on_one_e_step():
    trainer = toy_trainer(epochs=1, m_steps=3)
    trainer.fit()
    assert trainer.progress.step == 15
    assert trainer.model.calls == 5


def test_epoch_wide_e_step_comes_before_the_steps():
    trainer = toy_trainer(epochs=1, e_step="epoch", ema=0)
    fresh = {k: v.clone() for k, v in trainer.bridge.state_dict().items()}
    seen = []
    ask = trainer.loss.e_step

    def spy(*arguments: Any) -> Any:
        seen.append(all(torch.equal(v, fresh[k]) for k, v in trainer.bridge.state_dict().items()))
        return ask(*arguments)

    trainer.loss.e_step = spy
    trainer.fit()
    assert seen == [True] * 5


def test_full_batch():
    trainer = toy_trainer(epochs=2, batch_size="full", m_steps=2)
    trainer.fit()
    assert trainer.progress.step == 4
    assert trainer.model.calls == 2


def test_impossible_examples_are_counted_and_change_nothing():
    trainer = toy_trainer(epochs=1, batch_size="full", weight_decay=0)
    trainer.train.dataset.sums[:] = torch.tensor([9, 1])  # 19 is no sum of two digits
    before = {k: v.clone() for k, v in trainer.bridge.state_dict().items()}
    trainer.fit()
    assert trainer.progress.history[0]["impossible"] == 40
    assert trainer.progress.history[0]["log_likelihood"] is None
    for name, tensor in trainer.bridge.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_early_stopping_goes_back_to_the_best_weights():
    trainer = toy_trainer(epochs=50, patience=2, lr=0.0, schedule="constant", ema=0.0)
    trainer.valid = Examples(toy_addition(), trainer.model.interface, "valid", batch_size=40)
    trainer.fit()
    assert trainer.progress.epoch == 3  # the first epoch is the best, then two are no better
    assert trainer.progress.history[-1]["valid"]["label_accuracy"] is not None
    best = {k: v.clone() for k, v in trainer.progress.best_weights.items()}
    with torch.no_grad():
        for parameter in trainer.bridge.parameters():
            parameter.add_(1)
    trainer.finish()
    assert all(torch.equal(v, best[k]) for k, v in trainer.networks.state_dict().items())


def test_accuracy_of_each_epoch_is_noted():
    trainer = toy_trainer(epochs=1)
    trainer.fit()
    assert 0 <= trainer.progress.history[0]["accuracy"]["digit"] <= 1


def test_fake_addition_is_what_the_tests_rely_on():
    model = FakeAddition(1)
    answer = model.posterior(
        {"digit": torch.full((1, 2, 1, 10), 0.1)}, {"sum": torch.tensor([[7, 0]])}
    )
    assert torch.allclose(answer["digit"][0, 0, 0, :8], torch.full((8,), 1 / 8))


def test_validation_may_be_looked_at_now_and_then():
    trainer = toy_trainer(epochs=5, valid_every=2)
    trainer.valid = Examples(toy_addition(), trainer.model.interface, "valid", batch_size=40)
    trainer.fit()
    assert ["valid" in record for record in trainer.progress.history] == [
        False,
        True,
        False,
        True,
        True,
    ]
