"""Atoms and rule instances in words: auxiliary predicates as what was written, numbers as variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emnesy.explanation.instances import Instance, has_numbers
from emnesy.explanation.unify import Unifier
from emnesy.ground.choices import instance
from emnesy.language.core import (
    Atom,
    BodyLiteral,
    Call,
    CoreProgram,
    Head,
    Match,
    Rule,
)
from emnesy.language.core_text import atom_text, head_text, literal_text, term_text
from emnesy.language.fold import FoldError, fold
from emnesy.language.substitute import with_bindings
from emnesy.language.terms import Float, Term, Var

Bindings = Mapping[str, Term]


class Wording:
    """How the atoms and rules of one program are written."""

    def __init__(self, core: CoreProgram) -> None:
        self._auxiliary: dict[str, list[Rule]] = {}
        for rule in core.rules:
            for head in rule.heads:
                if head.atom.name.startswith("_"):
                    self._auxiliary.setdefault(head.atom.name, []).append(rule)

    def atom(self, atom: Atom) -> str:
        """``p(a,1)``; of an auxiliary predicate what it stands for: ``(b; c)``."""
        rules = self._auxiliary.get(atom.name)
        if rules is None:
            args = tuple(Var("_") if has_numbers(argument) else argument for argument in atom.args)
            return atom_text(replace(atom, args=args))
        branches = []
        for rule in rules:
            names = {
                argument.name: value
                for argument, value in zip(rule.heads[0].atom.args, atom.args, strict=True)
                if isinstance(argument, Var) and argument != value
            }
            branches.append(self.body(rule.body, names))
        joined = "; ".join(dict.fromkeys(branches))
        one = len(branches) == 1 and len(rules[0].body) == 1
        return joined if one else f"({joined})"

    def literal(self, literal: BodyLiteral, bindings: Bindings) -> str:
        """A body literal under a substitution."""
        shown = {name: value for name, value in bindings.items() if not has_numbers(value)}
        if isinstance(literal, (Match, Call)):
            atom = instance(literal.atom, shown)
            text = self.atom(atom)
            return f"not {text}" if literal.negated else text
        return literal_text(Unifier(shown).literal(literal))

    def body(self, body: tuple[BodyLiteral, ...], bindings: Bindings) -> str:
        """A whole body."""
        return ", ".join(self.literal(literal, bindings) for literal in body)

    def instance(self, rule: Rule, one: Instance) -> str:
        """A rule instance as a program would write it; of an annotated disjunction the head that is meant."""
        shown = {name: value for name, value in one.bindings.items() if not has_numbers(value)}
        head = rule.heads[one.site.head]
        if head.atom.name.startswith("_"):
            return self.body(rule.body, one.bindings)
        text = self._annotation(rule, one.site.head, shown) + _head(head, shown)
        more = len(rule.heads) > 1
        body = self.body(rule.body, one.bindings)
        if body:
            return f"{text}; … :- {body}." if more else f"{text} :- {body}."
        return f"{text}; …" if more else f"{text}."

    def rule(self, rule: Rule) -> str:
        """A rule as it stands, with its variables."""
        heads = "; ".join(
            self._annotation(rule, k, {}) + head_text(head) for k, head in enumerate(rule.heads)
        )
        body = self.body(rule.body, {})
        return f"{heads} :- {body}." if body else f"{heads}."

    def _annotation(self, rule: Rule, head: int, bindings: Bindings) -> str:
        choice = rule.choice
        if choice is None:
            return ""
        if choice.neural is not None:
            inputs = ", ".join(
                term_text(with_bindings(term, bindings)) for term in choice.neural.inputs
            )
            return f"nn({choice.neural.network}, {inputs}) :: "
        probability = choice.probabilities[head]
        text = "_" if probability is None else _number(_folded(probability, bindings))
        learned = bool(choice.learned) and choice.learned[head]
        return f"t({text})::" if learned else f"{text}::"


def _number(term: Term) -> str:
    return f"{term.value:.6g}" if isinstance(term, Float) else term_text(term)


def _head(head: Head, bindings: Bindings) -> str:
    aggregate = head.aggregate
    if aggregate is None:
        return atom_text(instance(head.atom, bindings))
    atom = replace(
        head.atom, args=tuple(_folded(argument, bindings) for argument in head.atom.args)
    )
    expression, witness = (
        None if term is None else _folded(term, bindings)
        for term in (aggregate.expression, aggregate.witness)
    )
    return head_text(Head(atom, replace(aggregate, expression=expression, witness=witness)))


def _folded(term: Term, bindings: Bindings) -> Term:
    return folded(with_bindings(term, bindings))


def folded(term: Term) -> Term:
    """`term` with its arithmetic evaluated where that has a value."""
    try:
        return fold(term)
    except FoldError:
        return term
