from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from emnesy.cli.main import main

PROGRAM = """
const n = 1.
number(a). number(b). position(0..n-1).
nn(reader, image(K, I), D, 0..9) :: digit(K, I, D) :- number(K), position(I).
carry(0, 0).
carry(I+1, (A+B+C) // 10) :- digit(a, I, A), digit(b, I, B), carry(I, C).
sum(I, (A+B+C) mod 10) :- digit(a, I, A), digit(b, I, B), carry(I, C).
sum(n, C) :- carry(n, C).
observe sum/2.
:- network(reader, "toy_task:network").
:- data("toy_task:data").
:- train(epochs=2, batch_size=8, schedule=constant).
"""

TASK = """
import torch
from torch.utils.data import Dataset

class Sums(Dataset):
    def __init__(self, count, seed):
        generator = torch.Generator().manual_seed(seed)
        self.digits = torch.randint(10, (count, 2, 1), generator=generator)

    def __len__(self):
        return len(self.digits)

    def __getitem__(self, index):
        digits = self.digits[index]
        total = int(digits.sum())
        return (
            {"image": torch.nn.functional.one_hot(digits, 10).float()},
            {"sum(0)": total % 10, "sum(1)": total // 10},
            {"digit": digits},
        )

    def metrics(self, predictions):
        return {"mean_digit": float(predictions["digit"].float().mean())}

    def picture(self, predictions, path):
        with open(path, "w") as file:
            file.write("a picture")

def network(width=10):
    torch.manual_seed(0)
    return torch.nn.Linear(width, 10)

def data(split, *, consts, seed, count=64):
    assert consts["n"] == 1
    return None if split == "valid" else Sums(count, seed + (split == "test"))
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy_task.py").write_text(TASK)
    (tmp_path / "toy.nesy").write_text(PROGRAM)
    return tmp_path / "toy.nesy"


def train(*arguments: Any) -> int:
    return main(["train", "--threads", "1", *(str(argument) for argument in arguments)])


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def untimed(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in record.items() if k not in ("seconds", "e_step_share")}
        for record in records
        if "epoch" in record
    ]


def test_json_and_the_run_folder(program, tmp_path, capsys):
    assert train(program, "--out", "run", "--json", "--epochs", 3, "--lr", 0.05, "--seed", 5) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    found = json.loads(out)
    assert list(found) == [
        "label_accuracy", "accuracy", "log_likelihood", "seconds", "epochs", "seed", "metrics",
    ]  # fmt: skip
    assert list(found["accuracy"]) == ["digit", "sum"]
    assert found["accuracy"]["sum"] == found["label_accuracy"]
    assert all(0 <= share <= 1 for share in found["accuracy"].values())
    assert found["log_likelihood"] < 0
    assert list(found["seconds"]) == ["network", "e_step", "total"]
    assert found["seconds"]["network"] + found["seconds"]["e_step"] <= found["seconds"]["total"]
    assert (found["epochs"], found["seed"]) == (3, 5)
    assert "mean_digit" in found["metrics"]
    assert "epoch 3/3" in err
    run = tmp_path / "run"
    assert (run / "program.nesy").read_text() == PROGRAM
    assert json.loads((run / "config.json").read_text())["seed"] == 5
    assert [record.get("epoch", "test") for record in metrics(run)] == [1, 2, 3, "test"]
    assert set(load_file(run / "weights.safetensors")) == {
        "networks.reader.weight", "networks.reader.bias",
    }  # fmt: skip
    assert (run / "examples-test.png").read_text() == "a picture"


def test_another_network_than_the_program_names(program, tmp_path, capsys):
    (tmp_path / "others.py").write_text(
        "import torch\n"
        "def wide(width=10, hidden=7):\n"
        "    return torch.nn.Sequential(torch.nn.Linear(width, hidden), torch.nn.Linear(hidden, 10))\n"
    )
    other = ("--network", "reader=others:wide", "--network", "reader.hidden=5")
    assert train(program, "--out", "run", "--epochs", 1, *other) == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["factory"] == {"reader": "others:wide"}
    assert config["supervised"] is False
    assert load_file(tmp_path / "run" / "weights.safetensors")[
        "networks.reader.0.weight"
    ].shape == (5, 10)
    assert main(["eval", "run", "--json", "--no-pictures"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["accuracy"]["digit"] > 0
    assert train("--resume", "run", "--epochs", 2) == 0
    assert train(program, "--out", "whole", "--epochs", 2, *other) == 0
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == (
        tmp_path / "whole" / "weights.safetensors"
    ).read_bytes()


def test_a_network_for_a_program_that_names_none(program):
    program.write_text(PROGRAM.replace(':- network(reader, "toy_task:network").', ""))
    assert train(program, "--epochs", 1, "--network", "reader=toy_task:network") == 0


def test_it_learns(program, capsys):
    options = ("--epochs", 60, "--lr", 0.05, "--json", "--data", "count=200")
    assert train(program, *options) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"]["digit"] > 0.95
    assert found["label_accuracy"] > 0.9


def test_table(program, capsys):
    assert train(program, "--out", "run") == 0
    out = capsys.readouterr().out
    for part in ("digit accuracy", "sum accuracy", "log-likelihood", "E-step", "pictures: run"):
        assert part in out


def test_runs_get_folders_of_their_own(program, tmp_path):
    assert train(program, "--epochs", 1) == 0
    assert train(program, "--epochs", 1) == 0
    assert len(list((tmp_path / "runs").glob("toy-*/weights.safetensors"))) == 2


def test_resume_with_more_epochs(program, tmp_path):
    assert train(program, "--out", "whole", "--epochs", 4) == 0
    assert train(program, "--out", "parts", "--epochs", 2) == 0
    assert train("--resume", "parts", "--epochs", 4) == 0
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert (whole / "weights.safetensors").read_bytes() == (
        parts / "weights.safetensors"
    ).read_bytes()
    assert untimed(metrics(whole)) == untimed(metrics(parts))


def test_ctrl_c_saves_and_says_how_to_resume(program, tmp_path):
    endless = program.with_name("endless.nesy")
    endless.write_text(PROGRAM.replace("epochs=2", "epochs=3, workers=0"))
    slow = TASK.replace(
        "        digits = self.digits[index]",
        "        __import__('time').sleep(0.02)\n        digits = self.digits[index]",
    )
    (tmp_path / "toy_task.py").write_text(slow)
    command = [sys.executable, "-m", "emnesy.cli.main", "train", "endless.nesy", "--out", "stopped"]
    process = subprocess.Popen(
        [*command, "--threads", "1"], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "stopped" / "checkpoint.safetensors").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == 130, err
    assert "emnesy train --resume stopped" in err
    assert "Traceback" not in err
    assert train("--resume", "stopped") == 0
    assert train(endless, "--out", "whole") == 0
    assert untimed(metrics(tmp_path / "stopped")) == untimed(metrics(tmp_path / "whole"))
    assert (tmp_path / "stopped" / "weights.safetensors").read_bytes() == (
        tmp_path / "whole" / "weights.safetensors"
    ).read_bytes()


def test_resume_of_a_changed_program_is_refused(program, capsys):
    assert train(program, "--out", "run", "--epochs", 1) == 0
    program.write_text(PROGRAM + "% a remark\n")
    assert train("--resume", "run", "--epochs", 2) == 1
    assert "E0672" in capsys.readouterr().err
    program.unlink()  # then the copy in the folder is what was run
    (program.parent / "run" / "toy_task.py").write_text(TASK)
    assert train("--resume", "run", "--epochs", 2) == 0


BAD = {
    "no network": (':- network(reader, "toy_task:network").', "", "E0640", "reader"),
    "no data": (':- data("toy_task:data").', "", "E0640", "names no data"),
    "module": ("toy_task:network", "toy_tusk:network", "E0650", "toy.nesy:10"),
    "factory": ("toy_task:network", "toy_task:netwrok", "E0651", "toy.nesy:10"),
    "option": ("epochs=2", "epoch=2", "E0660", "did you mean `epochs`"),
    "unobserved": ("observe sum/2.", "", "E0661", "observes nothing"),
    "shape": ("0..9) :: digit", "0..8) :: digit", "E0641", "reader"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_programs(program, tmp_path, capsys, case):
    before, after, code, part = BAD[case]
    assert before in PROGRAM
    program.write_text(PROGRAM.replace(before, after))
    if case == "shape":
        (tmp_path / "toy_task.py").write_text(TASK.replace("(10, (count", "(9, (count"))
    assert train(program, "--out", "run") == 1
    err = capsys.readouterr().err
    assert f"error[{code}]" in err
    assert part in err
    assert not (tmp_path / "run" / "weights.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--network", "reader=3"], "E0810"),
        (["--network", "raeder.width=3"], "E0640"),
        (["--network", "raeder=toy_task:network"], "E0640"),
        (["--network", "reader=toy_tusk:network"], "E0650"),
        (["--network", "reader=toy_task:netwrok"], "E0651"),
        (["--network", ".width=3"], "E0810"),
        (["--network", "reader.=a:b"], "E0810"),
        (["--network", "reader.wdith=3"], "E0652"),
        (["--data", "count"], "E0810"),
        (["--data", "cuont=3"], "E0652"),
        (["--train", "optimizer=lion"], "E0660"),
        (["--batch-size", "0"], "E0660"),
        (["--resume", "nowhere"], "E0670"),
        (["--network", "reader.width=9"], "E0644"),
        (["--train", "device=gpu"], "E0660"),
        (["--train", "device=meta"], "E0660"),
    ],
)
def test_bad_arguments(program, capsys, arguments, code):
    assert train(program, *arguments) == 1
    assert f"error[{code}]" in capsys.readouterr().err


def test_wrong_usage(program, capsys):
    assert main(["train"]) == 2
    assert "FILE" in capsys.readouterr().err
    assert train("missing.nesy") == 1
    assert "E0801" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--seed", "--threads"])
@pytest.mark.parametrize("value", ["-1", "100000000000000000000"])
def test_numbers_that_no_library_takes(program, capsys, option, value):
    assert main(["train", str(program), option, value]) == 2
    assert option in capsys.readouterr().err


FAILING = {
    "metrics": (
        'float(predictions["digit"].float().mean())',
        "1 / 0",
        "E0635",
        "ZeroDivisionError",
    ),
    "no numbers": ('{"mean_digit": ', '{"mean_digit": [], "b": ', "E0635", "metrics failed"),
    "no gradient": (
        "return torch.nn.Linear(width, 10)",
        "return Cut(width, 10)",
        "E0641",
        "gradient",
    ),
    "frozen": (
        "return torch.nn.Linear(width, 10)",
        "return torch.nn.Linear(width, 10).requires_grad_(False)",
        "E0641",
        "gradient",
    ),
}
CUT = """
class Cut(torch.nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs).detach()
"""


@pytest.mark.parametrize("case", FAILING)
def test_data_sets_and_networks_that_fail_late(program, tmp_path, capsys, case):
    before, after, code, part = FAILING[case]
    assert before in TASK
    (tmp_path / "toy_task.py").write_text(TASK.replace(before, after) + CUT)
    assert train(program, "--out", "run") == 1
    err = capsys.readouterr().err
    assert f"error[{code}]" in err
    assert part in err


def test_a_full_disk_is_a_diagnostic(program, capsys, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    assert train(program, "--out", "run") == 1
    assert "error[E0671]" in capsys.readouterr().err


CALLING = """
:- foreign(carry_and_digit/3, "toy_arithmetic:carry_and_digit").
number(a). number(b). position(0..n-1).
const n = 1.
nn(reader, image(K, I), D, 0..9) :: digit(K, I, D) :- number(K), position(I).
sum(0, S) :- digit(a, 0, A), digit(b, 0, B), carry_and_digit(A, B, (_, S)).
sum(1, C) :- digit(a, 0, A), digit(b, 0, B), carry_and_digit(A, B, (C, _)).
observe sum/2.
:- network(reader, "toy_task:network").
:- data("toy_task:data").
:- train(epochs=2, batch_size=8, schedule=constant).
"""


def test_functions_of_pythons(program, tmp_path, capsys):
    """`train`, `eval` and `predict` call them as they make networks, and the results are the same."""
    (tmp_path / "toy_arithmetic.py").write_text(
        "def carry_and_digit(a, b): return divmod(a + b, 10)\n"
    )
    assert train(program, "--out", "plain", "--epochs", 2, "--engine", "exact") == 0
    program.write_text(CALLING)
    assert train(program, "--out", "calling", "--epochs", 2, "--engine", "exact") == 0
    plain, calling = (
        load_file(tmp_path / run / "weights.safetensors") for run in ("plain", "calling")
    )
    for name, weights in plain.items():
        assert torch.allclose(weights, calling[name], atol=1e-5)
    assert train("--resume", "calling", "--epochs", 3) == 0
    capsys.readouterr()
    assert main(["eval", "calling", "--json", "--no-pictures"]) == 0
    assert json.loads(capsys.readouterr().out)["log_likelihood"] < 0
    assert main(["predict", "calling", "--json", "--count", "1"]) == 0
    (tmp_path / "toy_arithmetic.py").unlink()
    del sys.modules["toy_arithmetic"]
    assert main(["eval", "calling", "--json", "--no-pictures"]) == 1
    assert "error[E0650]: there is no module toy_arithmetic" in capsys.readouterr().err
