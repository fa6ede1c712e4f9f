"""The last line of `make test`, and what it is made from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import bootstrap
import run_tests
from run_tests import Outcome, counts, finished, summary

REPORT = """<testsuites><testsuite>
<testcase name="a"/>
<testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><error message="worse"/></testcase>
<testcase name="d"><skipped/></testcase>
<testcase name="e"/>
</testsuite></testsuites>"""


def report(folder: Path, text: str) -> Path:
    path = folder / "report.xml"
    path.write_text(text)
    return path


def test_counts_of_a_report(tmp_path: Path) -> None:
    assert counts("x", report(tmp_path, REPORT)) == Outcome("x", passed=2, failed=2, skipped=1)


def test_summary_adds_the_suites_up() -> None:
    line = summary([Outcome("C++", 5, 0, 1), Outcome("Python", 7, 2, 0)], 3.2)
    assert line == "12 passed, 2 failed, 1 skipped (C++ 6, Python 9, 3 s)"


def test_summary_names_what_could_not_run() -> None:
    line = summary([Outcome("C++", not_run="C++ tests (no Catch2)"), Outcome("Python", 1)], 1)
    assert line == "1 passed, 0 failed, 0 skipped (Python 1, 1 s); not run: C++ tests (no Catch2)"


def test_missing_report_is_a_problem(tmp_path: Path) -> None:
    assert "broke off (exit status 3)" in finished("x", tmp_path / "none.xml", 3).problem


def test_truncated_report_is_a_problem(tmp_path: Path) -> None:
    assert "broke off" in finished("x", report(tmp_path, REPORT[:60]), -11).problem


@pytest.mark.parametrize("status", [1, -11])
def test_green_report_with_a_bad_exit_status_is_a_problem(tmp_path: Path, status: int) -> None:
    green = report(tmp_path, '<testsuite><testcase name="a"/></testsuite>')
    assert str(status) in finished("x", green, status).problem


def test_empty_report_is_a_problem(tmp_path: Path) -> None:
    assert finished("x", report(tmp_path, "<testsuite/>"), 0).problem == "x: no test ran"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome("Python", 1), 0), (Outcome("Python", 1, 1), 1), (Outcome("Python", problem="p"), 1)],
)
def test_exit_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, outcome: Outcome, status: int
) -> None:
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path)
    monkeypatch.setattr(run_tests, "python", lambda arguments: outcome)
    monkeypatch.setattr(sys, "argv", ["run_tests.py", "python"])
    assert run_tests.main() == status


def test_every_native_file_triggers_a_rebuild() -> None:
    """Set-up watches all C++ that goes into the extension module; tests and benchmarks do not."""
    root = bootstrap.ROOT
    made_of = {p for p in (root / "cpp").rglob("*.?pp") if "tests" not in p.parts}
    assert made_of <= set(bootstrap.native_sources())


def test_digest_depends_on_names_and_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("1")
    b.write_text("2")
    first = bootstrap.digest([a, b])
    assert bootstrap.digest([b, a]) == first
    assert bootstrap.digest([a]) != first
    b.write_text("3")
    assert bootstrap.digest([a, b]) != first
