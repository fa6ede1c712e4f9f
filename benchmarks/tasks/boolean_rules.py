"""Evaluations of ground rules a second: Boolean worlds under `rejection`.

Layers of propositions, each defined by two rules over the layer before, below a layer of coins; what is
observed is likely. One thread; drawing the coins, weighing and counting are included. The rules are first
checked against NumPy on a thousand worlds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

import emnesy
from measure import Ways, Work, alternate
from report import Cell, Table

SAMPLES = 1 << 16
COINS = 64


@dataclass
class Network:
    """Propositions by layer; each has rules, each of which is literals: (index below, negated)."""

    width: int
    layers: list[list[list[list[tuple[int, bool]]]]] = field(default_factory=list)

    @classmethod
    def random(cls, width: int, layers: int) -> Network:
        """Two rules of two or three literals for each proposition."""
        rng = Random(width)

        def rule() -> list[tuple[int, bool]]:
            below = rng.sample(range(width), rng.choice([2, 3]))
            return [(i, rng.random() < 0.5) for i in below]

        return cls(width, [[[rule(), rule()] for _ in range(width)] for _ in range(layers)])

    def text(self) -> str:
        """The program: the last layer is asked for, and that any of it holds is observed."""
        lines = [f"0.5::c({i})." for i in range(COINS)]
        lines += [f"p0({i}) :- c({i % COINS})." for i in range(self.width)]
        for below, layer in enumerate(self.layers):
            for i, rules in enumerate(layer):
                for rule in rules:
                    body = ", ".join(f"{'not ' * no}p{below}({j})" for j, no in rule)
                    lines.append(f"p{below + 1}({i}) :- {body}.")
        last = len(self.layers)
        lines += [f"seen :- p{last}(I).", "observe seen/0.", f"query(p{last}(_))."]
        return "\n".join(lines) + "\n"

    def evaluate(self, coins: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The last layer (width, W) in worlds with these coins (COINS, W)."""
        truth = coins[np.arange(self.width) % COINS]
        for layer in self.layers:
            truth = np.array(
                [
                    np.logical_or.reduce(
                        [np.logical_and.reduce([truth[j] ^ no for j, no in rule]) for rule in rules]
                    )
                    for rules in layer
                ]
            )
        return truth


def check(network: Network, program: emnesy.Program) -> None:
    """AssertionError where the compiled program's last layer is another than NumPy's."""
    grounded = program.ground
    place = {grounded.atom_text(a): a for a in range(len(grounded.native.atom_predicate))}
    choices = len(grounded.native.choice_has_none)
    values = np.random.default_rng(0).integers(0, 2, (1000, choices), np.int32)
    truth, _ = program.simulator.evaluate(values)
    unused = np.zeros(1000, np.bool_)  # coins that nothing depends on are not there
    coins = np.array(
        [truth[place[c]] if (c := f"c({i})") in place else unused for i in range(COINS)]
    )
    want = network.evaluate(coins)
    for i in range(network.width):
        atom = place.get(f"p{len(network.layers)}({i})")
        got = truth[atom] if atom is not None else np.zeros(1000, bool)
        if not np.array_equal(got, want[i]):
            raise AssertionError(f"proposition {i} of the last layer is wrong")


def run(quick: bool) -> list[Table]:
    """Check, and time."""
    table = Table(
        "Billions of rule evaluations a second", f"{SAMPLES:,} worlds a call, all of them weighed."
    )
    for width, layers in ((100, 5), (200, 25)):
        network = Network.random(width, layers)
        program = emnesy.load(network.text())
        check(network, program)
        found = Ways()

        def simulate(engine: str, program: emnesy.Program = program) -> Work:
            model = program.compile(engine)
            seen = {"seen": np.ones(1, np.int64)}
            return lambda: model.posterior({}, seen, options={"samples": SAMPLES}, threads=1)

        found.add("emnesy", lambda build=simulate: build("rejection"))  # type: ignore[misc]
        rules = len(program.ground.native.rule_head)
        row: dict[str, Cell] = {"ground rules": rules, "coins": COINS}
        if found.works:
            times = alternate(
                found.works, repeats=3 if quick else 15, seconds=0.1 if quick else 0.5
            )
            row["worlds a second"] = SAMPLES / times["emnesy"].best
            row["best"] = rules * SAMPLES / times["emnesy"].best / 1e9
            row["median"] = rules * SAMPLES / times["emnesy"].median / 1e9
        table.rows.append(row)
        table.add_note(found.note)
    return [table]
