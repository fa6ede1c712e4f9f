"""Terms as the planner sees them: variables, arithmetic, interning."""

from __future__ import annotations

import math
from collections.abc import Iterator

from emnesy import _core
from emnesy.language.core import (
    Assign,
    Atom,
    BodyLiteral,
    Call,
    Compare,
    InRange,
    Match,
    Rule,
)
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, Var

ARITHMETIC: dict[tuple[str, int], int] = {
    (name, arity): index for index, (name, arity) in enumerate(_core.arithmetic_functions())
}
"""(functor, arity) -> number of the arithmetic function."""

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
"""Symbols that stand for numbers inside arithmetic."""


def variables(term: Term) -> Iterator[str]:
    """Names of the variables of `term`, with repetitions."""
    if isinstance(term, Var):
        yield term.name
    elif isinstance(term, Compound):
        for argument in term.args:
            yield from variables(argument)


def is_arithmetic(term: Term) -> bool:
    """Whether `term` is an application of an arithmetic function."""
    return isinstance(term, Compound) and (term.functor, len(term.args)) in ARITHMETIC


def is_constant(term: Term, evaluate: bool = True) -> bool:
    """Whether `term` is a value as it stands: no variables and, where `evaluate`, no arithmetic in it."""
    if isinstance(term, Compound):
        if evaluate and is_arithmetic(term):
            return False
        return all(is_constant(a, evaluate) for a in term.args)
    return not isinstance(term, Var)


def literal_terms(literal: BodyLiteral) -> tuple[Term, ...]:
    """All terms of a body literal."""
    if isinstance(literal, (Match, Call)):
        return literal.atom.args
    if isinstance(literal, Compare):
        return (literal.left, literal.right)
    if isinstance(literal, Assign):
        return (literal.target, literal.expression)
    if isinstance(literal, InRange):
        return (literal.item, literal.low, literal.high)
    raise TypeError(f"no body literal: {literal!r}")


def rule_terms(rule: Rule) -> Iterator[Term]:
    """All terms of a rule outside its body."""
    for head in rule.heads:
        for i, argument in enumerate(head.atom.args):
            if head.aggregate is None or i != head.aggregate.position:
                yield argument
        if head.aggregate is not None:
            if head.aggregate.expression is not None:
                yield head.aggregate.expression
            if head.aggregate.witness is not None:
                yield head.aggregate.witness
    if rule.choice is not None:
        yield from rule.choice.key
        for probability in rule.choice.probabilities:
            if probability is not None:
                yield probability


def bindable(atom: Atom) -> set[str]:
    """Variables that matching a row of `atom` binds: those outside arithmetic."""
    names: set[str] = set()

    def visit(term: Term) -> None:
        if isinstance(term, Var):
            names.add(term.name)
        elif isinstance(term, Compound) and not is_arithmetic(term):
            for argument in term.args:
                visit(argument)

    for argument in atom.args:
        visit(argument)
    return names


class Interner:
    """Puts ground terms into a value table, each once."""

    def __init__(self) -> None:
        self.values = _core.ValueTable()
        self.integers: dict[int, int] = {}
        self.floats: dict[float, int] = {}
        """Integers and floats that have a value already."""
        self._others: dict[Term, int] = {}

    def __call__(self, term: Term) -> int:
        """The value of a ground term; arithmetic functors are kept as they stand."""
        if type(term) is Int:  # most terms of facts
            known = self.integers.get(term.value)
            if known is None:
                known = self.integers[term.value] = self.values.integer(term.value)
            return known
        if type(term) is Float:
            known = self.floats.get(term.value)
            if known is None:
                known = self.floats[term.value] = self.values.real(term.value)
            return known
        known = self._others.get(term)
        if known is None:
            known = self._others[term] = self._add(term)
        return known

    def _add(self, term: Term) -> int:
        if isinstance(term, Sym):
            return self.values.symbol(term.name)
        if isinstance(term, Str):
            return self.values.string(term.value)
        if isinstance(term, Compound):
            return self.values.compound(term.functor, [self(a) for a in term.args])
        raise TypeError(f"not a ground term: {term!r}")
