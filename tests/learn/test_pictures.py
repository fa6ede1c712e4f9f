"""Pictures of runs: which are drawn, of what, and that none of them can spoil a run."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_stall import coins as coins  # a fixture
from test_train_command import TASK, train
from test_train_command import program as program  # a fixture

from emnesy.cli.main import main
from emnesy.data.sudoku_picture import conflicts
from emnesy.learn.accuracy import Confusion
from emnesy.pictures.confusion import draw_confusion
from emnesy.pictures.curves import _likelihood, draw_curves
from emnesy.pictures.style import drawing

pytest.importorskip("matplotlib")


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return imread(path)


def drawn(folder: str | Path) -> list[str]:
    return sorted(path.name for path in Path(folder).glob("*.png"))


def epoch(number: int, likelihood: float | None, **more: Any) -> dict[str, Any]:
    return {"epoch": number, "log_likelihood": likelihood, "accuracy": {"digit": 0.5}, **more}


def test_train_and_eval_draw(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(program, "--out", "run") == 0
    assert drawn("run") == ["confusion-test.png", "curves.png", "examples-test.png"]
    assert "pictures: run/curves.png" in capsys.readouterr().out.replace("\n", "")
    before = pixels(Path("run/curves.png"))
    assert before.std() > 0.01
    for name in drawn("run"):
        Path("run", name).unlink()
    assert main(["eval", "run", "--split", "train", "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1
    assert "pictures:" in shown.err
    assert drawn("run") == ["confusion-train.png", "curves.png", "examples-train.png"]
    assert np.array_equal(pixels(Path("run/curves.png")), before)
    Path("run/curves.png").unlink()
    assert main(["eval", "run", "--no-pictures"]) == 0
    assert "pictures" not in capsys.readouterr().out
    assert "curves.png" not in drawn("run")


def test_a_new_run_leaves_no_old_pictures(program: Path) -> None:
    assert train(program, "--out", "run") == 0
    assert main(["eval", "run", "--split", "train"]) == 0
    Path("run/my-own.png").touch()
    assert train(program, "--out", "run", "--epochs", 0) == 0
    assert drawn("run") == ["confusion-test.png", "examples-test.png", "my-own.png"]


def test_without_matplotlib(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def fail(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(f"No module named {name!r}", name="matplotlib")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", fail)
    assert train(program, "--out", "run") == 0
    assert "no pictures: matplotlib is missing" in capsys.readouterr().out.replace("\n", " ")
    assert main(["eval", "run"]) == 0
    assert "emnesy[examples]" in capsys.readouterr().out
    assert Path("run/weights.safetensors").exists()


def test_a_picture_that_fails_spoils_nothing(
    program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = TASK.replace("with open(path", "raise ValueError('no ink')\n        with open(path")
    (tmp_path / "toy_task.py").write_text(failing)
    assert train(program, "--out", "run") == 0
    assert "no examples-test.png: ValueError: no ink" in capsys.readouterr().out.replace("\n", " ")
    assert drawn("run") == ["confusion-test.png", "curves.png"]


def test_curves_with_restarts_and_wild_estimates(coins: Path, tmp_path: Path) -> None:
    assert train(coins, "--seed", 1, "--train", "restarts=1", "--out", "run") == 0
    assert drawn("run") == ["confusion-test.png", "curves.png"]
    records = [epoch(1, -3e13), epoch(2, -3.0, restart={}), epoch(1, None), epoch(2, -1.0)]
    assert draw_curves(records, tmp_path / "wild.png", "wild")
    with drawing(tmp_path / "axes.png", 3, 3) as figure:
        axes = figure.subplots()
        _likelihood(axes, records, {"log_likelihood": -2.0})
    low, high = axes.get_ylim()
    assert -4 < low < -3 < -1 < high < 0
    assert "1 wild estimates left out" in axes.get_xlabel()
    assert not draw_curves([{"test": {}}], tmp_path / "none.png", "none")
    assert not (tmp_path / "none.png").exists()


def test_confusion_draws_what_is_known(tmp_path: Path) -> None:
    known, empty, large = Confusion(2), Confusion(3), Confusion(100)
    known.add(torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]))
    large.add(torch.tensor([99]), torch.tensor([0]))
    symbols = {"known": ("no", "yes"), "empty": range(3), "large": range(100)}
    all_three = {"known": known, "empty": empty, "large": large}
    assert draw_confusion(all_three, symbols, tmp_path / "three.png", "test")
    assert draw_confusion({"known": known}, symbols, tmp_path / "one.png", "test")
    assert np.array_equal(pixels(tmp_path / "three.png"), pixels(tmp_path / "one.png"))
    assert not draw_confusion({"large": large}, symbols, tmp_path / "none.png", "test")


def test_nameless_classes_are_drawn_in_the_order_of_their_symbols(tmp_path: Path) -> None:
    named, nameless = Confusion(3), Confusion(3, nameless=True)
    named.add(torch.tensor([0, 1, 2]), torch.tensor([0, 1, 2]))
    nameless.add(torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0]))
    for name, confusion in (("named", named), ("nameless", nameless)):
        draw_confusion({"x": confusion}, {"x": "abc"}, tmp_path / f"{name}.png", "test")
    one, other = (pixels(tmp_path / f"{name}.png") for name in ("named", "nameless"))
    rows = slice(0, one.shape[0] * 3 // 4)  # the axis below says which class is which
    assert np.array_equal(one[rows], other[rows])
    assert not np.array_equal(one, other)


def test_conflicts_by_definition() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        grid = generator.integers(4, size=(4, 4))
        expected = np.zeros((4, 4), bool)
        for r, c in np.ndindex(4, 4):
            for r2, c2 in np.ndindex(4, 4):
                near = r == r2 or c == c2 or (r // 2 == r2 // 2 and c // 2 == c2 // 2)
                if near and (r, c) != (r2, c2) and grid[r, c] == grid[r2, c2]:
                    expected[r, c] = True
        assert np.array_equal(conflicts(grid, 2), expected)
