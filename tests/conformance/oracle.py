"""ProbLog as an independent oracle. Nothing here may import emnesy."""

from __future__ import annotations

import sys
import warnings
from typing import Any


class ImpossibleEvidenceError(Exception):
    """ProbLog says that the evidence has probability zero."""


class NegativeCycleError(Exception):
    """ProbLog found an atom that depends on its own negation."""


def problog_queries(text: str) -> dict[str, float]:
    """Query atom → probability, as ProbLog gives them.

    A query without any ground answer is left out: ProbLog reports it under a made-up variable name.

    Source: distribution semantics, Fierens et al. (2015), as implemented by the package `problog`.
    """
    recursion_limit = sys.getrecursionlimit()
    with warnings.catch_warnings():
        # ProbLog warns about == and about packages it would like; neither changes an answer.
        warnings.simplefilter("ignore")
        from problog import get_evaluatable
        from problog.engine_stack import NegativeCycle
        from problog.errors import InconsistentEvidenceError
        from problog.program import PrologString

        try:
            answers: dict[Any, float] = get_evaluatable().create_from(PrologString(text)).evaluate()
        except InconsistentEvidenceError as error:
            raise ImpossibleEvidenceError(str(error)) from error
        except NegativeCycle as error:
            raise NegativeCycleError(str(error)) from error
        finally:
            sys.setrecursionlimit(recursion_limit)  # ProbLog raises it and leaves it so
    return {str(atom): float(p) for atom, p in answers.items() if atom.is_ground()}
