"""``X = term`` where nothing else binds X: X stands for the term, and the equation goes."""

from __future__ import annotations

from dataclasses import replace

from emnesy.language.core import Assign, Atom, BodyLiteral, Call, Compare, InRange, Match
from emnesy.language.literals import bound_variables
from emnesy.language.substitute import (
    input_variables,
    is_arithmetic,
    variables,
    with_bindings,
)
from emnesy.language.terms import Compound, Term, Var


def solve_equations(body: list[BodyLiteral]) -> tuple[list[BodyLiteral], dict[str, Term]]:
    """`body` without the equations that define variables, and what those variables stand for.

    Unification as far as rules need it: an equation with a variable that nothing else binds is solved
    here, variable by variable; equations between bound sides stay, as tests. ``X = A + 1`` becomes
    ``X is A + 1``: the language evaluates arithmetic wherever it stands.
    """
    bindings: dict[str, Term] = {}
    tried: set[int] = set()
    while True:
        equation = next(
            (
                lit
                for lit in body
                if isinstance(lit, Compare) and lit.op == "=" and id(lit) not in tried
            ),
            None,
        )
        if equation is None:
            return body, bindings
        tried.add(id(equation))
        index = next(i for i, lit in enumerate(body) if lit is equation)
        solved = _solve(equation, bound_variables(body))
        if solved is None:
            continue
        replacement, one = solved
        body = [*body[:index], *replacement, *body[index + 1 :]]
        if one:
            body = [bind(literal, one) for literal in body]
            bindings = {name: with_bindings(value, one) for name, value in bindings.items()} | one
            tried.clear()


def _solve(equation: Compare, bound: set[str]) -> tuple[list[BodyLiteral], dict[str, Term]] | None:
    """What takes an equation's place, and a variable with its term; None: it stays, as a test."""
    left, right = equation.left, equation.right
    names = {v.name for v in (*variables(left), *variables(right))}
    if names <= bound:
        return None
    for var, term in ((left, right), (right, left)):
        if not isinstance(var, Var) or any(v.name == var.name for v in variables(term)):
            continue
        if is_arithmetic(term):
            return None if var.name in bound else ([Assign(var, term, equation.span)], {})
        if var.name not in bound or not any(True for _ in input_variables(term)):
            return [], {var.name: term}
    if (
        isinstance(left, Compound)
        and isinstance(right, Compound)
        and (left.functor, len(left.args)) == (right.functor, len(right.args))
        and not is_arithmetic(left)
        and not is_arithmetic(right)
    ):
        pairs = zip(left.args, right.args, strict=True)
        return [Compare("=", a, b, equation.span) for a, b in pairs], {}
    return None


def bind(literal: BodyLiteral, bindings: dict[str, Term]) -> BodyLiteral:
    """`literal` with variables replaced."""
    if isinstance(literal, (Match, Call)):
        return replace(literal, atom=bind_atom(literal.atom, bindings))
    if isinstance(literal, Assign):
        return replace(
            literal,
            target=with_bindings(literal.target, bindings),
            expression=with_bindings(literal.expression, bindings),
        )
    if isinstance(literal, InRange):
        return replace(
            literal,
            item=with_bindings(literal.item, bindings),
            low=with_bindings(literal.low, bindings),
            high=with_bindings(literal.high, bindings),
        )
    return replace(
        literal,
        left=with_bindings(literal.left, bindings),
        right=with_bindings(literal.right, bindings),
    )


def bind_atom(atom: Atom, bindings: dict[str, Term]) -> Atom:
    """`atom` with variables replaced."""
    return replace(atom, args=tuple(with_bindings(a, bindings) for a in atom.args))
