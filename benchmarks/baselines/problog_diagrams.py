"""A program's queries by ProbLog: ground, compile to a sentential decision diagram (PySDD) and evaluate.

ImportError where ProbLog or PySDD is not installed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable


def prepare(text: str) -> Callable[[], dict[str, float]]:
    """A function of no arguments: atoms and their probabilities given the evidence, from the text."""
    import pysdd.sdd  # noqa: F401  (ProbLog finds out about it only when it compiles)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from problog import get_evaluatable
        from problog.program import PrologString

    def call() -> dict[str, float]:
        limit = sys.getrecursionlimit()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers = get_evaluatable("sdd").create_from(PrologString(text)).evaluate()
        sys.setrecursionlimit(limit)
        return {str(atom).replace(" ", ""): float(p) for atom, p in answers.items()}

    return call
