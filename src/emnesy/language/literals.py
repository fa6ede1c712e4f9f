"""Variables of core literals, and which of them a body binds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emnesy.language.core import Assign, BodyLiteral, Call, InRange, Match
from emnesy.language.substitute import input_variables, matched_variables, occurrences, variables
from emnesy.language.terms import Compound, Term, Var


def literal_terms(literal: BodyLiteral) -> tuple[Term, ...]:
    """The terms of a literal, in the order of the text."""
    if isinstance(literal, (Match, Call)):
        return literal.atom.args
    if isinstance(literal, Assign):
        return (literal.target, literal.expression)
    if isinstance(literal, InRange):
        return (literal.item, literal.low, literal.high)
    return (literal.left, literal.right)


def literal_variables(literal: BodyLiteral) -> list[Var]:
    """Every occurrence of a variable in `literal`."""
    return occurrences(literal_terms(literal))


def bound_variables(body: Iterable[BodyLiteral]) -> set[str]:
    """The variables that `body` binds, in whatever order its literals have to be taken.

    A positive atom binds the variables outside of arithmetic once those inside are bound; ``is`` and
    ``in`` bind their left side once their right side is bound, functions of Python's their last argument
    once the others are.
    """
    return binding(body)[0]


def binding(body: Iterable[BodyLiteral]) -> tuple[set[str], set[str]]:
    """The variables that `body` binds, and those it would bind if others were bound first."""
    bound: set[str] = set()
    waiting: list[tuple[set[str], set[str]]] = []
    for literal in body:
        if type(literal) is Match and not literal.negated and not _has_compound(literal):
            bound.update([a.name for a in literal.atom.args if type(a) is Var])  # most atoms
        elif not _is_test(literal):
            waiting.append((set(_needs(literal)), set(_gives(literal))))
    while waiting:
        ready = [gives for needs, gives in waiting if needs <= bound]
        if not ready:
            break
        waiting = [(needs, gives) for needs, gives in waiting if not needs <= bound]
        bound.update(*ready)
    blocked: set[str] = set()
    blocked.update(*(gives for _, gives in waiting))
    return bound, blocked - bound


def _has_compound(literal: Match) -> bool:
    return Compound in map(type, literal.atom.args)


def _is_test(literal: BodyLiteral) -> bool:
    if isinstance(literal, (Match, Call)):
        return literal.negated
    return not isinstance(literal, (Assign, InRange))


def _needs(literal: BodyLiteral) -> Iterator[str]:
    if isinstance(literal, Match):
        for argument in literal.atom.args:
            if type(argument) is Compound:
                yield from (v.name for v in input_variables(argument))
    elif isinstance(literal, Call):
        for argument in literal.inputs:
            yield from (v.name for v in variables(argument))
        yield from (v.name for v in input_variables(literal.output))
    elif isinstance(literal, Assign):
        yield from (v.name for v in variables(literal.expression))
        yield from (v.name for v in input_variables(literal.target))
    elif isinstance(literal, InRange):
        yield from (v.name for v in variables(literal.low))
        yield from (v.name for v in variables(literal.high))
        yield from (v.name for v in input_variables(literal.item))


def _gives(literal: BodyLiteral) -> Iterator[str]:
    if isinstance(literal, Match):
        for argument in literal.atom.args:
            if type(argument) is Var:
                yield argument.name
            elif type(argument) is Compound:
                yield from (v.name for v in matched_variables(argument))
    elif isinstance(literal, Call):
        yield from (v.name for v in matched_variables(literal.output))
    elif isinstance(literal, Assign):
        yield from (v.name for v in matched_variables(literal.target))
    elif isinstance(literal, InRange):
        yield from (v.name for v in matched_variables(literal.item))
