"""Why nothing derives an atom: which rules could have, and which of their conditions no world meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from emnesy.diagnostics.suggest import closest
from emnesy.explanation.instances import Instances
from emnesy.explanation.unify import Unifier
from emnesy.explanation.wording import Wording, folded
from emnesy.ground.choices import term_of
from emnesy.language.core import (
    Assign,
    Atom,
    BodyLiteral,
    Call,
    Compare,
    CoreProgram,
    Head,
    InRange,
    Match,
    Query,
    Rule,
)
from emnesy.language.literals import bound_variables, literal_variables
from emnesy.language.substitute import distinct, is_arithmetic
from emnesy.language.terms import Term, Var

if TYPE_CHECKING:
    from emnesy.pipeline import Program

_PREFIX = "_upto"
_NESTED = 3


@dataclass(frozen=True)
class Attempt:
    """One rule whose head fits, as far as it gets.

    `holds`: conditions that hold together in some world; `fails`: the next one, which then holds in none
    (None: all can hold, but what the rule derives is something else); `example`: these conditions can be
    met in several ways, and this is the first of them; `because`: how the failing one fails in turn.
    """

    rule: str
    line: int | None
    source: str | None
    holds: tuple[str, ...]
    fails: str | None
    reason: str
    example: bool = False
    because: Failure | None = None


@dataclass(frozen=True)
class Failure:
    """Why an atom holds in no world: the rules with a head like it, and which heads and atoms there are."""

    atom: str
    attempts: tuple[Attempt, ...]
    heads: tuple[str, ...]
    """Of the other rules for its predicate."""
    possible: int
    """Atoms of its predicate that hold in some world."""
    nearest: str | None = None
    """The one of these that reads most like it."""


def why_not(program: Program, atom: Atom, instances: Instances | None = None) -> Failure:
    """How the rules for `atom` fail, which holds in no world, evidence aside. It may have variables.

    `instances`: of the program for this atom, where there are some already.
    """

    def explain() -> Failure:
        explainer = _Explainer(program, instances or Instances(program, (atom,)))
        return explainer.failure(atom, _NESTED, frozenset())

    return program.deep(explain)


class _Explainer:
    def __init__(self, program: Program, instances: Instances) -> None:
        self._program = program
        self._instances = instances
        self._core: CoreProgram = replace(
            program.core,
            rules=tuple(rule for rule in program.core.rules if rule.heads),
            evidence=(),
            observed=(),
        )
        self._wording = Wording(program.core)

    def failure(self, atom: Atom, depth: int, seen: frozenset[str]) -> Failure:
        text = self._wording.atom(atom)
        candidates: list[tuple[Rule, tuple[BodyLiteral, ...]]] = []
        heads: list[str] = []
        for rule in self._core.rules:
            for head in rule.heads:
                if head.atom.signature != atom.signature:
                    continue
                body = _body_for(rule, head, atom)
                if body is None:
                    heads.append(self._wording.atom(head.atom))
                else:
                    candidates.append((rule, body))
        possible = [
            self._wording.atom(Atom(*self._instances.key(number)))
            for number in self._instances.by_signature.get(atom.signature, ())
        ]
        return Failure(
            atom=text,
            attempts=tuple(self._attempts(candidates, depth, seen | {text})),
            heads=tuple(dict.fromkeys(heads)),
            possible=len(possible),
            nearest=closest(text, possible),
        )

    def _attempts(
        self,
        candidates: Sequence[tuple[Rule, tuple[BodyLiteral, ...]]],
        depth: int,
        seen: frozenset[str],
    ) -> Iterator[Attempt]:
        """One grounding for all rules: how long a prefix of each body has an instance."""
        ordered = [(rule, safe_order(body)) for rule, body in candidates]
        rules: list[Rule] = []
        for number, (_, body) in enumerate(ordered):
            for length in range(1, len(body) + 1):
                prefix = body[:length]
                head = Head(Atom(f"{_PREFIX}{number}_{length}", _bound(prefix)))
                rules.append(Rule((head,), prefix))
        found = self._instances_of(rules)
        for number, (rule, body) in enumerate(ordered):
            length = 0
            while length < len(body) and f"{_PREFIX}{number}_{length + 1}" in found:
                length += 1
            examples = found.get(f"{_PREFIX}{number}_{length}", [()])
            names = [variable.name for variable in _bound(body[:length])]
            bindings = dict(zip(names, examples[0], strict=True))
            yield self._attempt(rule, body, length, bindings, len(examples), depth, seen)

    def _attempt(
        self,
        rule: Rule,
        body: tuple[BodyLiteral, ...],
        length: int,
        bindings: dict[str, Term],
        examples: int,
        depth: int,
        seen: frozenset[str],
    ) -> Attempt:
        span = rule.span
        fails, reason, because = None, "what it derives is something else", None
        if length < len(body):
            literal = body[length]
            fails = self._wording.literal(literal, bindings)
            reason = _reason(literal)
            if isinstance(literal, Match) and not literal.negated and depth > 0:
                goal = Unifier(bindings).atom(literal.atom)
                if self._wording.atom(goal) not in seen:
                    because = self.failure(goal, depth - 1, seen)
        return Attempt(
            rule=self._wording.rule(rule),
            line=None if span is None else span.source.position(span.start)[0],
            source=None if span is None else span.source.name,
            holds=tuple(self._wording.literal(one, bindings) for one in body[:length]),
            fails=fails,
            reason=reason,
            example=examples > 1,
            because=because,
        )

    def _instances_of(self, rules: Sequence[Rule]) -> dict[str, list[tuple[Term, ...]]]:
        """Predicate of each rule that has an instance -> the arguments of its atoms."""
        if not rules:
            return {}
        queries = tuple(Query(rule.heads[0].atom) for rule in rules)
        core = replace(self._core, rules=(*self._core.rules, *rules), queries=queries)
        kept = _relevant(core)
        grounded = self._program.of_rules(kept, keep_all=True).ground
        native = grounded.native
        found: dict[str, list[tuple[Term, ...]]] = {}
        for atom in np.flatnonzero(native.atom_predicate >= 0):
            name = native.predicate_name[native.atom_predicate[atom]]
            if name.startswith(_PREFIX):
                arguments = tuple(
                    Var("_") if native.is_symbolic(int(v)) else term_of(native, int(v))
                    for v in grounded.arguments(int(atom))
                )
                found.setdefault(name, []).append(arguments)
        return found


def safe_order(body: Iterable[BodyLiteral]) -> tuple[BodyLiteral, ...]:
    """`body` as far as possible in its order, each condition once what it needs is bound."""
    left = list(body)
    ordered: list[BodyLiteral] = []
    while left:
        ready = next((one for one in left if _is_safe((*ordered, one))), left[0])
        left.remove(ready)
        ordered.append(ready)
    return tuple(ordered)


def _is_safe(body: Sequence[BodyLiteral]) -> bool:
    return {v.name for literal in body for v in literal_variables(literal)} <= bound_variables(body)


def _bound(body: Sequence[BodyLiteral]) -> tuple[Var, ...]:
    bound = bound_variables(body)
    occurrences = (v for literal in body for v in literal_variables(literal))
    return tuple(v for v in distinct(occurrences) if v.name in bound)


def _relevant(core: CoreProgram) -> CoreProgram:
    from emnesy.ground.dependencies import relevant_rules

    kept = relevant_rules(core, keep_all=False)
    return replace(core, rules=tuple(core.rules[index] for index in kept))


def _body_for(rule: Rule, head: Head, atom: Atom) -> tuple[BodyLiteral, ...] | None:
    """The rule's body where its head is to be `atom`; None where it cannot be.

    Arithmetic in the head becomes a condition; what an aggregate computes is left open.
    """
    unifier = Unifier({})
    conditions: list[BodyLiteral] = []
    for position, (own, wanted) in enumerate(zip(head.atom.args, atom.args, strict=True)):
        goal = unifier.renamed(wanted)
        if head.aggregate is not None and position == head.aggregate.position:
            continue
        own = folded(own)
        if is_arithmetic(own):
            if not isinstance(goal, Var):
                conditions.append(Compare("=:=", own, goal, own.span))
        elif not unifier.unify(own, goal):
            return None
    return tuple(unifier.literal(one) for one in (*rule.body, *conditions))


def _reason(literal: BodyLiteral) -> str:
    if isinstance(literal, Match):
        return "it holds in every world" if literal.negated else "it holds in no world"
    if isinstance(literal, Call):
        return (
            "the function has that value" if literal.negated else "the function has no such value"
        )
    if isinstance(literal, Compare | Assign | InRange):
        return "it is false"
    raise TypeError(type(literal))
