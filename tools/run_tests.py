"""Run every test, C++ and Python, and end with one line that sums up.

The C++ tests are built by CMake without Python (Catch2), the Python tests run by pytest. A part
that could not run is named in the last line. The exit status is 1 where anything failed or broke.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import catch2
from bootstrap import PYTHON, ROOT, environment, say

RESULTS = ROOT / "build" / "test-results"


@dataclass
class Outcome:
    """What one suite came to."""

    suite: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problem: str = ""  # it broke: counts as a failure
    not_run: str = ""  # it could not run here: said, but no failure


def counts(suite: str, report: Path) -> Outcome:
    """The numbers of a JUnit report, as pytest and Catch2 write it."""
    total = failed = skipped = 0
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 (our own file)
        total += 1
        failed += broken(case) is not None
        skipped += case.find("skipped") is not None
    return Outcome(suite, total - failed - skipped, failed, skipped)


def broken(case: ET.Element) -> ET.Element | None:
    """What a JUnit test case says of its failure."""
    failure = case.find("failure")
    return failure if failure is not None else case.find("error")


def cpp(preset: str) -> Outcome:
    """Configure, build and run the C++ tests of one CMake preset."""
    suite = "C++" if preset == "release" else f"C++ under {preset}"
    include = catch2.find()
    if include is None:
        return Outcome(
            suite, not_run=f"{suite} tests (no Catch2 here, and it could not be fetched)"
        )
    build = ROOT / "build" / preset
    env = environment()
    configure = ["cmake", "--preset", preset, f"-DEMNESY_CATCH2_INCLUDE={include}"]
    if not (build / "CMakeCache.txt").exists():
        configure += ["-G", "Ninja"]
    if env.get("CI"):
        configure.append("-DCMAKE_COMPILE_WARNING_AS_ERROR=ON")
    for command in (configure, ["cmake", "--build", str(build), "--parallel"]):
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            return Outcome(suite, problem=f"{suite} tests did not build")
    report = RESULTS / f"cpp-{preset}.xml"
    report.unlink(missing_ok=True)
    program = [str(build / "cpp" / "tests" / "emnesy_tests"), "-r", "junit", "-o", str(report)]
    status = subprocess.run(program, cwd=ROOT, env=env, stdin=subprocess.DEVNULL).returncode
    outcome = finished(suite, report, status)
    if outcome.failed:
        for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 (our own file)
            if (failure := broken(case)) is not None:
                print(f"FAILED {case.get('classname')} {case.get('name')}\n{failure.text}")
    return outcome


def python(arguments: Sequence[str]) -> Outcome:
    """Run pytest."""
    report = RESULTS / "pytest.xml"
    report.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pytest", f"--junitxml={report}", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL)
    return finished("Python", report, done.returncode)


def finished(suite: str, report: Path, status: int) -> Outcome:
    """Read a report, and distrust it where the runner's exit status says otherwise."""
    try:
        outcome = counts(suite, report)
    except (OSError, ET.ParseError):
        return Outcome(suite, problem=f"{suite} tests broke off (exit status {status})")
    if status < 0 or (status != 0 and outcome.failed == 0):
        outcome.problem = f"{suite} tests ended with exit status {status}"
    if outcome.passed + outcome.failed == 0 and not outcome.problem:
        outcome.problem = f"{suite}: no test ran"
    return outcome


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """The last line."""
    passed, failed, skipped = (
        sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed", "skipped")
    )
    ran = [f"{o.suite} {o.passed + o.failed + o.skipped}" for o in outcomes if not o.not_run]
    line = f"{passed} passed, {failed} failed, {skipped} skipped"
    line += f" ({', '.join([*ran, f'{seconds:.0f} s'])})"
    for label, attribute in (("broken", "problem"), ("not run", "not_run")):
        texts = [getattr(o, attribute) for o in outcomes if getattr(o, attribute)]
        line += f"; {label}: {', '.join(texts)}" if texts else ""
    return line


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "suites",
        nargs="*",
        default=["release", "python"],
        metavar="SUITE",
        help="python, or a test preset of CMakePresets.json: release, asan, tsan",
    )
    parser.add_argument(
        "--pytest", default=os.environ.get("PYTEST_ARGS", ""), help="arguments for pytest"
    )
    options = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    outcomes = []
    for suite in options.suites:
        say("Python tests" if suite == "python" else f"C++ tests ({suite})")
        outcomes.append(python(shlex.split(options.pytest)) if suite == "python" else cpp(suite))
    line = summary(outcomes, time.monotonic() - start)
    (RESULTS / "summary.txt").write_text(line + "\n")
    print(line, flush=True)
    return int(any(o.failed or o.problem for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
