"""Worlds a second in path planning: draw a map, find its cheapest path, weigh it by the label.

The compiled `programs/warcraft.nesy` under `abc` against hand-written C++ that does the same for this one
problem, and against Dijkstra's algorithm alone, on maps drawn beforehand, in plain Python and SciPy. One
thread.
"""

from __future__ import annotations

import numpy as np

import emnesy
from baselines import cpp_paths, python_paths
from measure import Timing, Ways, Work, alternate, speedup
from report import Cell, Table
from workloads.paths import PROGRAM, TENTHS, maps, opinion

SAMPLES = 2000
SHARPNESS = 0.1
MAPS = 20
OTHERS = ("Python", "SciPy", "C++ heap", "C++ buckets", "C++ heap, worlds", "C++ buckets, worlds")


def abc(size: int, prior: np.ndarray, label: np.ndarray) -> Work:  # type: ignore[type-arg]
    """The call that simulates `SAMPLES` worlds."""
    model = emnesy.load(PROGRAM, consts={"size": size}).compile("abc")
    options = {"samples": SAMPLES, "kernel": "exponential", "rate": SHARPNESS}
    given = {"terrain": prior[None]}, {"path": label[None].astype(np.int64)}
    return lambda: model.posterior(*given, options=options, threads=1)


def ways(size: int) -> tuple[Ways, dict[str, int]]:
    """The ways, and how many worlds a call of each looks at."""
    terrain = maps(MAPS, size)
    cost = np.ascontiguousarray(TENTHS[terrain])
    prior = opinion(terrain[0])
    heap, buckets = (cpp_paths.paths(cost, buckets=b) for b in (False, True))
    want = heap().copy()

    def scipy() -> Work:
        path = python_paths.scipy_dijkstra(size)
        return lambda: np.array([path(one) for one in cost])

    def by_hand(buckets: bool) -> Work:
        return cpp_paths.samples(prior, TENTHS, want[0], SAMPLES, SHARPNESS, buckets=buckets)

    found = Ways()
    found.add("emnesy", lambda: abc(size, prior, want[0]))
    found.add("Python", lambda: lambda: np.array([python_paths.dijkstra(one) for one in cost]))
    found.add("SciPy", scipy)
    found.add("C++ heap", lambda: heap)
    found.add("C++ buckets", lambda: buckets)
    found.add("C++ heap, worlds", lambda: by_hand(False))
    found.add("C++ buckets, worlds", lambda: by_hand(True))
    for name in ("Python", "SciPy", "C++ buckets"):
        if name in found.works and not np.array_equal(found.works[name](), want):
            raise AssertionError(f"{name} finds other paths")
    whole = ("emnesy", "C++ heap, worlds", "C++ buckets, worlds")
    return found, {name: SAMPLES if name in whole else MAPS for name in found.works}


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    table = Table(
        "Worlds a second",
        "Best of alternated repeats; ratios of the best times, in brackets of the medians. `emnesy` and "
        "`…, worlds`: sampling and weighing included; the others: Dijkstra's algorithm alone. `buckets`: a "
        "queue of buckets by distance, which needs costs to be small whole numbers.",
    )
    for size in (12, 30):
        found, worlds = ways(size)
        times = {
            name: Timing(timing.best / worlds[name], timing.median / worlds[name])
            for name, timing in alternate(
                found.works, repeats=3 if quick else 15, seconds=0.05 if quick else 0.3
            ).items()
        }
        row: dict[str, Cell] = {"size": size}
        for name in ("emnesy", *OTHERS):
            row[name] = 1 / times[name].best if name in times else None
        for name in ("Python", "C++ heap, worlds", "C++ buckets, worlds"):
            row[f"{name} : emnesy"] = speedup(times, name, "emnesy")
        table.rows.append(row)
        table.add_note(found.note)
    return [table]
