"""Literal probabilities lie between 0 and 1, and those of a disjunction sum to 1 at most."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.language.checks.unit import Unit, error
from emnesy.language.fold import FoldError, fold
from emnesy.language.terms import Compound, Float, Int, Term, Var

_ROUNDING = 1e-9
"""0.1 + 0.2 + 0.7 is not exactly 1 in binary."""


def check_probabilities(unit: Unit) -> Iterator[Diagnostic]:
    """E0407, E0408."""
    for rule in unit.core.rules:
        if rule.choice is None or rule.choice.kind == "neural":
            continue
        known: list[tuple[Term, float]] = []
        wrong = False
        for term in rule.choice.probabilities:
            if term is None:
                continue
            value = _value(term)
            if isinstance(value, float):
                if 0 <= value <= 1:
                    known.append((term, value))
                    continue
                value = f"the probability {_number(value)} does not lie between 0 and 1"
            if value is not None:
                wrong = True
                yield error(
                    "E0407",
                    value,
                    term.span,
                    "a head is written `0.3::head`, with a number or a variable before `::`",
                )
        total = sum(value for _, value in known)
        if not wrong and total > 1 + _ROUNDING:
            labels = tuple(
                Label(term.span, _number(value)) for term, value in known[:-1] if term.span
            )
            yield Diagnostic(
                "E0408",
                f"the probabilities of this annotated disjunction sum to {_number(total)}",
                known[-1][0].span,
                labels,
                "they may sum to 1 at most; independent facts are separate statements",
            )


def _value(term: Term) -> float | str | None:
    """The value, what is wrong with it, or None where it depends on variables."""
    try:
        value = fold(term)
    except FoldError as reason:
        return f"this probability has no value: {reason}"
    if isinstance(value, (Int, Float)):
        return float(value.value)
    if isinstance(value, (Var, Compound)):
        return None
    return "this probability is not a number"


def _number(value: float) -> str:
    return f"{value:.6g}"
