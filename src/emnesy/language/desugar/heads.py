"""Heads: constants in place, ranges and aggregates taken out."""

from __future__ import annotations

from typing import cast

from emnesy.language import syntax
from emnesy.language.core import AggregateName, Atom, BodyLiteral, Head, HeadAggregate, InRange
from emnesy.language.desugar.scope import Scope, fail
from emnesy.language.substitute import occurrences
from emnesy.language.terms import Compound, Term, Var


def core_head(head: syntax.HeadAtom, scope: Scope, ranges: list[BodyLiteral]) -> Head:
    """The core form of a head.

    A range ``p(0..3)`` becomes a fresh variable in that place and an `InRange`, appended to `ranges`:
    one clause stands for all its instances.
    """
    args: list[Term] = []
    aggregate: HeadAggregate | None = None
    for position, argument in enumerate(head.args):
        if isinstance(argument, syntax.Aggregate):
            if aggregate is not None:
                raise fail(
                    "E0305",
                    "a head has one aggregate at most",
                    argument.span,
                    "write one rule per aggregate, each with a predicate of its own",
                )
            aggregate = _aggregate(argument, position, scope)
            args.append(scope.variable(argument.span))
            continue
        term = scope.term(argument)
        if isinstance(term, Compound) and term.functor == "..":
            fresh = scope.variable(term.span)
            ranges.append(InRange(fresh, term.args[0], term.args[1], term.span))
            term = fresh
        args.append(term)
    return Head(Atom(head.name, tuple(args), head.span), aggregate)


def head_variables(head: Head) -> list[Var]:
    """Every occurrence of a variable in a head; the place of its aggregate is not one."""
    aggregate = head.aggregate
    if aggregate is None:
        return occurrences(head.atom.args)
    terms = [arg for i, arg in enumerate(head.atom.args) if i != aggregate.position]
    terms += [t for t in (aggregate.witness, aggregate.expression) if t is not None]
    return occurrences(terms)


def _aggregate(aggregate: syntax.Aggregate, position: int, scope: Scope) -> HeadAggregate:
    args = scope.terms(aggregate.args)
    witness = args[0] if len(args) == 2 else None
    expression = args[-1] if args else None
    return HeadAggregate(cast("AggregateName", aggregate.name), position, expression, witness)
