"""Flat sequences of operands and operators into terms, by priority (Pratt's method)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from emnesy.diagnostics.source import Span
from emnesy.language.node import node
from emnesy.language.operators import INFIX, PREFIX
from emnesy.language.terms import Compound, Float, Int, Term

_LOOSEST = 1200


@node
class Operator:
    """An operator as it stands in the text."""

    name: str
    span: Span


class PriorityClashError(Exception):
    """Two operators that do not combine without parentheses (``1 < 2 < 3``, ``2 ** 3 ** 2``)."""

    def __init__(self, first: Operator, second: Operator) -> None:
        super().__init__(first.name, second.name)
        self.first, self.second = first, second


def apply_prefix(operator: Operator, operand: Term) -> Term:
    """``- operand``; a minus directly before a number is the number's sign."""
    span = _join(operator.span, _span(operand))
    adjacent = _span(operand).start == operator.span.end
    if operator.name == "-" and adjacent and type(operand) in (Int, Float) and not _signed(operand):
        return _negated(operand, span)
    return Compound("\\+" if operator.name == "not" else operator.name, (operand,), span)


def arrange(items: Sequence[Operator | Term]) -> Term:
    """The term that ``operand (operator operand)*`` stands for.

    Raises:
        PriorityClashError: two operators do not combine.
    """
    if len(items) == 3 and not _starts_with_prefix(items[0]) and not _starts_with_prefix(items[2]):
        left, operator, right = items
        return _infix(cast("Term", left), cast("Operator", operator), cast("Term", right))
    flat: list[Operator | Term] = []
    for item in items:
        _open(item, flat)
    return _climb(flat, 0, _LOOSEST)[0]


def _climb(items: list[Operator | Term], index: int, most: int) -> tuple[Term, int]:
    """The longest term of priority at most `most` that starts at `index`, and where it ends."""
    first = items[index]
    if isinstance(first, Operator):
        priority = PREFIX[first.name]
        operand, index = _climb(items, index + 1, priority)
        term, left = apply_prefix(first, operand), priority
        if left > most:
            left = 0  # `X = \+ a`: the prefix operator holds what follows, as in Prolog's readers
    else:
        term, left, index = first, 0, index + 1
    last: Operator | None = None
    while index < len(items):
        operator = cast("Operator", items[index])
        infix = INFIX[operator.name]
        if infix.priority > most:
            break
        if left > infix.left:
            raise PriorityClashError(last or operator, operator)
        right, index = _climb(items, index + 1, infix.right)
        term, left, last = _infix(term, operator, right), infix.priority, operator
    return term, index


def _infix(left: Term, operator: Operator, right: Term) -> Term:
    return Compound(operator.name, (left, right), _join(_span(left), _span(right)))


def _open(item: Operator | Term, flat: list[Operator | Term]) -> None:
    """Undo `apply_prefix`, so that ``-X ** 2`` can become ``-(X ** 2)``."""
    while not isinstance(item, Operator) and _starts_with_prefix(item):
        span = _span(item)
        if isinstance(item, Compound):
            inner = item.args[0]
            name = "not" if span.text.startswith("not") else item.functor
        else:
            inner = _negated(item, Span(span.source, span.start + 1, span.end))
            name = "-"
        flat.append(Operator(name, Span(span.source, span.start, span.start + len(name))))
        item = inner
    flat.append(item)


def _starts_with_prefix(item: Operator | Term) -> bool:
    if isinstance(item, Compound):
        return (
            len(item.args) == 1
            and item.functor in PREFIX
            and _span(item).start < _span(item.args[0]).start
            and _span(item).source.text.startswith((item.functor, "not"), _span(item).start)
        )
    return isinstance(item, (Int, Float)) and _signed(item)


def _negated(number: Term, span: Span) -> Term:
    if isinstance(number, Int):
        return Int(-number.value, span)
    return Float(-cast("Float", number).value, span)


def _signed(number: Term) -> bool:
    span = _span(number)
    return span.source.text[span.start] == "-"


def _span(term: Term) -> Span:
    return cast("Span", term.span)


def _join(first: Span, last: Span) -> Span:
    return Span(first.source, first.start, last.end)
