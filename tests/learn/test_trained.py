"""`emnesy eval` and `emnesy predict`: what a finished run has learned, from its folder alone."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from test_train_command import program as program  # a fixture
from test_train_command import train

from emnesy.cli.main import main


@pytest.fixture
def run(program: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert train(program, "--out", "run", "--json", "--epochs", 3, "--data", "count=60") == 0
    (program.parent / "trained.json").write_text(capsys.readouterr().out)
    return Path("run")


def output(capsys: pytest.CaptureFixture[str], *arguments: Any) -> list[dict[str, Any]]:
    assert main([str(a) for a in arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_eval_repeats_the_figures_of_training(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = json.loads(Path("trained.json").read_text())
    (found,) = output(capsys, "eval", run, "--json")
    assert found.pop("split") == "test"
    assert found == {name: trained[name] for name in found}
    (elsewhere,) = output(capsys, "eval", run, "--json", "--split", "train")
    assert elsewhere["log_likelihood"] != found["log_likelihood"]


def test_eval_table(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(run), "--data", "count=30"]) == 0
    assert "label accuracy (30 test examples)" in capsys.readouterr().out


def test_predict_against_the_weights(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The network is one linear layer on one-hot digits: its outputs for a digit are a column of the weights.
    state = load_file(run / "weights.safetensors")
    weight, bias = (next(v for k, v in state.items() if k.endswith(e)) for e in ("weight", "bias"))
    shown = output(capsys, "predict", run, "--json", "--count", 5)
    assert [prediction["example"] for prediction in shown] == list(range(5))
    digits = torch.randint(10, (60, 2, 1), generator=torch.Generator().manual_seed(1))
    for prediction, (left, right) in zip(shown, digits[:, :, 0].tolist(), strict=False):
        p, q = ((weight[:, d] + bias).softmax(0).double() for d in (left, right))
        first, second = int(p.argmax()), int(q.argmax())
        assert prediction["symbols"] == {"digit": [[first], [second]]}
        assert prediction["truth"] == {"digit": [[left], [right]]}
        sure = prediction["symbol_probabilities"]["digit"]
        assert math.isclose(sure[0][0], float(p.max()), rel_tol=1e-4)
        assert math.isclose(sure[1][0], float(q.max()), rel_tol=1e-4)
        total = first + second
        assert prediction["label"] == {"sum": [total % 10, total // 10]}

        def chance(total: int, p: torch.Tensor = p, q: torch.Tensor = q) -> float:
            return float(sum(p[a] * q[total - a] for a in range(10) if 0 <= total - a < 10))

        assert math.isclose(prediction["probability"], chance(total), rel_tol=1e-4)
        assert prediction["given"] == {"sum": [(left + right) % 10, (left + right) // 10]}
        assert math.isclose(prediction["given_probability"], chance(left + right), rel_tol=1e-4)


def test_predict_for_people(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(run), "--count", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("test example") == 2
    assert "probability of the predicted label: 0." in shown


def test_predict_names_what_is_wrong(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = 0
    for prediction in output(capsys, "predict", run, "--json", "--count", 0):
        number = prediction["example"]
        assert main(["predict", str(run), "--example", str(number)]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"test example {number}\n")
        assert "least sure of digit(" in shown
        for name, (read,), (true,) in zip(
            "ab", prediction["symbols"]["digit"], prediction["truth"]["digit"], strict=True
        ):
            assert (f"digit({name}, 0) is {true}" in shown) == (read != true)
            seen += read != true
        if number == 12:
            break
    assert 0 < seen < 26


def test_examples_by_number(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = output(capsys, "predict", run, "--json", "--example", 7, "--example", 59)
    assert [prediction["example"] for prediction in shown] == [7, 59]
    assert main(["predict", str(run), "--example", "60"]) == 2
    assert "no example 60" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["eval", "predict"])
def test_what_cannot_be_opened(
    command: str, run: Path, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "nowhere"]) == 1
    assert "E0670" in capsys.readouterr().err
    assert main([command, str(run), "--split", "valid"]) == 1
    assert "gives no valid split" in capsys.readouterr().err
    assert main([command, str(run), "--split", "tests"]) == 2
    capsys.readouterr()
    (run / "weights.safetensors").write_bytes(b"nothing of the kind")
    assert main([command, str(run)]) == 1
    assert "E0670" in capsys.readouterr().err
    (run / "weights.safetensors").unlink()
    assert main([command, str(run)]) == 1
    assert "holds no weights.safetensors" in capsys.readouterr().err


def test_a_changed_program_does_not_matter(
    run: Path, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (before,) = output(capsys, "eval", run, "--json")
    program.write_text("query(nothing).")
    assert output(capsys, "eval", run, "--json") == [before]
