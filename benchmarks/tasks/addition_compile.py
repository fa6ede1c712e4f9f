"""From program text to a compiled model: N-digit addition.

Reading, checking, grounding, lowering and planning, in a process that has imported everything.
"""

from __future__ import annotations

import time
from pathlib import Path

import emnesy
from report import Table

PROGRAM = Path(__file__).resolve().parents[2] / "programs" / "mnist_addition.nesy"


def run(quick: bool) -> list[Table]:
    """Compile at growing sizes."""
    table = Table("Milliseconds to compile", "Best and median of repeats, one process.")
    for n in (4, 15, 100, 1000):
        seconds = []
        for _ in range(3 if quick else 10):
            start = time.perf_counter()
            emnesy.load(PROGRAM, consts={"n": n}).compile(engine="bp", threads=1)
            seconds.append(time.perf_counter() - start)
        seconds.sort()
        table.rows.append(
            {"N": n, "best": 1e3 * seconds[0], "median": 1e3 * seconds[len(seconds) // 2]}
        )
    return [table]
