"""Random Bayesian networks of Boolean variables: as a program, and as tables for other libraries."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

WINDOW = 6
"""How far back a node's parents may lie: keeps the width, and with it exact inference, small."""


@dataclass(frozen=True)
class Network:
    """`parents[i]`: nodes before i. `tables[i]`: P(i is true) for each row of their values, the last
    parent fastest."""

    parents: tuple[tuple[int, ...], ...]
    tables: tuple[NDArray[np.float64], ...]
    observed: tuple[int, ...]

    def program(self) -> str:
        """A rule with a probability for each row of each table."""
        lines = []
        for node, (parents, table) in enumerate(zip(self.parents, self.tables, strict=True)):
            for values, p in zip(product((0, 1), repeat=len(parents)), table, strict=True):
                body = ", ".join(
                    f"{'' if value else 'not '}n{parent}"
                    for parent, value in zip(parents, values, strict=True)
                )
                lines.append(f"{p:.6f}::n{node}{' :- ' + body if body else ''}.")
        lines += [f"observe n{node}/0." for node in self.observed]
        lines += [f"query(n{node})." for node in range(len(self.parents))]
        return "\n".join(lines)

    def labels(self, batch: int, seed: int) -> NDArray[np.int64]:
        """``(batch, observed)``: what forward samples show."""
        rng = np.random.default_rng(seed)
        values = np.zeros((batch, len(self.parents)), np.int64)
        for node, (parents, table) in enumerate(zip(self.parents, self.tables, strict=True)):
            row = np.zeros(batch, np.int64)
            for parent in parents:
                row = 2 * row + values[:, parent]
            values[:, node] = rng.random(batch) < table[row]
        return values[:, self.observed]


def random_network(nodes: int, seed: int = 0) -> Network:
    """Up to three parents a node; a quarter of the nodes is observed."""
    rng = np.random.default_rng(seed)
    parents, tables = [], []
    for node in range(nodes):
        near = np.arange(max(0, node - WINDOW), node)
        chosen = rng.choice(near, size=min(len(near), int(rng.integers(1, 4))), replace=False)
        parents.append(tuple(int(p) for p in np.sort(chosen)))
        tables.append(np.round(rng.uniform(0.02, 0.98, 2 ** len(chosen)), 6))
    observed = rng.choice(nodes, size=nodes // 4, replace=False)
    return Network(tuple(parents), tuple(tables), tuple(int(o) for o in np.sort(observed)))
