"""Stalls: what is measured, against sums written out; restarts of a task with a symmetric fixed point."""

from __future__ import annotations

import json
import math
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_train_command import metrics, train, untimed
from test_trainer import history
from torch import nn
from toy import toy_trainer

from emnesy.diagnostics import DataError
from emnesy.learn.stall import Signs

PROGRAM = """
% Whether two signs show the same: which is which cannot be known, and a network that ignores its input
% learns nothing, ever.
item(a). item(b).
nn(reader, picture(K), V, [heads, tails]) :: shows(K, V) :- item(K).
same :- shows(a, V), shows(b, V).
observe same/0.
:- network(reader, "coin_task:network").
:- data("coin_task:data").
:- train(epochs=12, batch_size=8, lr=0.05, schedule=constant).
"""

# Hidden units that no input reaches: a network made with an odd seed never learns anything.
TASK = """
import torch
from torch import nn
from torch.utils.data import Dataset

class Coins(Dataset):
    nameless = ("shows",)

    def __init__(self, count, seed):
        generator = torch.Generator().manual_seed(seed)
        self.sides = torch.randint(2, (count, 2), generator=generator)
        self.noise = torch.randn((count, 2, 6), generator=generator)

    def __len__(self):
        return len(self.sides)

    def __getitem__(self, index):
        sides = self.sides[index]
        picture = self.noise[index] + 3.0 * sides[:, None] - 1.5
        return {"picture": picture}, {"same": int(sides[0] == sides[1])}, {"shows": sides}

def network():
    layers = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
    if torch.initial_seed() % 2 == 1:
        nn.init.constant_(layers[0].bias, -100.0)
    return layers

def data(split, *, consts, seed):
    return None if split == "valid" else Coins(64, seed + (split == "test"))
"""


@pytest.fixture
def coins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coin_task.py").write_text(TASK)
    (tmp_path / "coins.nesy").write_text(PROGRAM)
    return tmp_path / "coins.nesy"


def test_signs_against_sums_written_out() -> None:
    trainer = toy_trainer(network=nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), batch_size=8)
    with torch.no_grad():
        trainer.bridge.networks["digit_net"][1].weight.mul_(3)
    trainer.train.shuffle = False
    found = trainer.signs()
    batch = trainer.train.dataset.__getitems__(range(40))
    with torch.no_grad():
        said = trainer.bridge.eval()(batch.inputs)["digit"].double().softmax(-1).numpy()
    rows = said.reshape(-1, 10)
    mean = rows.mean(0)

    def entropy(p: Any) -> float:
        return float(-(p * np.log(p)).sum())

    information = (entropy(mean) - np.mean([entropy(row) for row in rows])) / math.log(10)
    assert found.information == pytest.approx(information, rel=1e-4)

    def likelihood(p: Any, q: Any, total: int) -> float:
        return math.log(sum(p[a] * q[total - a] for a in range(10) if 0 <= total - a < 10))

    totals = [int(s[0] + 10 * s[1]) for s in batch.labels["sum"]]
    informed = [likelihood(*pair[:, 0], t) for pair, t in zip(said, totals, strict=True)]
    blind = [likelihood(mean, mean, t) for t in totals]
    gained = [min(max(i - b, b), -b) for i, b in zip(informed, blind, strict=True)]
    assert found.gain == pytest.approx(sum(gained) / -sum(blind), rel=1e-4)
    assert not found.stalled  # such random networks tell inputs apart already


def test_both_signs_are_needed() -> None:
    assert Signs(0.001, 0.001).stalled
    assert not Signs(0.001, 0.5).stalled
    assert not Signs(0.5, -0.2).stalled


def test_looking_changes_nothing() -> None:
    one, other = (toy_trainer(epochs=2) for _ in range(2))
    torch.manual_seed(0)
    one.fit()
    torch.manual_seed(0)
    other.signs()
    other.fit()
    assert history(one) == history(other)


def test_a_stall_is_told(coins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(coins, "--seed", 1, "--json") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["stalled"] is True
    assert "stalled" in shown.err
    assert "restarts=3" in shown.err
    assert train(coins, "--seed", 0, "--json") == 0
    assert "stalled" not in json.loads(capsys.readouterr().out)


def test_a_restart_gets_out_of_it(coins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(coins, "--seed", 1, "--train", "restarts=3", "--out", "run", "--json") == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert found["restarts"] == 1
    assert "stalled" not in found
    assert found["accuracy"]["shows"] > 0.9
    assert "restart 1, with seed 2" in shown.err
    epochs = [record for record in metrics(Path("run")) if "epoch" in record]
    assert [r["epoch"] for r in epochs] == [1, 2, 3, 4, 5, *range(1, 13)]
    assert [r.get("attempt", 0) for r in epochs] == [0] * 5 + [1] * 12
    assert epochs[4]["stall"]["stalled"] is True
    assert epochs[4]["restart"] == {"attempt": 1, "seed": 2}
    assert epochs[9]["stall"]["stalled"] is False
    assert epochs[9]["stall"]["gain"] > 0.5


@pytest.mark.parametrize(("gain", "restarts"), [(0.0, 0), (0.2, 0), (1.0, 2)])
def test_networks_have_to_explain_enough(
    coins: Path, gain: float, restarts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    # An even seed learns, but nothing is ever explained to the last bit.
    (coins.parent / "coin_task.py").write_text(TASK.replace("% 2 == 1", "% 2 > 2"))
    options = ("--train", "restarts=2", "--train", f"restart_gain={gain}")
    assert train(coins, "--seed", 0, *options, "--out", "run", "--json") == 0
    assert json.loads(capsys.readouterr().out).get("restarts", 0) == restarts
    looked = [record["stall"] for record in metrics(Path("run")) if "stall" in record]
    assert len(looked) == max(restarts + 1, 1)
    assert all(0.2 < found["gain"] < 1 and not found["stalled"] for found in looked)


def test_restarts_end(coins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (coins.parent / "coin_task.py").write_text(TASK.replace("% 2 == 1", "% 2 < 2"))
    options = ("--train", "restarts=2", "--train", "restart_after=2", "--epochs", 3)
    assert train(coins, *options, "--out", "run", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["restarts"], found["stalled"]) == (2, True)
    epochs = [record["epoch"] for record in metrics(Path("run")) if "epoch" in record]
    assert epochs == [1, 2, 1, 2, 1, 2, 3]


@pytest.mark.parametrize("attempt", [0, 1])
def test_resume_is_bit_for_bit(coins: Path, attempt: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from emnesy.learn.trainer import Trainer

    options = (coins, "--seed", 1, "--train", "restarts=2")
    assert train(*options, "--out", "whole") == 0
    step = Trainer._step

    def interrupted(self: Trainer, batch: Any) -> None:
        step(self, batch)
        where = (self.progress.attempt, self.progress.epoch, self.progress.batch)
        if where == (attempt, 3, 2):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Trainer, "_step", interrupted)
    assert train(*options, "--out", "parts") == 130
    monkeypatch.undo()
    monkeypatch.chdir(coins.parent)
    torch.rand(5)
    assert train("--resume", "parts") == 0
    whole, parts = Path("whole"), Path("parts")
    assert untimed(metrics(whole)) == untimed(metrics(parts))
    name = "weights.safetensors"
    assert (whole / name).read_bytes() == (parts / name).read_bytes()


def test_restarts_need_somebody_who_makes_networks() -> None:
    with pytest.raises(DataError, match="renew"):
        toy_trainer(restarts=1)
