"""Two threads and more: how much faster a batch is answered.

The same call with 1, 2 and 4 threads, taking turns; the answers are the same to the bit. As cores are often
shared with others, a plain C++ loop of divisions takes its turns in between: what it gains is what the
machine gives.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import numpy as np

import emnesy
from baselines.reference import library
from measure import Timing, Ways, Work, alternate, speedup
from report import Cell, Table
from workloads.addition import PROGRAM, examples
from workloads.sudoku import pairwise_model, readings

THREADS = (1, 2, 4)
DIVISIONS = 2_000_000


def yardstick(threads: int) -> Work:
    """Divisions shared out among threads."""
    work = library().emnesy_reference_divisions
    work.restype = ctypes.c_double
    return lambda: work(ctypes.c_int64(DIVISIONS), ctypes.c_int32(threads))


def call(name: str, batch: int) -> tuple[emnesy.CompiledProgram, dict[str, Any]]:
    """A model and what to give it."""
    if name == "sudoku":
        options = {"schedule": "flooding", "max_iterations": 10, "tolerance": 0.0}
        return pairwise_model(3), {"priors": {"holds": readings(batch)}, "options": options}
    n = int(name.split()[0])
    priors, sums = examples(n, batch)
    model = emnesy.load(PROGRAM, consts={"n": n}).compile("bp")
    return model, {"priors": {"digit": priors}, "evidence": {"sum": sums}}


def gain(times: dict[str, Timing], threads: int) -> str | None:
    """The engine's gain over the yardstick's, of the medians: both are as the machine was on average."""
    ours = times["1"].median / times[str(threads)].median
    machine = times["divisions, 1"].median / times[f"divisions, {threads}"].median
    return f"{ours / machine:.2f}"


def compare(
    name: str,
    model: emnesy.CompiledProgram,
    given: dict[str, Any],
    *,
    scale: float,
    turns: tuple[int, float],
) -> dict[str, Cell]:
    """The cells of one call with each number of threads: seconds times `scale`.

    `turns`: how many there are, and the seconds of each.
    """
    found = Ways()
    for threads in THREADS:
        found.add(str(threads), lambda t=threads: lambda: model.posterior(**given, threads=t))  # type: ignore[misc]
    answers = [np.asarray(next(iter(work().values()))) for work in found.works.values()]  # type: ignore[attr-defined]
    if any(a.tobytes() != answers[0].tobytes() for a in answers):
        raise AssertionError(f"{name}: the number of threads changes the answer")
    for threads in THREADS:
        found.add(f"divisions, {threads}", lambda t=threads: yardstick(t))  # type: ignore[misc]
    repeats, seconds = turns
    times = alternate(found.works, repeats=repeats, seconds=seconds)
    row: dict[str, Cell] = {
        f"{t} threads" if t > 1 else "1 thread": times[str(t)].best * scale for t in THREADS
    }
    for t in THREADS[1:]:
        row[f"1 : {t}"] = speedup(times, "1", str(t))
        row[f"machine, 1 : {t}"] = speedup(times, "divisions, 1", f"divisions, {t}")
        row[f"share, 1 : {t}"] = gain(times, t)
    return row


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    table = Table(
        "Microseconds per example",
        f"This process may use {cores} cores. `x : y`: the time with x threads over that with y, best of "
        "alternated repeats, in brackets of the medians. `machine`: the same of plain C++ divisions in the "
        "same minutes. `share`: the gain over the machine's, of the medians.",
    )
    for name, batch in (
        ("15 digits", 100),
        ("15 digits", 1000),
        ("100 digits", 100),
        ("sudoku", 128),
    ):
        row: dict[str, Cell] = {"task": name, "batch": batch}
        # Short turns: the longer one is, the less likely are all cores free from its beginning to its end.
        turns = (5, 0.02) if quick else (400, 0.005)
        table.rows.append(row | compare(name, *call(name, batch), scale=1e6 / batch, turns=turns))
    return [table]
