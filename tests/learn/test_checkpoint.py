from __future__ import annotations

import errno
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emnesy.diagnostics import DataError
from emnesy.learn.checkpoint import (
    random_state,
    read_checkpoint,
    restore_random,
    seed_everything,
    write_checkpoint,
)
from emnesy.learn.run_folder import CONFIG, METRICS, WEIGHTS, RunFolder


def test_tensors_and_scalars_come_back(tmp_path):
    tensors = {"a": torch.randn(3, 4).t(), "b": torch.tensor(7), "c": torch.ones(2).bool()}
    scalars = {"rate": 0.1 + 0.2, "deep": {"list": [1, None, "x"]}}
    write_checkpoint(tmp_path / "c", tensors, scalars)
    found, back = read_checkpoint(tmp_path / "c")
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    assert back["rate"] == 0.1 + 0.2
    assert back["deep"] == scalars["deep"]


def test_random_states_come_back():
    def draws() -> list[float]:
        return [torch.rand(()).item(), float(np.random.rand()), random.random(), random.gauss(0, 1)]

    seed_everything(5)
    random.gauss(0, 1)  # leaves a second value behind
    np.random.standard_normal()
    state = random_state()
    expected = draws()
    draws()
    restore_random(*state)
    assert draws() == expected


@pytest.mark.parametrize("where", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path, monkeypatch, where):
    path = tmp_path / "checkpoint"
    write_checkpoint(path, {"a": torch.zeros(3)}, {"epoch": 1})

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if where == "write":
        monkeypatch.setattr(Path, "open", full)
    elif where == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(
        DataError, match=r"E0671.*No space left on device; the previous one is still"
    ):
        write_checkpoint(path, {"a": torch.ones(3)}, {"epoch": 2})
    monkeypatch.undo()
    tensors, scalars = read_checkpoint(path)
    assert scalars["epoch"] == 1
    assert torch.equal(tensors["a"], torch.zeros(3))
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint"]


def test_unreadable_checkpoints(tmp_path):
    with pytest.raises(DataError, match=r"E0670.*holds no checkpoint"):
        read_checkpoint(tmp_path / "none")
    path = tmp_path / "c"
    write_checkpoint(path, {"a": torch.zeros(30)}, {})
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DataError, match=r"E0670.*no whole checkpoint"):
        read_checkpoint(path)


def program(tmp_path: Path) -> Path:
    path = tmp_path / "p.nesy"
    path.write_text("a.\n")
    return path


def test_run_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = RunFolder.create(program(tmp_path), None, {"program": "p.nesy", "seed": 3})
    assert folder.path.parent == Path("runs")
    assert folder.path.name.startswith("p-")
    assert RunFolder.create(program(tmp_path), None, {}).path != folder.path
    folder.write_metrics([{"loss": float("nan")}, {"loss": 1.5}])
    assert (folder.path / METRICS).read_text() == '{"loss": null}\n{"loss": 1.5}\n'
    settings = RunFolder.reopen(folder.path)[1]
    assert (settings["program"], settings["seed"], settings["train"]) == ("p.nesy", 3, {})


def test_a_finished_run_is_replaced_an_unfinished_one_is_not(tmp_path):
    folder = RunFolder.create(program(tmp_path), tmp_path / "out", {"seed": 1})
    with pytest.raises(DataError, match=r"E0671.*unfinished run(.|\n)*--resume"):
        RunFolder.create(program(tmp_path), tmp_path / "out", {"seed": 2})
    folder.write_weights(torch.nn.Linear(1, 1))
    RunFolder.create(program(tmp_path), tmp_path / "out", {"seed": 2})
    assert not (tmp_path / "out" / WEIGHTS).exists()
    assert '"seed": 2' in (tmp_path / "out" / CONFIG).read_text()


BROKEN = {
    "": "config.json",
    "[1, 2]": "no object",
    "{}": "`program`",
    '{"program": 7, "seed": 0}': "`program` is to be a text, not 7",
    '{"program": "p.nesy"}': "`seed`",
    '{"program": "p.nesy", "seed": "x"}': "`seed` is to be a number from 0 on",
    '{"program": "p.nesy", "seed": 0, "train": [1]}': "`train`",
    '{"program": "p.nesy", "seed": 0, "engine": 5}': "`engine`",
    '{"program": "p.nesy", "seed": 0, "max_ground": -1}': "`max_ground`",
    '{"program": "p.nesy", "seed": 0, "network": {"net": 3}}': "`network`",
    '{"program": "p.nesy", "seed": 0, "engine_options": {"a": {"b": 1}}}': "`engine_options`",
    "[" * 100_000: "config.json",
    "\xff": "config.json",
}


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:40])
def test_settings_that_somebody_broke(tmp_path, text):
    (tmp_path / CONFIG).write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match="E0670") as caught:
        RunFolder.reopen(tmp_path)
    assert BROKEN[text] in str(caught.value)


def test_folders_that_are_no_run(tmp_path):
    with pytest.raises(DataError, match="E0670"):
        RunFolder.reopen(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"E0671.*cannot make the folder"):
        RunFolder.create(program(tmp_path), tmp_path / "file" / "run", {})
