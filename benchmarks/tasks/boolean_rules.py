"""Evaluations of ground rules a second: Boolean worlds under `rejection`.

Layers of propositions, each defined by two rules over the layer before, below a layer of coins; what is
observed is likely. One thread; drawing the coins and counting are included.
"""

from __future__ import annotations

from random import Random

import numpy as np

import emnesy
from measure import Ways, Work, alternate
from report import Cell, Table

SAMPLES = 1 << 16
COINS = 64


def program(width: int, layers: int) -> str:
    """Propositions p(L, I) over coins p(0, I); rules of two or three literals."""
    rng = Random(width)
    lines = [f"0.5::c{i}." for i in range(COINS)] + [
        f"p0_{i} :- c{i % COINS}." for i in range(width)
    ]
    for layer in range(1, layers + 1):
        for i in range(width):
            for _ in range(2):
                body = [
                    rng.choice(["", "not "]) + f"p{layer - 1}_{j}"
                    for j in rng.sample(range(width), rng.choice([2, 3]))
                ]
                lines.append(f"p{layer}_{i} :- {', '.join(body)}.")
    lines.append(f"seen :- {'; '.join(f'p{layers}_{i}' for i in range(width))}.")
    lines += ["observe seen/0.", "query(seen)."]
    return "\n".join(lines) + "\n"


def run(quick: bool) -> list[Table]:
    """Time."""
    table = Table(
        "Billions of rule evaluations a second", f"{SAMPLES:,} worlds a call, all of them weighed."
    )
    for width, layers in ((100, 5), (200, 25)):
        found = Ways()
        text = program(width, layers)
        loaded = emnesy.load(text)

        def simulate(engine: str, loaded: emnesy.Program = loaded) -> Work:
            model = loaded.compile(engine)
            seen = {"seen": np.ones(1, np.int64)}
            return lambda: model.posterior({}, seen, options={"samples": SAMPLES}, threads=1)

        found.add("emnesy", lambda build=simulate: build("rejection"))  # type: ignore[misc]
        rules = len(loaded.ground.native.rule_head)
        row: dict[str, Cell] = {"ground rules": rules, "coins": COINS}
        if found.works:
            times = alternate(
                found.works, repeats=3 if quick else 15, seconds=0.1 if quick else 0.5
            )
            row["best"] = rules * SAMPLES / times["emnesy"].best / 1e9
            row["median"] = rules * SAMPLES / times["emnesy"].median / 1e9
        table.rows.append(row)
        table.add_note(found.note)
    return [table]
