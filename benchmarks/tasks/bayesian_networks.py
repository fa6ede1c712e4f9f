"""Exact inference in random Bayesian networks: `exact` and `bp` with pyAgrum and pgmpy.

Boolean nodes with up to three parents, a probabilistic rule for each row of each table; every node is
queried, a quarter of them is observed. One example a call, one thread.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

import emnesy
from baselines import bayesian_networks
from measure import Ways, Work, alternate, speedup
from report import Cell, Table
from workloads.networks import Network, random_network


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    table = Table(
        "Microseconds a call",
        "The marginals of all nodes given the observed ones; best of alternated repeats. Ratios of the best "
        "times, in brackets of the medians. `difference`: the greatest from pyAgrum's marginals.",
    )
    for nodes in (10, 40) if quick else (10, 40, 160):
        network = random_network(nodes)
        labels = network.labels(1, seed=1)[0]
        found = Ways()
        for engine in ("exact", "bp"):
            found.add(engine, partial(compiled, network, labels, engine))
        found.add("pyAgrum", partial(bayesian_networks.pyagrum, network, labels))
        if nodes < 100:
            found.add("pgmpy", partial(bayesian_networks.pgmpy, network, labels))
        answers = {name: np.asarray(work()) for name, work in found.works.items()}
        reference = answers.get("pyAgrum", answers["exact"])
        repeats, seconds = (3, 0.02) if quick else (15, 0.2)
        times = alternate(found.works, repeats=repeats, seconds=seconds)
        row: dict[str, Cell] = {"nodes": nodes}
        for name in ("exact", "bp", "pyAgrum", "pgmpy"):
            row[name] = times[name].best * 1e6 if name in times else None
        row["pyAgrum : exact"] = speedup(times, "pyAgrum", "exact")
        row["pgmpy : exact"] = speedup(times, "pgmpy", "exact")
        for name in ("exact", "bp"):
            if name in answers:
                row[f"{name}, difference"] = float(np.abs(answers[name] - reference).max())
        table.rows.append(row)
        table.add_note(found.note)
    return [table]


def compiled(network: Network, labels: NDArray[np.int64], engine: str) -> Work:
    """Every node's marginal, from the compiled program."""
    model = emnesy.load(network.program()).compile(engine, threads=1)
    given = {f"n{o}": labels[None, k] for k, o in enumerate(network.observed)}

    def call() -> NDArray[np.float64]:
        answer = model.query(evidence=given)
        return np.array([answer[f"n{i}"] for i in range(len(network.parents))])

    return call
