"""N-digit addition in ProbLog: ground, compile to a d-DNNF and evaluate, one example a call.

Of its compilers the one that ends: sentential decision diagrams, its choice where PySDD is installed, take
over twenty minutes at N = 4, d-DNNFs six seconds.

ImportError where ProbLog is not installed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

RULES = """
carry(0, 0).
carry(J, C) :- digit(a, I, A), digit(b, I, B), carry(I, D), J is I + 1, C is (A + B + D) // 10.
sum(I, S) :- digit(a, I, A), digit(b, I, B), carry(I, D), S is (A + B + D) mod 10.
query(digit(_, _, _)).
"""


def prepare(priors: Floats, sums: NDArray[np.int32]) -> Callable[[], Floats]:
    """Posteriors (1, 2, N, 10) of the first example."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from problog import get_evaluatable
        from problog.program import PrologString

    n = priors.shape[2]
    lines = []
    for k, name in enumerate("ab"):
        for i in range(n):
            p = priors[0, k, i].astype(np.float64)
            p *= (1 - 1e-9) / p.sum()  # their sum must not exceed one
            lines.append(
                "; ".join(f"{p[d]:.12f}::digit({name}, {i}, {d})" for d in range(10)) + "."
            )
    lines += [f"evidence(sum({i}, {sums[0, i]}))." for i in range(n)]
    lines.append(f"evidence(carry({n}, {sums[0, n]})).")
    text = "\n".join(lines) + RULES

    def call() -> Floats:
        limit = sys.getrecursionlimit()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers = get_evaluatable("ddnnf").create_from(PrologString(text)).evaluate()
        sys.setrecursionlimit(limit)
        posterior = np.zeros((1, 2, n, 10))
        for atom, p in answers.items():
            name, i, d = (str(argument) for argument in atom.args)
            posterior[0, "ab".index(name), int(i), int(d)] = p
        return posterior

    return call
