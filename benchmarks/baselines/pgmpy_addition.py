"""N-digit addition as a Bayesian network in pgmpy, variable elimination, one example a call.

Each digit is a query of its own, as the library offers it. ImportError where pgmpy is not installed.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def prepare(priors: Floats, sums: NDArray[np.int32]) -> Callable[[], Floats]:
    """Posteriors (1, 2, N, 10) of the first example."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pgmpy.factors.discrete import TabularCPD
        from pgmpy.inference import VariableElimination
        from pgmpy.models import DiscreteBayesianNetwork

    logging.getLogger("pgmpy").setLevel(logging.ERROR)
    n = priors.shape[2]
    total = np.zeros((10, 200))
    carry = np.zeros((2, 200))
    for column, (a, b, c) in enumerate(product(range(10), range(10), range(2))):
        total[(a + b + c) % 10, column] = 1
        carry[(a + b + c) // 10, column] = 1

    def call() -> Floats:
        edges, tables = [], [TabularCPD("c0", 2, [[1.0], [0.0]])]
        for i in range(n):
            parents = [f"a{i}", f"b{i}", f"c{i}"]
            edges += [(p, child) for p in parents for child in (f"s{i}", f"c{i + 1}")]
            for k in range(2):
                p = priors[0, k, i].astype(np.float64)
                tables.append(TabularCPD(parents[k], 10, (p / p.sum())[:, None]))
            tables.append(TabularCPD(f"s{i}", 10, total, parents, [10, 10, 2]))
            tables.append(TabularCPD(f"c{i + 1}", 2, carry, parents, [10, 10, 2]))
        model = DiscreteBayesianNetwork(edges)
        model.add_cpds(*tables)
        engine = VariableElimination(model)
        evidence = {f"s{i}": int(sums[0, i]) for i in range(n)} | {f"c{n}": int(sums[0, n])}

        def posterior(name: str) -> Floats:
            return engine.query([name], evidence, show_progress=False).values

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.array([[[posterior(f"{k}{i}") for i in range(n)] for k in "ab"]])

    return call
