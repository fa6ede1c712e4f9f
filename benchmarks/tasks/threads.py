"""Two threads and more: how much faster a batch is answered.

The same call with 1, 2 and 4 threads, taking turns; the ratio counts only as far as the machine's cores are
free, and the answers are the same to the bit.
"""

from __future__ import annotations

import os

import numpy as np

import emnesy
from measure import Ways, alternate, speedup
from report import Cell, Table
from workloads.addition import PROGRAM, examples
from workloads.sudoku import pairwise_model, readings

THREADS = (1, 2, 4)


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    table = Table(
        "Microseconds per example",
        f"This process may use {cores} cores. `x : y`: the first time over the second, best of alternated "
        "repeats, in brackets of the medians.",
    )
    for name, batch in (
        ("15 digits", 100),
        ("15 digits", 1000),
        ("100 digits", 100),
        ("sudoku", 128),
    ):
        found = Ways()
        for threads in THREADS:
            if name == "sudoku":
                model, given = pairwise_model(3), ({"holds": readings(batch)}, {})
                options = {"schedule": "flooding", "max_iterations": 10, "tolerance": 0.0}
            else:
                n = int(name.split()[0])
                model = emnesy.load(PROGRAM, consts={"n": n}).compile("bp")
                priors, sums = examples(n, batch)
                given, options = ({"digit": priors}, {"sum": sums}), {}
            found.add(
                str(threads),
                lambda m=model, g=given, t=threads, o=options: (  # type: ignore[misc]
                    lambda: m.posterior(*g, threads=t, options=o)
                ),
            )
        answers = [np.asarray(next(iter(work().values()))) for work in found.works.values()]  # type: ignore[attr-defined]
        if any(a.tobytes() != answers[0].tobytes() for a in answers):
            raise AssertionError(f"{name}: the number of threads changes the answer")
        repeats, seconds = (3, 0.02) if quick else (25, 0.1)
        times = alternate(found.works, repeats=repeats, seconds=seconds)
        row: dict[str, Cell] = {"task": name, "batch": batch}
        row |= {
            f"{t} threads" if t > 1 else "1 thread": times[str(t)].best / batch * 1e6
            for t in THREADS
        }
        row |= {f"1 : {t}": speedup(times, "1", str(t)) for t in THREADS[1:]}
        table.rows.append(row)
    return [table]
