"""Unification of terms without arithmetic (Robinson 1965), for asking which rules could derive an atom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emnesy.language.core import Assign, Atom, BodyLiteral, Call, Compare, InRange, Match
from emnesy.language.substitute import map_leaves
from emnesy.language.terms import Compound, Term, Var


class Unifier:
    """A most general substitution, found term by term."""

    def __init__(self, bindings: Mapping[str, Term]) -> None:
        self._bindings = dict(bindings)

    def unify(self, left: Term, right: Term) -> bool:
        """Make both sides equal; False where that cannot be."""
        left, right = self._value(left), self._value(right)
        if isinstance(left, Var):
            if left != right and not self._occurs(left, right):
                self._bindings[left.name] = right
                return True
            return left == right
        if isinstance(right, Var):
            return self.unify(right, left)
        if isinstance(left, Compound) and isinstance(right, Compound):
            return (left.functor, len(left.args)) == (right.functor, len(right.args)) and all(
                self.unify(a, b) for a, b in zip(left.args, right.args, strict=True)
            )
        return left == right

    def renamed(self, term: Term) -> Term:
        """`term` with variables of its own, which no rule has."""
        return map_leaves(
            term, lambda leaf: Var(f"{leaf.name}'", leaf.span) if isinstance(leaf, Var) else leaf
        )

    def term(self, term: Term) -> Term:
        """A term under the substitution."""
        return map_leaves(
            term,
            lambda leaf: (
                leaf
                if not isinstance(leaf, Var) or leaf.name not in self._bindings
                else self.term(self._bindings[leaf.name])
            ),
        )

    def atom(self, atom: Atom) -> Atom:
        """An atom under the substitution."""
        return replace(atom, args=tuple(self.term(argument) for argument in atom.args))

    def literal(self, literal: BodyLiteral) -> BodyLiteral:
        """A body literal under the substitution."""
        if isinstance(literal, (Match, Call)):
            return replace(literal, atom=self.atom(literal.atom))
        if isinstance(literal, Compare):
            left, right = self.term(literal.left), self.term(literal.right)
            return replace(literal, left=left, right=right)
        if isinstance(literal, Assign):
            target, expression = self.term(literal.target), self.term(literal.expression)
            return replace(literal, target=target, expression=expression)
        assert isinstance(literal, InRange)
        item, low, high = (self.term(t) for t in (literal.item, literal.low, literal.high))
        return replace(literal, item=item, low=low, high=high)

    def _value(self, term: Term) -> Term:
        while isinstance(term, Var) and term.name in self._bindings:
            term = self._bindings[term.name]
        return term

    def _occurs(self, variable: Var, term: Term) -> bool:
        term = self._value(term)
        if isinstance(term, Compound):
            return any(self._occurs(variable, argument) for argument in term.args)
        return variable == term
