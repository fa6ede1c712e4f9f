"""Visual sudoku with one all-different factor for each row, column and box.

Loopy belief propagation from `programs/visual_sudoku.nesy`, given that the grid is valid: 27 factors for 9 by
9, sequential schedule, damping 0.3, float32, one thread, a fixed number of iterations.
"""

from __future__ import annotations

import numpy as np

import emnesy
from baselines import cpp_sudoku
from measure import Ways, alternate, speedup
from report import Cell, Table
from workloads.sudoku import PROGRAM, readings

ITERATIONS, DAMPING = 15, 0.3
OPTIONS = {
    "schedule": "sequential",
    "max_iterations": ITERATIONS,
    "tolerance": 0.0,
    "damping": DAMPING,
}


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    table = Table(
        "Microseconds per iteration and puzzle",
        f"{ITERATIONS} iterations, priors copied in and beliefs out; best of alternated repeats. Ratios of "
        "the best times, in brackets of the medians. `C++`: the subset programme by hand, scalar, one puzzle "
        "after the other. `same digits`: the share of cells in which both find the same digit most probable "
        "(the factors take turns in different orders); `mean difference` of a probability.",
    )
    for box, batch in ((2, 32), (3, 1), (3, 32), (3, 100)):
        priors = readings(batch, box)
        row: dict[str, Cell] = {"size": box * box, "batch": batch}
        found = Ways()

        def compiled(box: int = box, priors: np.ndarray = priors):  # type: ignore[no-untyped-def,type-arg]
            model = emnesy.load(PROGRAM, consts={"size": box * box, "box": box}).compile("bp")
            valid = {"valid": np.ones(len(priors), np.int64)}
            return lambda: model.posterior({"holds": priors}, valid, options=OPTIONS, threads=1)[
                "holds"
            ]

        found.add("C++", lambda p=priors: cpp_sudoku.rows(p, ITERATIONS, DAMPING))  # type: ignore[misc]
        found.add("emnesy", compiled)
        ours, theirs = (np.asarray(found.works[n]()) for n in ("emnesy", "C++"))
        repeats, seconds = (3, 0.02) if quick else (15, 0.2)
        times = alternate(found.works, repeats=repeats, seconds=seconds)
        for name in ("emnesy", "C++"):
            row[name] = times[name].best / batch / ITERATIONS * 1e6 if name in times else None
        row["emnesy : C++"] = speedup(times, "emnesy", "C++")
        row["same digits"] = float((ours.argmax(-1) == theirs.argmax(-1)).mean())
        row["mean difference"] = float(np.abs(ours - theirs).mean())
        table.rows.append(row)
        table.add_note(found.note)
    return [table]
