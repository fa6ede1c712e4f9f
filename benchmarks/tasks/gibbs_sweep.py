"""A sweep of `gibbs` over path planning: one renewed world and the conditionals of all its choices.

From `programs/warcraft.nesy`, the whole path observed, one chain, one thread. The time of a sweep is the
difference between two calls of different length, so that the search for a first world does not count.
"""

from __future__ import annotations

import numpy as np

import emnesy
from baselines import cpp_paths
from measure import Ways, Work, alternate
from report import Cell, Table
from workloads.paths import PROGRAM, TENTHS, maps, opinion

SHORT, LONG = 20, 120


def chain(size: int, sweeps: int) -> Work:
    """A call with that many sweeps."""
    terrain = maps(1, size)
    label = cpp_paths.paths(np.ascontiguousarray(TENTHS[terrain]), buckets=False)().astype(np.int64)
    model = emnesy.load(PROGRAM, consts={"size": size}).compile("gibbs")
    given = {"terrain": opinion(terrain)}, {"path": label}
    options = {"chains": 1, "sweeps": sweeps, "burn_in": 0}
    return lambda: model.posterior(*given, options=options, threads=1)


def run(quick: bool) -> list[Table]:
    """Time."""
    table = Table("Milliseconds a sweep", "Best and median of alternated repeats.")
    for size in (12, 30):
        found = Ways()
        for sweeps in (SHORT, LONG):
            found.add(f"gibbs, {sweeps} sweeps", lambda n=size, s=sweeps: chain(n, s))  # type: ignore[misc]
        row: dict[str, Cell] = {"size": size, "choices": size * size}
        if len(found.works) == 2:
            times = alternate(
                found.works, repeats=3 if quick else 15, seconds=0.05 if quick else 0.3
            )
            short, long = times.values()
            row["best"] = 1e3 * (long.best - short.best) / (LONG - SHORT)
            row["median"] = 1e3 * (long.median - short.median) / (LONG - SHORT)
            row["first world, ms"] = 1e3 * short.best - SHORT * float(row["best"])
        table.rows.append(row)
        table.add_note(found.note)
    return [table]
