"""What the engine remembers of an example reaches the next E-step on that example, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_trainer import InterruptAt, assert_same
from toy import toy_trainer

from emnesy.engine.base import EngineState
from emnesy.learn.memory import Memory


def asked(trainer: Any) -> list[int]:
    return trainer.memory.recall(torch.arange(trainer.train.count)).arrays["asked"].tolist()


@pytest.mark.parametrize("e_step", ["batch", "epoch"])
def test_one_visit_an_epoch(e_step: str) -> None:
    # The stand-in engine itself refuses a state that belongs to another example.
    trainer = toy_trainer(e_step=e_step, epochs=3, m_steps=2)
    trainer.fit()
    assert asked(trainer) == [3] * trainer.train.count


def test_nothing_is_kept_where_it_is_not_wanted() -> None:
    trainer = toy_trainer(persist=False, epochs=2)
    trainer.fit()
    assert trainer.memory is None


def test_a_resumed_run_remembers(tmp_path: Path) -> None:
    whole = toy_trainer(epochs=4)
    whole.fit()
    assert not toy_trainer(tmp_path, InterruptAt(1, 2), epochs=4).fit()
    resumed = toy_trainer(tmp_path, epochs=4)
    resumed.resume(tmp_path)
    assert resumed.fit()
    assert asked(resumed) == asked(whole)
    assert_same(whole, resumed)


def test_rows_that_were_never_kept_are_not_recalled() -> None:
    memory = Memory(4)
    assert memory.recall(torch.tensor([0])) is None
    assert memory.tensors() == {}
    memory.keep(torch.tensor([2, 0]), None)
    assert memory.recall(torch.tensor([0])) is None
    memory.keep(torch.tensor([2, 0]), EngineState("gibbs", {"z": np.array([[5], [6]], np.uint8)}))
    found = memory.recall(torch.tensor([0, 2]))
    assert found is not None
    assert found.engine == "gibbs"
    assert found.arrays["z"].tolist() == [[6], [5]]
    assert memory.recall(torch.tensor([0, 1])) is None
