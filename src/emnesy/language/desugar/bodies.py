"""Bodies: nested goals -> alternatives (disjunctive normal form) -> lists of core literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from emnesy.language import syntax
from emnesy.language.core import (
    Assign,
    Atom,
    BodyLiteral,
    Call,
    Compare,
    Head,
    InRange,
    Match,
    Rule,
)
from emnesy.language.desugar.scope import Scope, fail
from emnesy.language.literals import bound_variables
from emnesy.language.substitute import distinct, variables
from emnesy.language.terms import Compound, Int, Term, Var

Simple = syntax.Literal | syntax.Comparison | syntax.Negation
_MOST_ALTERNATIVES = 64
_OPPOSITE = {
    "=:=": "=\\=",
    "=\\=": "=:=",
    "<": ">=",
    ">=": "<",
    ">": "=<",
    "=<": ">",
    "=": "\\=",
    "\\=": "=",
    "==": "\\==",
    "\\==": "==",
}
_NEVER = Compare("<", Int(1), Int(0))


def alternatives(goal: syntax.Goal | None) -> list[list[Simple]]:
    """The conjunctions whose disjunction `goal` is; one empty conjunction for no body."""
    if goal is None:
        return [[]]
    if isinstance(goal, syntax.Disjunction):
        return [branch for part in goal.goals for branch in alternatives(part)]
    if not isinstance(goal, syntax.Conjunction):
        return [[goal]]
    result: list[list[Simple]] = [[]]
    for part in goal.goals:
        if isinstance(part, (syntax.Literal, syntax.Comparison, syntax.Negation)):
            for one in result:
                one.append(part)
            continue
        branches = alternatives(part)
        if len(result) * len(branches) > _MOST_ALTERNATIVES:
            raise fail(
                "E0309",
                f"this body has more than {_MOST_ALTERNATIVES} alternatives",
                goal.span,
                "give its disjunctions predicates of their own",
            )
        if len(branches) == 1:
            for one in result:
                one.extend(branches[0])
        else:
            result = [one + branch for one in result for branch in branches]
    return result


def literals(goals: list[Simple], elsewhere: set[str], scope: Scope) -> list[BodyLiteral]:
    """The core literals of a conjunction. `elsewhere`: names of the head's variables."""
    result: list[BodyLiteral] = []
    negations: list[tuple[int, syntax.Negation]] = []
    for goal in goals:
        if isinstance(goal, syntax.Negation):
            negations.append((len(result), goal))
            result.append(_NEVER)
        elif isinstance(goal, syntax.Comparison):
            result.append(_comparison(goal, scope))
        else:
            result.extend(_positive(goal, scope))
    positive: list[BodyLiteral] = [lit for lit in result if not isinstance(lit, Compare)]
    for index, negation in negations:
        others = elsewhere | {
            var.name for goal in goals if goal is not negation for var in goal_variables(goal)
        }
        result[index] = _negation(negation.goal, others, positive, scope)
    return result


def goal_variables(goal: syntax.Goal) -> Iterator[Var]:
    """Every occurrence of a variable in `goal`."""
    if isinstance(goal, syntax.Literal):
        for argument in goal.atom.args:
            yield from variables(argument)
    elif isinstance(goal, syntax.Comparison):
        yield from variables(goal.left)
        yield from variables(goal.right)
    elif isinstance(goal, syntax.Negation):
        yield from goal_variables(goal.goal)
    else:
        for part in goal.goals:
            yield from goal_variables(part)


def atom_of(atom: Atom, scope: Scope) -> Atom:
    """`atom` with constants in place.

    Raises:
        ProgramError: it has a range, which only heads may.
    """
    args = scope.terms(atom.args)
    for argument in args:
        if type(argument) is Compound and argument.functor == "..":
            raise fail(
                "E0310",
                "a range stands in a body",
                argument.span,
                f"write a variable here and `X in {_text(argument)}` beside it",
            )
    return atom if args is atom.args else Atom(atom.name, args, atom.span)


def _positive(goal: syntax.Literal, scope: Scope) -> list[BodyLiteral]:
    atom = goal.atom
    if not atom.args and atom.name == "true":
        return []
    if not atom.args and atom.name in ("fail", "false"):
        return [Compare("<", Int(1), Int(0), goal.span)]
    if atom.name == "between" and len(atom.args) == 3:
        low, high, item = scope.terms(atom.args)
        return [InRange(item, low, high, goal.span)]
    return [Call(atom_of(atom, scope)) if scope.calls(atom) else Match(atom_of(atom, scope))]


def _comparison(goal: syntax.Comparison, scope: Scope) -> BodyLiteral:
    left, right = scope.term(goal.left), scope.term(goal.right)
    if goal.op == "is":
        return Assign(left, right, goal.span)
    if goal.op == "in":
        low, high = cast("Compound", right).args
        return InRange(left, low, high, goal.span)
    return Compare(goal.op, left, right, goal.span)


def _negation(
    goal: syntax.Goal, elsewhere: set[str], positive: list[BodyLiteral], scope: Scope
) -> BodyLiteral:
    """The literal for ``not goal``; an auxiliary predicate where `goal` is more than an atom."""
    if isinstance(goal, syntax.Comparison) and goal.op in _OPPOSITE:
        return Compare(_OPPOSITE[goal.op], scope.term(goal.left), scope.term(goal.right), goal.span)
    if isinstance(goal, syntax.Literal) and scope.calls(goal.atom):
        if not any(v.name.startswith("_#") for v in goal_variables(goal)):
            return Call(atom_of(goal.atom, scope), negated=True)
    elif isinstance(goal, syntax.Literal) and goal.atom.name not in (
        "true",
        "fail",
        "false",
        "between",
    ):
        return _negated_atom(atom_of(goal.atom, scope), scope)
    shared = tuple(v for v in distinct(goal_variables(goal)) if v.name in elsewhere)
    head = Atom(scope.predicate("not"), shared, goal.span)
    names = {v.name for v in shared}
    for branch in alternatives(goal):
        body = literals(branch, names, scope)
        if not names <= bound_variables(body):
            body = [*positive, *body]  # what holds beside the negation may bind for it
        scope.rules.append(Rule((Head(head),), tuple(body), None, goal.span))
    return Match(head, negated=True)


def _negated_atom(atom: Atom, scope: Scope) -> Match:
    """``not p(X, _)`` holds where no instance of ``p(X, _)`` does: `_` is projected away first."""
    open_args = [any(v.name.startswith("_#") for v in variables(a)) for a in atom.args]
    if not any(open_args):
        return Match(atom, negated=True)
    keys: list[Var] = []
    pattern: list[Term] = []
    for argument, is_open in zip(atom.args, open_args, strict=True):
        if not is_open:
            keys.append(scope.variable(argument.span))
        pattern.append(argument if is_open else keys[-1])
    name = scope.predicate("some")
    head = Head(Atom(name, tuple(keys), atom.span))
    body = (Match(Atom(atom.name, tuple(pattern), atom.span)),)
    scope.rules.append(Rule((head,), body, None, atom.span))
    kept = tuple(a for a, is_open in zip(atom.args, open_args, strict=True) if not is_open)
    return Match(Atom(name, kept, atom.span), negated=True)


def _text(term: Term) -> str:
    return term.span.text if term.span else ".."
