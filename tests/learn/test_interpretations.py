"""`emnesy train --examples`: programs without networks, from files of interpretations."""

from __future__ import annotations

import json
import math

import pytest

import emnesy
from emnesy.cli.main import main
from emnesy.diagnostics import EmnesyError, Source
from emnesy.learn.interpretations import read_interpretations

PROGRAM = """
const n = 2.
t(0.3)::a(X) :- X in 1..n.
t(_)::b.
c(X) :- a(X), b.
'odd name'("x y") :- b.
"""


def read(text: str, program: str = PROGRAM):
    return read_interpretations(Source("seen.pl", text), emnesy.load(program).core)


def plain(text: str) -> list[dict[str, bool]]:
    from emnesy.language.core_text import atom_text

    return [{atom_text(a): holds for a, holds in one.truth.items()} for one in read(text)]


def test_forms() -> None:
    found = plain(
        """
        evidence(a(1), true).  evidence(a(2), false).
        -------- the next one
        evidence(b).  evidence(\\+c(1)).
        ---
        % nothing here

        ---
        b. \\+c(2).
          \\+ a(1).
        'odd name'("x y").  not c(1). a(n).
        """.replace("not c(1).", "\n:- c(1).")
    )
    assert found == [
        {"a(1)": True, "a(2)": False},
        {"b": True, "c(1)": False},
        {"b": True, "c(2)": False, "a(1)": False, "'odd name'(\"x y\")": True, "c(1)": False,
         "a(2)": True},
    ]  # fmt: skip


def test_places() -> None:
    found = read("b.\n---\n\nb.\n\\+b.\n")
    assert [(one.number, one.line, one.contradictory) for one in found] == [
        (1, 1, False),
        (2, 4, True),
    ]


