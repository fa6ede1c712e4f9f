"""The order in which a program first mentions its symbols."""

from __future__ import annotations

from collections.abc import Container, Iterator

from emnesy.language import syntax
from emnesy.language.terms import Compound, Sym, Term


def symbol_order(program: syntax.Program, constants: Container[str]) -> dict[str, int]:
    """Symbol -> rank of its first appearance as a term. Named constants are not symbols."""
    order: dict[str, int] = {}
    for statement in program.statements:
        for term in statement_terms(statement):
            if type(term) is not Sym and type(term) is not Compound:
                continue
            for name in _symbols(term):
                if name not in constants:
                    order.setdefault(name, len(order))
    return order


def statement_terms(statement: syntax.Statement) -> Iterator[Term]:
    """The terms of a statement, in the order of the text; those of directives are options, not terms."""
    if isinstance(statement, syntax.Clause):
        for alternative in statement.heads:
            yield from _annotation_terms(alternative.annotation)
            for argument in alternative.head.args:
                if isinstance(argument, syntax.Aggregate):
                    yield from argument.args
                else:
                    yield argument
        if statement.body is not None:
            yield from goal_terms(statement.body)
    elif isinstance(statement, syntax.Constraint):
        yield from goal_terms(statement.body)
    elif isinstance(statement, (syntax.EvidenceStatement, syntax.QueryStatement)):
        yield from statement.atom.args
    elif isinstance(statement, syntax.Constant):
        yield statement.value


def goal_terms(goal: syntax.Goal) -> Iterator[Term]:
    """The terms of a goal, in the order of the text."""
    if isinstance(goal, syntax.Literal):
        yield from goal.atom.args
    elif isinstance(goal, syntax.Comparison):
        yield goal.left
        yield goal.right
    elif isinstance(goal, syntax.Negation):
        yield from goal_terms(goal.goal)
    else:
        for part in goal.goals:
            yield from goal_terms(part)


def _annotation_terms(annotation: syntax.Annotation | None) -> Iterator[Term]:
    if isinstance(annotation, syntax.Fixed):
        yield annotation.probability
    elif isinstance(annotation, syntax.Learned):
        yield from () if annotation.initial is None else (annotation.initial,)
        yield from annotation.key
    elif isinstance(annotation, syntax.Neural):
        yield from annotation.index
        yield from annotation.inputs
        if annotation.domain is not None:
            yield annotation.domain


def _symbols(term: Term) -> Iterator[str]:
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Sym):
            if part.name != "[]":
                yield part.name
        elif isinstance(part, Compound):
            stack.extend(reversed(part.args))
