"""Learnable probabilities: parameters shared by instances, their M-step by hand, in a loop and in a run."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import emnesy
from emnesy.cli.main import main
from emnesy.diagnostics import DataError, ProgramError
from emnesy.learn.probabilities import Convergence, Probabilities

COINS = """
t(_)::heads(C) :- coin(C).
coin(1..3).
observe heads/1.
"""


def parameters(text: str):
    return emnesy.load(text).interface.parameters


def test_instances_share_and_keys_part() -> None:
    found = parameters("""
        t(0.3)::a(X) :- d(X).  t(0.4, X)::b(X, Y) :- d(X), d(Y).
        0.5::c(X); t(_)::e(X); t(0.2)::f(X) :- d(X).  t(_)::h :- a(1).  t(_)::h :- a(2).
        d(1..2).
    """)
    assert found.names == (
        "a(X)", "b(1,Y)", "b(2,Y)", "e(X)", "f(X)", "h :- a(1)", "h :- a(2)",
    )  # fmt: skip
    assert found.choices.tolist() == [2, 2, 2, 2, 1, 1]
    assert found.available.tolist() == [1, 1, 1, 0.5, 1, 1]
    assert found.start() == pytest.approx([0.3, 0.4, 0.4, 0.15, 0.2, 0.5, 0.5])


def test_random_starts() -> None:
    found = parameters("t(_)::a; t(_)::b; t(0.2)::c; 0.3::d. t(_)::e. query(a). query(e).")
    starts = np.stack([found.start(np.random.default_rng(seed)) for seed in range(300)])
    assert np.array_equal(starts[7], found.start(np.random.default_rng(7)))
    assert len(np.unique(starts[:, 0])) == 300
    assert (starts[:, 2] == 0.2).all()
    rest = 0.7 - starts[:, :3].sum(axis=1)
    assert rest.min() > 0
    assert starts.min() > 0
    assert starts[:, 3].mean() == pytest.approx(0.5, abs=0.06)
    assert rest.mean() == pytest.approx(0.5 / 3, abs=0.03)  # as much as a and b


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("r(a, 0.1). r(b, 0.2). t(P)::f(X) :- r(X, P).", "E0412"),
        ("r(a, 0.1). r(b, 0.2). P::e(X); t(_)::f(X) :- r(X, P).", "E0412"),
        ("d(1). t(_, X)::a(X); t(_)::b(X) :- d(X).", "E0411"),
        ("d(1). t(_, Y)::a(X) :- d(X).", "E0301"),
        ("t()::a.", "E0109"),
        ("t(0.7)::a; t(0.6)::b.", "E0408"),
        ("t(1.7)::a.", "E0407"),
    ],
)
def test_programs_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(ProgramError) as caught:
        parameters(text + "\n")
    assert code in [d.code for d in caught.value.diagnostics]


def test_the_mean_of_what_is_seen() -> None:
    """5 heads in 8 throws that are seen; EM's limit is 5/8, whatever is not seen."""
    model = emnesy.load(COINS).compile("enumerate")
    seen = {"heads": torch.tensor([[-1, 1, 1, 0], [-1, 1, -1, 0], [-1, 1, 1, 0]])[:, 1:]}
    loss = emnesy.EMLoss(emnesy.load(COINS.replace("1..3", "0..2")).compile("enumerate"))
    for _ in range(60):
        loss.e_step({}, seen)
        found = loss.update_probabilities(power=None)
    assert found == pytest.approx({"heads(C)": 5 / 8}, abs=1e-9)
    assert model.probabilities == {"heads(C)": 0.5}


def test_one_step_by_hand() -> None:
    """p(a | a or b) = 0.3 / 0.58 and p(b | a or b) = 0.4 / 0.58; the other example says neither."""
    model = emnesy.load("t(0.3)::a. t(0.4)::b. c :- a. c :- b. observe c/0.").compile("bp")
    loss = emnesy.EMLoss(model)
    loss.e_step({}, {"c": torch.tensor([1, 0])})
    assert loss.update_probabilities(power=None) == pytest.approx(
        {"a": 0.3 / 0.58 / 2, "b": 0.4 / 0.58 / 2}
    )


def test_a_disjunction_with_rest_and_a_fixed_alternative() -> None:
    """9 of 20 are the fixed alternative; the free half is shared by 6 : 2 : 3 (none)."""
    model = emnesy.load("0.5::a; t(0.1)::b; t(0.1)::c. observe a/0. observe b/0. observe c/0.")
    rows = [(1, 0, 0)] * 9 + [(0, 1, 0)] * 6 + [(0, 0, 1)] * 2 + [(0, 0, 0)] * 3
    loss = emnesy.EMLoss(model.compile("exact"))
    labels = torch.tensor(rows)
    loss.e_step({}, {name: labels[:, i] for i, name in enumerate("abc")})
    found = loss.update_probabilities(power=None)
    assert found == pytest.approx({"b": 0.5 * 6 / 11, "c": 0.5 * 2 / 11})


def test_impossible_examples_do_not_count() -> None:
    model = emnesy.load("t(0.3)::a. b :- a. b :- not a. observe a/0. observe b/0.").compile("bp")
    loss = emnesy.EMLoss(model)
    step = loss.e_step({}, {"a": torch.tensor([1, 0, 1, 1]), "b": torch.tensor([1, 1, 0, 0])})
    assert step.impossible == 2
    assert loss.update_probabilities(power=None) == pytest.approx({"a": 0.5})
    loss.e_step({}, {"a": torch.tensor([1]), "b": torch.tensor([0])})
    assert loss.update_probabilities(power=None) == pytest.approx({"a": 0.5})


