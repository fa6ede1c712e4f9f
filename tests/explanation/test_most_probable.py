"""The most probable world is one: compared with all worlds, one by one, and with ProbLog's `mpe`."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import emnesy
from conformance.random_programs import RandomProgram, random_programs
from emnesy.cli.main import main
from emnesy.diagnostics import EngineError
from emnesy.explanation.most_probable import MostProbable, bind_maximizer, most_probable

from .by_hand import allowed_worlds
from .test_sampling import CYCLE, EVIDENCE, LOOPS, NUMBERS

CYCLE_WITH_EVIDENCE = CYCLE.replace(":- path(1, 1), edge(1, 3).", "evidence(path(1, 3)).")
ALARM = """
0.1::burglary. 0.2::earthquake. 0.7::hears(john). 0.4::hears(mary).
alarm :- burglary. alarm :- earthquake.
0.8::calls(X) :- alarm, hears(X). 0.1::calls(X) :- \\+alarm, hears(X).
evidence(calls(john)). evidence(calls(mary), false).
query(burglary). query(earthquake). query(hears(_)).
"""
ENGINES = ("auto", "exact", "enumerate", "bp")


def answer_of(text: str, engine: str = "auto", threads: int = 1, **options: object) -> MostProbable:
    return most_probable(bind_maximizer(emnesy.load(text), engine, threads, options))


def assert_is_best(text: str, answer: MostProbable) -> None:
    """Among all worlds that have the evidence none is more probable, and its queries are its own."""
    worlds = allowed_worlds(emnesy.load(text))
    best = max(world.probability for world in worlds)
    assert answer.probability == pytest.approx(best, rel=1e-9), text
    (same,) = [w for w in worlds if w.alternatives == tuple(answer.world.alternatives)]
    assert frozenset(answer.world.true) == same.true, text
    assert same.probability == pytest.approx(best, rel=1e-9), text
    total = sum(world.probability for world in worlds)
    assert answer.given_evidence == pytest.approx(best / total, rel=1e-9), text


@pytest.mark.parametrize(
    ("text", "engine"),
    [(t, e) for t in (EVIDENCE, CYCLE, NUMBERS) for e in ENGINES if (t, e) != (CYCLE, "bp")],
)
def test_written_programs(text: str, engine: str) -> None:
    answer = answer_of(text, engine)
    assert answer.exact
    assert_is_best(text, answer)


@given(random_programs(cycles=True))
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_random_programs(program: RandomProgram) -> None:
    text = program.text()
    if not allowed_worlds(emnesy.load(text)):
        with pytest.raises(EngineError, match="E0703"):
            answer_of(text)
        return
    for engine in ("auto", "exact", "enumerate"):
        assert_is_best(text, answer_of(text, engine))


@pytest.mark.parametrize("text", [EVIDENCE, CYCLE_WITH_EVIDENCE, ALARM])
def test_problog_finds_a_world_as_probable(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # its solver writes a file where it is run
    assert problog_mpe(text) == pytest.approx(answer_of(text).probability, rel=1e-9)


def problog_mpe(text: str) -> float:
    """The probability of ProbLog's most probable explanation, by its MaxSAT solver."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from problog.formula import LogicDAG
        from problog.program import PrologString
        from problog.tasks.mpe import mpe_maxsat

        dag = LogicDAG.createFrom(
            PrologString(text), avoid_name_clash=True, label_all=True, labels=[("output", 1)]
        )
        probability, _ = mpe_maxsat(dag)
    return float(probability)


@pytest.mark.parametrize("engine", ["exact", "enumerate", "bp", "rejection"])
def test_ties_are_broken_the_same_way(engine: str) -> None:
    text = (
        "".join(f"0.5::c({i}). " for i in range(6))
        + "a :- c(0), \\+c(5). b :- c(1). query(a). query(b). query(c(_))."
    )
    answers = {
        tuple(
            most_probable(
                bind_maximizer(emnesy.load(text), engine, threads), seed=seed
            ).world.alternatives
        )
        for threads in (1, 3)
        for seed in ((0, 1, 2) if engine != "rejection" else (0,))
    }
    assert len(answers) == 1


def test_loopy_answers_are_called_approximate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never better than the best world, and with the evidence."""
    answer = answer_of(LOOPS, "bp", cluster=0)
    assert not answer.exact
    assert answer.given_evidence is None
    worlds = allowed_worlds(emnesy.load(LOOPS))
    (same,) = [w for w in worlds if w.alternatives == tuple(answer.world.alternatives)]
    assert answer.probability == pytest.approx(same.probability, rel=1e-9)
    path = tmp_path / "loops.nesy"
    path.write_text(LOOPS)
    assert main(["map", str(path), "--engine", "bp", "--engine-option", "cluster=0", "--json"]) == 0
    out, err = capsys.readouterr()
    assert not json.loads(out)["exact"]
    assert err.startswith("approximate: ")


def test_simulation_may_miss_it_but_says_so() -> None:
    answer = answer_of(NUMBERS, "rejection")
    assert not answer.exact
    assert (
        answer.probability
        <= max(w.probability for w in allowed_worlds(emnesy.load(NUMBERS))) + 1e-12
    )


def test_an_engine_without_the_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "numbers.nesy"
    path.write_text(NUMBERS)
    assert main(["map", str(path), "--engine", "gibbs"]) == 1
    err = capsys.readouterr().err
    assert "E0707" in err
    assert "`exact`" in err


def test_probabilities_too_small_for_a_float(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "small.nesy"
    path.write_text("0.5::c(I) :- I in 1..1200. n :- c(1). n :- I in 2..1200, c(I). query(n).")
    assert main(["map", str(path)]) == 0
    out = capsys.readouterr().out
    assert float(out.split("exp(")[1].rstrip(")\n")) == pytest.approx(
        1200 * math.log(0.5), rel=1e-5
    )


def test_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rain.nesy"
    path.write_text(
        "0.3::rain. 0.6::sprinkler; 0.1::hose. wet :- rain. wet :- sprinkler. "
        "query(wet). query(rain). evidence(wet)."
    )
    assert main(["map", str(path), "--choices"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wet:  true",
        "rain: false",
        "choice: none of rain",
        "choice: sprinkler",
        "probability 0.42, given the evidence 0.583333",
    ]
