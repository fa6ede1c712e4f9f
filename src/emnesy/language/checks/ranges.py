"""The ends of ranges are integers, where they are known before grounding."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic
from emnesy.language.checks.unit import Unit, error
from emnesy.language.core import InRange
from emnesy.language.fold import FoldError, fold
from emnesy.language.substitute import variables
from emnesy.language.terms import Float, Int, Term


def check_ranges(unit: Unit) -> Iterator[Diagnostic]:
    """E0312."""
    for rule in unit.core.rules:
        for literal in rule.body:
            if isinstance(literal, InRange):
                for end in (literal.low, literal.high):
                    reason = _objection(end)
                    if reason is not None:
                        yield error("E0312", reason, end.span or literal.span)


def _objection(end: Term) -> str | None:
    if any(True for _ in variables(end)):
        return None
    try:
        value = fold(end)
    except FoldError as reason:
        return f"this end of a range has no value: {reason}"
    if isinstance(value, Int):
        return None
    if isinstance(value, Float):
        return f"this end of a range is {value.value:g}, not an integer; `//` divides integers"
    return "this end of a range is not an integer"