BAD = {
    "a rule": ("b :- a(1).", "E0665", "seen.pl:1:1"),
    "a variable": ("b.\n---\na(X).", "E0665", "seen.pl:3:1"),
    "a probability": ("0.3::b.", "E0665", ""),
    "an unknown predicate": ("c(1).\nd.", "E0665", "seen.pl:2:1"),
    "a typing error": ("'odd nam'(x).", "E0665", "odd name"),
    "several": ("d.\ne.", "E0665", "seen.pl:2:1"),
    "syntax": ("b.\n\\+c(1.\n", "E01", "seen.pl:2"),
    "nothing": ("% nothing\n---\n", "E0664", "seen.pl"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files(case: str) -> None:
    text, code, part = BAD[case]
    with pytest.raises(EmnesyError) as caught:
        read(text)
    assert code in str(caught.value)
    assert part in str(caught.value)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.nesy").write_text(PROGRAM)
    (tmp_path / "seen.pl").write_text(
        "a(1). b.\n---\n\\+a(1). \\+b.\n---\nc(1).\n---\n\\+c(2). b.\n---\nc(1). \\+b.\n"
    )
    return tmp_path


def run(*arguments: object) -> int:
    return main([str(a) for a in arguments])


def test_a_run(folder, capsys) -> None:
    assert run("train", "p.nesy", "--examples", "seen.pl", "--out", "r", "--json", "--seed", 3) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    # a is seen true, false, true, and false; b true, false, true, true.
    assert found["probabilities"] == pytest.approx({"a(X)": 0.5, "b": 0.75}, abs=1e-5)
    assert found["epochs"] < 1000
    assert "1 impossible" in err
    assert "5 (line 9)" in err
    assert (folder / "r" / "examples.pl").read_text() == (folder / "seen.pl").read_text()
    (folder / "seen.pl").unlink()  # the folder has its own
    assert run("eval", "r", "--split", "train", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["probabilities"] == found["probabilities"]
    assert again["log_likelihood"] == pytest.approx(found["log_likelihood"], abs=1e-6)
    assert run("predict", "r", "--split", "train") == 0
    assert "probability of that label" in capsys.readouterr().out
    assert run("eval", "r") == 1
    assert "E0635" in capsys.readouterr().err


def test_resume(folder, capsys) -> None:
    arguments = ("train", "p.nesy", "--examples", "seen.pl", "--train", "tolerance=0")
    assert run(*arguments, "--out", "whole", "--epochs", 7) == 0
    assert run(*arguments, "--out", "parts", "--epochs", 3) == 0
    assert run("train", "--resume", "parts", "--epochs", 7) == 0
    whole, parts = (folder / name / "weights.safetensors" for name in ("whole", "parts"))
    assert whole.read_bytes() == parts.read_bytes()
    assert run("train", "--resume", "parts", "--examples", "seen.pl") == 1
    assert "E0672" in capsys.readouterr().err


@pytest.mark.parametrize("engine", ["bp", "exact", "enumerate", "auto", "gibbs", "rejection"])
def test_engines(folder, capsys, engine: str) -> None:
    arguments = ["--engine", engine, "--json", "--epochs", 40, "--out", "r"]
    assert run("train", "p.nesy", "--examples", "seen.pl", *arguments) == 0
    found = json.loads(capsys.readouterr().out)["probabilities"]
    assert found == pytest.approx({"a(X)": 0.5, "b": 0.75}, abs=0.04)


def test_threads_change_nothing(folder) -> None:
    for threads in (1, 4):
        arguments = ("--threads", threads, "--out", f"r{threads}", "--epochs", 20)
        assert run("train", "p.nesy", "--examples", "seen.pl", *arguments) == 0
    one, four = (folder / f"r{n}" / "weights.safetensors" for n in (1, 4))
    assert one.read_bytes() == four.read_bytes()


WRONG = {
    "a network": ("nn(net, x)::a(1). b.", "b.", "E0662"),
    "nothing to learn": ("0.3::b.", "b.", "E0661"),
    "nothing possible": ("t(0.3)::b. a(1).", "\\+a(1).\n---\nb. \\+b.", "E0664"),
    "never true": ("t(0.3)::b. a(X) :- b, X in 1..2.", "a(3).", "E0664"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_combinations(folder, capsys, case: str) -> None:
    program, seen, code = WRONG[case]
    (folder / "p.nesy").write_text(program + "\n")
    (folder / "seen.pl").write_text(seen)
    assert run("train", "p.nesy", "--examples", "seen.pl") == 1
    assert f"error[{code}]" in capsys.readouterr().err
    assert run("train", "p.nesy", "--examples", "missing.pl") == 1
    assert "error[E08" in capsys.readouterr().err or code in ("E0662",)


LAMPS = "t(0.4)::on(1). t(0.4)::on(2). t(0.4)::on(3).\n"
COUNTS = "evidence(total(0)).\n---\nevidence(total(2)).\n---\nevidence(total(1)).\n"


def test_a_count_over_nothing_has_no_value(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seen.pl").write_text(COUNTS)
    (tmp_path / "lamps.nesy").write_text(f"{LAMPS}total(count<X>) :- on(X).\nobserve total/1.\n")
    assert main(["train", "lamps.nesy", "--examples", "seen.pl", "--epochs", "1"]) == 0
    shown = capsys.readouterr().err
    assert "1 impossible under the program, left out: number 1 (line 1)" in shown
    assert "`total(0)` never holds over nothing" in shown
    assert "emnesy explain E0633" in shown


def test_a_rule_gives_a_count_over_nothing_its_value(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seen.pl").write_text(COUNTS)
    (tmp_path / "lamps.nesy").write_text(
        f"{LAMPS}counted(count<X>) :- on(X).\ntotal(N) :- counted(N).\n"
        "total(0) :- not counted(_).\nobserve total/1.\n"
    )
    arguments = ["lamps.nesy", "--examples", "seen.pl", "--epochs", "200", "--json"]
    assert main(["train", *arguments]) == 0
    out, shown = capsys.readouterr()
    assert "impossible" not in shown
    # Three of the nine lamps of the three worlds are lit: p = 1/3, where all three numbers are as probable as
    # they get: log(8/27) + log(3 * 4/27) + log(3 * 2/27).
    wanted = (math.log(8 / 27) + math.log(12 / 27) + math.log(6 / 27)) / 3
    assert json.loads(out.splitlines()[-1])["log_likelihood"] == pytest.approx(wanted, abs=1e-6)