def test_stepwise_weights() -> None:
    """Step sizes (k + 2)^-a: the first two steps by hand."""
    own = Probabilities(parameters("t(0.3)::a. query(a)."))
    own.update(torch.tensor([0.9, 0.0]).double(), power=0.6)
    first = 0.3 + 2**-0.6 * (0.9 - 0.3)
    assert own.named() == pytest.approx({"a": first})
    own.update(torch.tensor([0.1, 0.0]).double(), power=0.6)
    assert own.named() == pytest.approx({"a": first + 3**-0.6 * (0.1 - first)})


def test_a_probability_of_zero_stays() -> None:
    model = emnesy.load("t(0.0)::a. t(0.5)::b. c :- a. c :- b. observe c/0.").compile("bp")
    loss = emnesy.EMLoss(model)
    for _ in range(3):
        loss.e_step({}, {"c": torch.tensor([1, 1, 0])})
        found = loss.update_probabilities()
    assert found["a"] == 0.0
    assert 0 < found["b"] < 1


def test_convergence_sees_through_slowness() -> None:
    convergence = Convergence()
    for k in range(40):
        convergence.saw(0.01 * 0.99**k)
    assert convergence.left == pytest.approx(0.01 * 0.99**40 / 0.01, rel=1e-6)


def test_other_probabilities_of_a_program() -> None:
    model = emnesy.load("t(0.3)::a. t(0.2)::b; 0.5::c. query(a). query(b).").compile()
    other = model.with_probabilities({"a": 0.9})
    assert other.query() == pytest.approx({"a": 0.9, "b": 0.2})
    assert model.query() == pytest.approx({"a": 0.3, "b": 0.2})
    assert other.with_probabilities(np.array([0.1, 0.4])).probabilities == {"a": 0.1, "b": 0.4}
    for wrong in ({"a": 1.2}, {"d": 0.1}, {"b": 0.6}, {"a": float("nan")}, np.zeros(3)):
        with pytest.raises(DataError, match="E0615"):
            model.with_probabilities(wrong)


TASK = """
import torch
from torch.utils.data import Dataset

class Throws(Dataset):
    def __init__(self, seed):
        generator = torch.Generator().manual_seed(seed)
        self.kind = torch.randint(2, (200,), generator=generator)
        fake = torch.rand(200, generator=generator) < 0.25
        self.told = torch.where(fake, 1 - self.kind, self.kind)

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, i):
        inputs = {"picture": torch.nn.functional.one_hot(self.kind[i], 2).float()}
        return {"inputs": inputs, "labels": {"told": self.told[i]}, "truth": {"shows": self.kind[i]}}

def data(split, *, consts, seed):
    return None if split == "valid" else Throws(seed + (split == "test"))

def network():
    net = torch.nn.Linear(2, 2, bias=False)
    net.weight.data = 2 * torch.eye(2)
    return net
"""

MIXED = """
nn(net, picture, A, [cat, dog]) :: shows(A).
t(0.4)::mistake.
told(A) :- shows(A), not mistake.
told(dog) :- shows(cat), mistake.
told(cat) :- shows(dog), mistake.
observe told/1.
:- network(net, "task:network").
:- data("task:data").
:- train(epochs=3, batch_size=25, lr=0.02, schedule=constant).
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "task.py").write_text(TASK)
    (tmp_path / "mixed.nesy").write_text(MIXED)
    return tmp_path


def run(*arguments: object) -> int:
    return main([str(a) for a in arguments])


@pytest.mark.parametrize(
    "options",
    [[], ["--train", "e_step=epoch"], ["--train", "targets=stochastic"], ["--train", "mode=std"]],
)
def test_a_run_with_a_network(folder, capsys, options) -> None:
    assert (
        run("train", "mixed.nesy", "--threads", 1, "--out", "a", "--epochs", 8, "--json", *options)
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    # A network that is unsure explains wrong labels as well: only an upper bound is certain.
    assert 0.05 < found["probabilities"]["mistake"] < 0.32
    assert found["accuracy"]["shows"] == 1.0
    # The same in two parts, and read again from the folder.
    assert run("train", "mixed.nesy", "--threads", 1, "--out", "b", "--epochs", 3, *options) == 0
    assert run("train", "--resume", "b", "--epochs", 8, "--json") == 0
    capsys.readouterr()
    one, two = (folder / name / "weights.safetensors" for name in "ab")
    assert one.read_bytes() == two.read_bytes()
    assert run("eval", "a", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    for name in ("probabilities", "accuracy", "log_likelihood"):
        assert again[name] == found[name]
    assert run("predict", "a", "--count", 1, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert 0 < shown["probability"] < 1


def test_epochs_tell_the_probabilities(folder, capsys) -> None:
    assert run("train", "mixed.nesy", "--threads", 1, "--out", "a") == 0
    output = capsys.readouterr()
    assert "p(mistake)" in output.out
    assert "p(mistake)" in output.err
    records = [json.loads(line) for line in (folder / "a/metrics.jsonl").read_text().splitlines()]
    assert [set(r["probabilities"]) for r in records[:3]] == [{"mistake"}] * 3
