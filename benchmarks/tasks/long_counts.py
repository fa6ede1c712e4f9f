"""How many of n independent things hold: the posterior of each, given the count.

`total(count<I>) :- holds(I).` with the total observed, under `bp`; one thread. By hand: forward and
backward tables.
"""

from __future__ import annotations

import numpy as np

import emnesy
from baselines import cpp_counts
from measure import Ways, alternate, speedup
from report import Cell, Table

PROGRAM = """
const n = {n}.
thing(I) :- I in 0..n-1.
nn(net, picture(I)) :: holds(I) :- thing(I).
total(count<I>) :- holds(I).
observe total/1.
"""


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    table = Table(
        "Microseconds per example",
        "Best of alternated repeats; ratios of the best times, in brackets of the medians. The counts are "
        "drawn from the priors. `difference`: the greatest between both ways' posteriors (float32).",
    )
    for n, batch in ((10, 100), (100, 100), (1000, 10), (1000, 1), (4000, 1)):
        if quick and n > 1000:
            continue
        rng = np.random.default_rng(n)
        priors = rng.uniform(0.05, 0.6, (batch, n)).astype(np.float32)
        counts = (rng.random((batch, n)) < priors).sum(1).astype(np.int32)
        model = emnesy.load(PROGRAM.format(n=n)).compile("bp", threads=1)
        given = {"total": counts}
        found = Ways()
        found.add("C++", lambda p=priors, c=counts: cpp_counts.prepare(p, c))  # type: ignore[misc]
        found.add(
            "emnesy",
            lambda m=model, p=priors, g=given: lambda: m.posterior({"holds": p}, g)["holds"],  # type: ignore[misc]
        )
        ours, theirs = np.asarray(found.works["emnesy"]()), np.asarray(found.works["C++"]()[0])  # type: ignore[index]
        repeats, seconds = (3, 0.02) if quick else (15, 0.2)
        times = alternate(found.works, repeats=repeats, seconds=seconds)
        row: dict[str, Cell] = {"n": n, "batch": batch}
        for name in ("emnesy", "C++"):
            row[name] = times[name].best / batch * 1e6
        row["emnesy : C++"] = speedup(times, "emnesy", "C++")
        row["difference"] = float(np.abs(ours - theirs).max())
        table.rows.append(row)
    return [table]
