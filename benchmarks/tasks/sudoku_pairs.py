"""Loopy belief propagation on the pairwise graph of a sudoku.

One variable a cell, one not-equal factor for each two cells of a row, column or box (810 for 9 by 9),
flooding schedule, no damping, float32, one thread, a fixed number of iterations. The compiled program
has the rules as constraints, and recognition of all-different is switched off. All ways give the same
beliefs.
"""

from __future__ import annotations

import numpy as np

from baselines import cpp_sudoku, pgmax_graphs
from measure import Ways, alternate, speedup
from report import Cell, Table
from workloads.sudoku import pairwise_model, readings

ITERATIONS = 20
OPTIONS = {"schedule": "flooding", "max_iterations": ITERATIONS, "tolerance": 0.0, "damping": 0.0}

AGREE = 2e-3
"""In a probability: PGMax keeps its messages as clipped logarithms, the C++ loop floors them."""


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    table = Table(
        "Microseconds per iteration and puzzle",
        f"{ITERATIONS} iterations, priors copied in and beliefs out; best of alternated repeats. Ratios of "
        "the best times, in brackets of the medians. `C++`: hand-written, eight puzzles at a time.",
    )
    for box, batch in ((2, 32), (3, 1), (3, 32), (3, 100)):
        priors = readings(batch, box)
        model = pairwise_model(box)
        found = Ways()
        found.add(
            "emnesy",
            lambda m=model, p=priors: (
                lambda: m.posterior(  # type: ignore[misc]
                    {"holds": p}, options=OPTIONS, threads=1
                )["holds"]
            ),
        )
        found.add("C++", lambda p=priors: cpp_sudoku.pairs(p, ITERATIONS))  # type: ignore[misc]
        found.add("PGMax", lambda p=priors: pgmax_graphs.sudoku(p, ITERATIONS))  # type: ignore[misc]
        want = found.works["C++"]()
        for name, work in found.works.items():
            worst = float(np.abs(np.asarray(work()) - np.asarray(want)).max())
            if not worst < AGREE:
                raise AssertionError(f"{name}: beliefs are off by {worst}")
        repeats, seconds = (3, 0.02) if quick else (15, 0.2)
        times = alternate(found.works, repeats=repeats, seconds=seconds)
        row: dict[str, Cell] = {"size": box * box, "batch": batch}
        for name in ("emnesy", "C++", "PGMax"):
            row[name] = times[name].best / batch / ITERATIONS * 1e6 if name in times else None
        row["emnesy : C++"] = speedup(times, "emnesy", "C++")
        row["PGMax : emnesy"] = speedup(times, "PGMax", "emnesy")
        table.rows.append(row)
        table.add_note(found.note)
    return [table]
