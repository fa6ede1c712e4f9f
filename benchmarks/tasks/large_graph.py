"""Several threads on one large graph: how much faster a single example is answered.

The same call with 1, 2 and 4 threads, taking turns; the answers are the same to the bit. A plain C++
loop of divisions takes its turns in between: what it gains is what the machine gives.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import emnesy
from report import Cell, Table
from tasks.growth import COLOURING, uniform
from tasks.threads import compare
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
        row: dict[str, Cell] = {"task": name, "size": size}
        turns = (5, 0.02) if quick else (20, 0.1)
        table.rows.append(row | compare(name, *call(name, size), scale=1e3, turns=turns))
    return [table]
