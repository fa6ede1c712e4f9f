"""Marginals of every node of a Bayesian network given evidence, in pyAgrum and pgmpy, one example a call;
`labels` are the observed nodes' values.

The networks are built once. ImportError where a library is not installed.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from workloads.networks import Network

Floats = NDArray[np.float64]


def pyagrum(network: Network, labels: NDArray[np.int64]) -> Callable[[], Floats]:
    """Shafer-Shenoy on a junction tree; ``(nodes,)``: P(node is true | the observed ones)."""
    import pyagrum as gum

    net = gum.BayesNet()
    names = [f"n{i}" for i in range(len(network.parents))]
    for name in names:
        net.add(gum.RangeVariable(name, name, 0, 1))
    for node, parents in enumerate(network.parents):
        for parent in parents:
            net.addArc(names[parent], names[node])
    for node, (parents, table) in enumerate(zip(network.parents, network.tables, strict=True)):
        for values, p in zip(product((0, 1), repeat=len(parents)), table, strict=True):
            net.cpt(names[node])[{names[q]: v for q, v in zip(parents, values, strict=True)}] = [
                1 - p,
                p,
            ]
    engine = gum.ShaferShenoyInference(net)
    for name in names:
        engine.addTarget(name)
    evidence = {names[o]: int(v) for o, v in zip(network.observed, labels, strict=True)}

    def call() -> Floats:
        engine.setEvidence(evidence)
        engine.makeInference()
        return np.array([engine.posterior(name).toarray()[1] for name in names])

    return call


def pgmpy(network: Network, labels: NDArray[np.int64]) -> Callable[[], Floats]:
    """Variable elimination, a query for each node."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pgmpy.factors.discrete import TabularCPD
        from pgmpy.inference import VariableElimination
        from pgmpy.models import DiscreteBayesianNetwork

    logging.getLogger("pgmpy").setLevel(logging.ERROR)
    names = [f"n{i}" for i in range(len(network.parents))]
    model = DiscreteBayesianNetwork()
    model.add_nodes_from(names)
    for node, (parents, table) in enumerate(zip(network.parents, network.tables, strict=True)):
        model.add_edges_from((names[p], names[node]) for p in parents)
        model.add_cpds(
            TabularCPD(
                names[node], 2, [1 - table, table], [names[p] for p in parents], [2] * len(parents)
            )
        )
    engine = VariableElimination(model)
    evidence = {names[o]: int(v) for o, v in zip(network.observed, labels, strict=True)}

    def call() -> Floats:
        marginals = np.array([float(evidence.get(name, -1)) for name in names])
        for node, name in enumerate(names):
            if name not in evidence:
                table = engine.query([name], evidence=evidence, show_progress=False)
                marginals[node] = table.values[1]
        return marginals

    return call
