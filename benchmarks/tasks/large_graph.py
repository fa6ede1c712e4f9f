"""Several threads on one large graph: how much faster a single example is answered.

The same call with 1, 2 and 4 threads, taking turns; the answers are the same to the bit. A plain C++
loop of divisions takes its turns in between: what it gains is what the machine gives.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import emnesy
from measure import Ways, alternate, speedup
from report import Cell, Table
from tasks.growth import COLOURING, uniform
from tasks.threads import THREADS, gain, yardstick
from workloads.addition import PROGRAM, examples

FLOODING = {"schedule": "flooding", "max_iterations": 10, "tolerance": 0.0}


def call(name: str, size: int) -> tuple[emnesy.CompiledProgram, dict[str, Any]]:
    """A model and what to give it for one example."""
    if name.startswith("colouring"):
        model = emnesy.load(COLOURING, consts={"side": size}).compile("bp")
        schedule = "flooding" if "flooding" in name else "sequential"
        return model, {"priors": uniform(model, 1), "options": FLOODING | {"schedule": schedule}}
    priors, sums = examples(size, 1)
    model = emnesy.load(PROGRAM, consts={"n": size}).compile("bp")
    if name == "digits, sum unknown":
        sums = np.full_like(sums, -1)
    return model, {"priors": {"digit": priors}, "evidence": {"sum": sums}}


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    table = Table(
        "Milliseconds for one example",
        f"This process may use {cores} cores. Colouring: a grid of so many cells a side, ten iterations. "
        "`x : y`: the time with x threads over that with y, best of alternated repeats, in brackets of the "
        "medians. `machine`: the same of plain C++ divisions in the same minutes. `share`: the gain over "
        "the machine's, of the medians.",
    )
    for name, full in (
        ("digits, sum known", 10_000),
        ("digits, sum unknown", 10_000),
        ("colouring, flooding", 100),
        ("colouring, flooding", 300),
        ("colouring, sequential", 300),
    ):
        size = full // 3 if quick else full
        model, given = call(name, size)
        found = Ways()
        for threads in THREADS:
            found.add(str(threads), lambda t=threads: lambda: model.posterior(**given, threads=t))  # type: ignore[misc]  # noqa: B023
        answers = [np.asarray(next(iter(work().values()))) for work in found.works.values()]  # type: ignore[attr-defined]
        if any(a.tobytes() != answers[0].tobytes() for a in answers):
            raise AssertionError(f"{name}: the number of threads changes the answer")
        for threads in THREADS:
            found.add(f"divisions, {threads}", lambda t=threads: yardstick(t))  # type: ignore[misc]
        repeats, seconds = (5, 0.02) if quick else (20, 0.1)
        times = alternate(found.works, repeats=repeats, seconds=seconds)
        row: dict[str, Cell] = {"task": name, "size": size}
        row |= {f"{t} threads" if t > 1 else "1 thread": times[str(t)].best * 1e3 for t in THREADS}
        for t in THREADS[1:]:
            row[f"1 : {t}"] = speedup(times, "1", str(t))
            row[f"machine, 1 : {t}"] = speedup(times, "divisions, 1", f"divisions, {t}")
            row[f"share, 1 : {t}"] = gain(times, t)
        table.rows.append(row)
    return [table]
