"""The order in which a program first mentions its symbols."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from emnesy.language import syntax
from emnesy.language.terms import Compound, Sym, Term


def symbol_order(program: syntax.Program, constants: Container[str]) -> dict[str, int]:
    """Symbol -> rank of its first appearance as a term. Named constants are not symbols."""
    order: dict[str, int] = {}
    for statement in program.statements:
        for term in statement_terms(statement):
            if type(term) is Sym:
                names: Iterable[str] = (term.name,)
            elif type(term) is Compound:
                names = _symbols(term)
            else:
                continue
            for name in names:
                if name not in order and name not in constants and name != "[]":
                    order[name] = len(order)
    return order


def statement_terms(statement: syntax.Statement) -> list[Term]:
    """The terms of a statement, in the order of the text; those of directives are options, not terms."""
    found: list[Term] = []
    if isinstance(statement, syntax.Clause):
        for alternative in statement.heads:
            if alternative.annotation is not None:
                found += _annotation_terms(alternative.annotation)
            for argument in alternative.head.args:
                if type(argument) is syntax.Aggregate:
                    found += argument.args
                else:
                    found.append(argument)  # type: ignore[arg-type]
        if statement.body is not None:
            _add_goal_terms(statement.body, found)
    elif isinstance(statement, syntax.Constraint):
        _add_goal_terms(statement.body, found)
    elif isinstance(statement, (syntax.EvidenceStatement, syntax.QueryStatement)):
        found += statement.atom.args
    elif isinstance(statement, syntax.Constant):
        found.append(statement.value)
    return found


def _add_goal_terms(goal: syntax.Goal, found: list[Term]) -> None:
    if isinstance(goal, syntax.Literal):
        found += goal.atom.args
    elif isinstance(goal, syntax.Comparison):
        found += (goal.left, goal.right)
    elif isinstance(goal, syntax.Negation):
        _add_goal_terms(goal.goal, found)
    else:
        for part in goal.goals:
            _add_goal_terms(part, found)


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
            yield part.name
        elif isinstance(part, Compound):
            stack.extend(reversed(part.args))
