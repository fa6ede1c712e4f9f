"""``X = term`` where nothing else binds X: X stands for the term, and the equation goes."""

from __future__ import annotations

from dataclasses import replace

from emnesy.language.core import Assign, Atom, BodyLiteral, Compare, InRange, Match
from emnesy.language.literals import bound_variables
from emnesy.language.substitute import is_arithmetic, variables, with_bindings
from emnesy.language.terms import Term, Var


def solve_equations(body: list[BodyLiteral]) -> tuple[list[BodyLiteral], dict[str, Term]]:
    """`body` without the equations that define variables, and what those variables stand for.

    Unification is done here only as far as rules need it: variable against term. Equations between
    bound sides stay, as tests. ``X = A + 1`` becomes ``X is A + 1``: the language evaluates
    arithmetic wherever it stands.
    """
    bindings: dict[str, Term] = {}
    while True:
        bound = bound_variables(body)
        found = next(((i, d) for i, lit in enumerate(body) if (d := _definition(lit, bound))), None)
        if found is None:
            return body, bindings
        index, (var, term) = found
        if is_arithmetic(term):
            body = [*body[:index], Assign(var, term, body[index].span), *body[index + 1 :]]  # type: ignore[union-attr]
            continue
        one = {var.name: term}
        body = [bind(lit, one) for i, lit in enumerate(body) if i != index]
        bindings = {name: with_bindings(value, one) for name, value in bindings.items()} | one


def _definition(literal: BodyLiteral, bound: set[str]) -> tuple[Var, Term] | None:
    if not isinstance(literal, Compare) or literal.op != "=":
        return None
    for var, term in ((literal.left, literal.right), (literal.right, literal.left)):
        if (
            isinstance(var, Var)
            and var.name not in bound
            and all(v.name != var.name for v in variables(term))
        ):
            return var, term
    return None


def bind(literal: BodyLiteral, bindings: dict[str, Term]) -> BodyLiteral:
    """`literal` with variables replaced."""
    if isinstance(literal, Match):
        return replace(literal, atom=bind_atom(literal.atom, bindings))
    if isinstance(literal, Assign):
        return replace(
            literal,
            target=with_bindings(literal.target, bindings),
            expression=with_bindings(literal.expression, bindings),
        )
    if isinstance(literal, InRange):
        return InRange(
            *(with_bindings(t, bindings) for t in (literal.item, literal.low, literal.high)),
            literal.span,
        )
    return replace(
        literal,
        left=with_bindings(literal.left, bindings),
        right=with_bindings(literal.right, bindings),
    )


def bind_atom(atom: Atom, bindings: dict[str, Term]) -> Atom:
    """`atom` with variables replaced."""
    return replace(atom, args=tuple(with_bindings(a, bindings) for a in atom.args))
