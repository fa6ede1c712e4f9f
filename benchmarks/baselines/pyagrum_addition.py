"""N-digit addition as a Bayesian network in pyAgrum, Shafer-Shenoy on its junction tree, one example a call.

The network is compiled once; an example brings the digits' priors as soft evidence on uniform roots, and
the sum's digits as hard evidence. ImportError where pyAgrum is not installed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SCALE = 30.0

Floats = NDArray[np.floating]


def prepare(priors: Floats, sums: NDArray[np.int32]) -> Callable[[], Floats]:
    """Posteriors (1, 2, N, 10) of the first example."""
    import pyagrum as gum

    n = priors.shape[2]
    net = gum.BayesNet()
    names = [[f"a{i}" for i in range(n)], [f"b{i}" for i in range(n)]]
    for name in names[0] + names[1]:
        net.add(gum.RangeVariable(name, name, 0, 9))
        net.cpt(name).fillWith(0.1)
    net.add(gum.RangeVariable("c0", "c0", 0, 1))
    net.cpt("c0").fillWith([1.0, 0.0])
    for i in range(n):
        for name, top in ((f"s{i}", 9), (f"c{i + 1}", 1)):
            net.add(gum.RangeVariable(name, name, 0, top))
            for parent in (f"a{i}", f"b{i}", f"c{i}"):
                net.addArc(parent, name)
        net.cpt(f"s{i}").fillFromFunction(f"(a{i} + b{i} + c{i}) % 10")
        net.cpt(f"c{i + 1}").fillFromFunction(f"(a{i} + b{i} + c{i}) // 10")
    engine = gum.ShaferShenoyInference(net)
    for name in names[0] + names[1]:
        engine.addTarget(name)

    def call() -> Floats:
        evidence = {f"s{i}": int(sums[0, i]) for i in range(n)} | {f"c{n}": int(sums[0, n])}
        for k in range(2):
            # Likelihoods on uniform roots; their scale does not matter, but must not let products underflow.
            evidence |= {names[k][i]: (SCALE * priors[0, k, i]).tolist() for i in range(n)}
        engine.setEvidence(evidence)
        engine.makeInference()
        rows = [[engine.posterior(name).toarray() for name in names[k]] for k in range(2)]
        return np.array([rows])

    return call
