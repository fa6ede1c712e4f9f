"""Samples are distributed as the program says, and the same seed draws the same ones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import emnesy
from emnesy.cli.main import main
from emnesy.diagnostics import EngineError
from emnesy.explanation.sampling import bind_sampler, sample

from .by_hand import joint_queries

EVIDENCE = """
0.5::heads(1). 0.4::heads(2).
0.6::a; 0.3::b.
win :- heads(1), a.
win :- heads(2), \\+b.
evidence(win).
query(heads(_)). query(a). query(b).
"""
CYCLE = """
0.6::edge(1,2). 0.5::edge(2,1). 0.4::edge(2,3). 0.3::edge(1,3).
path(X, Y) :- edge(X, Y).
path(X, Y) :- edge(X, Z), path(Z, Y).
:- path(1, 1), edge(1, 3).
query(path(1, 3)). query(path(1, 1)). query(edge(1, 2)).
"""
NUMBERS = """
0.3::item(1). 0.5::item(2). 0.6::item(3).
total(sum<X>) :- item(X).
some :- item(1).
some :- item(2).
evidence(some).
query(total(_)). query(item(1)).
"""
CASES = [
    (EVIDENCE, "auto"),
    (EVIDENCE, "exact"),
    (EVIDENCE, "enumerate"),
    (EVIDENCE, "rejection"),
    (EVIDENCE, "abc"),
    (CYCLE, "auto"),
    (CYCLE, "exact"),
    (CYCLE, "rejection"),
    (NUMBERS, "auto"),
    (NUMBERS, "rejection"),
]
COUNT = 20_000
LOOP = """
0.4::a. 0.3::b. 0.6::c.
ab :- a, b.   ab :- not a, c.
bc :- b, c.   bc :- not b, a.
ca :- c, a.   ca :- not c, b.
evidence(ab). evidence(bc).
query(a). query(ca).
"""
LOOPS = """
0.5::c(I) :- I in 0..11.
:- I in 0..11, c(I), c((I+1) mod 12), c((I+5) mod 12).
query(c(0)). evidence(c(3)).
"""


@pytest.mark.parametrize(("text", "engine"), CASES)
def test_frequencies(text: str, engine: str) -> None:
    """Every joint truth of the queries comes as often as it is probable.

    4.5 standard deviations: one case in 10^5 fails by chance (and the seed is fixed), while a bias of
    2 % of the samples does not pass.
    """
    expected = joint_queries(emnesy.load(text))
    model = bind_sampler(emnesy.load(text), engine)
    found = Counter(frozenset(world.true) for world in sample(model, COUNT, seed=5))
    assert set(found) <= set(expected)
    for world, p in expected.items():
        assert abs(found[world] / COUNT - p) < 4.5 * np.sqrt(p * (1 - p) / COUNT) + 1e-12
    # 4.5 standard deviations of one half: the greatest of these bounds
    assert 4.5 * np.sqrt(0.25 / COUNT) < 0.02


@pytest.mark.parametrize("engine", ["exact", "rejection", "enumerate"])
def test_same_seed_same_worlds(engine: str) -> None:
    def draw(count: int, seed: int, threads: int) -> list[tuple[str, ...]]:
        model = bind_sampler(emnesy.load(EVIDENCE), engine, threads)
        return [world.true for world in sample(model, count, seed=seed)]

    assert draw(700, 3, 1) == draw(700, 3, 4)
    assert draw(700, 3, 1)[:100] == draw(100, 3, 1)
    assert draw(700, 3, 1) != draw(700, 4, 1)


def test_improbable_evidence_is_drawn_for_again() -> None:
    """One world in a thousand has the evidence; each sample is an independent one all the same."""
    text = "0.001::rare. 0.5::a. 0.2::b. ok :- rare, a. ok :- rare, b. evidence(ok). query(a)."
    model = bind_sampler(emnesy.load(text), "rejection")
    drawn = [world.queries["a"] for world in sample(model, 2000, seed=1)]
    p = 0.5 / 0.6
    assert abs(np.mean(drawn) - p) < 4.5 * np.sqrt(p * (1 - p) / 2000)


def test_probability_of_a_world() -> None:
    model = bind_sampler(emnesy.load("0.2::a. 0.3::b; 0.4::c. query(a). query(b). query(c)."))
    for world in sample(model, 20):
        expected = (0.2 if world.queries["a"] else 0.8) * (
            0.3 if world.queries["b"] else 0.4 if world.queries["c"] else 0.3
        )
        assert np.exp(world.log_probability) == pytest.approx(expected, rel=1e-12)


def test_impossible_evidence() -> None:
    for engine, code in [("exact", "E0703"), ("rejection", "E0708")]:
        text = "0.5::a. c :- a. evidence(c). evidence(a, false). query(a)."
        model = bind_sampler(emnesy.load(text), engine)
        with pytest.raises(EngineError) as caught:
            list(sample(model, 3))
        assert caught.value.diagnostics[0].code == code


@pytest.fixture
def loop(tmp_path: Path) -> str:
    path = tmp_path / "loop.nesy"
    path.write_text(LOOP)
    return str(path)


@pytest.mark.parametrize(
    "arguments", [["--engine", "gibbs"], ["--engine", "bp", "--engine-option", "cluster=0"]]
)
def test_approximate_samples_are_refused(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "loops.nesy"
    path.write_text(LOOPS)
    assert main(["sample", str(path), *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "E0713" in err
    assert "`exact`" in err
    assert "`rejection`" in err


def test_output_forms(loop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", loop, "-n", "4", "--seed", "2"]) == 0
    facts = capsys.readouterr().out
    assert main(["sample", loop, "-n", "4", "--seed", "2", "--format", "json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    worlds = [json.loads(line)["queries"] for line in lines]
    assert len(worlds) == 4
    assert [[f"{a}." for a, holds in w.items() if holds] for w in worlds] == [
        [line for line in block.splitlines() if not line.startswith("%")]
        for block in facts.split("----------------\n")
    ]


def test_all_atoms(loop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", loop, "--all", "--format", "json"]) == 0
    world = json.loads(capsys.readouterr().out)
    assert set(world["atoms"]) == {"b", "c", "ab", "bc"}
    assert world["atoms"]["ab"]
    assert world["atoms"]["bc"]


def test_examples_are_read_by_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are whole interpretations: of every query atom whether it holds."""
    truth = "0.3::a. 0.8::b :- a. 0.2::b :- \\+a. query(a). query(b)."
    learn = "t(0.5)::a. t(0.5)::b :- a. t(0.5)::b :- \\+a. query(a). query(b)."
    (tmp_path / "truth.nesy").write_text(truth)
    (tmp_path / "learn.nesy").write_text(learn)
    arguments = ["-n", "4000", "--format", "examples"]
    assert main(["sample", str(tmp_path / "truth.nesy"), *arguments]) == 0
    (tmp_path / "examples.pl").write_text(capsys.readouterr().out)
    from emnesy.diagnostics import Source
    from emnesy.learn.interpretations import read_interpretations

    core = emnesy.load(learn).core
    text = (tmp_path / "examples.pl").read_text()
    read = read_interpretations(Source("examples.pl", text), core)
    truths = [{atom.name: holds for atom, holds in one.truth.items()} for one in read]
    assert len(truths) == 4000
    assert np.mean([t["a"] for t in truths]) == pytest.approx(0.3, abs=0.033)  # 4.5 deviations
