"""Why an atom holds: the rule instances behind it, with their probabilities, down to choices and facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from typing import Literal as OneOf

from emnesy.explanation.instances import Instance, Instances
from emnesy.explanation.weights import Engine, Weights, weigh
from emnesy.explanation.wording import Wording
from emnesy.ground.choices import instance
from emnesy.language.core import Atom, Match, Rule
from emnesy.language.terms import Compound, Term, Var

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram
    from emnesy.pipeline import Program

Note = OneOf["", "fact", "never", "excluded", "above", "cycle", "deeper"]
"""Why a finding has no reasons below it: it is a fact; nothing derives it; the evidence rules it out; its
reasons stand further above; it is being explained; the limit of depth or size is reached."""

MOST_ATOMS = 3_000
"""Atoms that are looked at for one tree."""


@dataclass(frozen=True)
class Finding:
    """An atom, or its negation, with the rule instances that derive the atom.

    `probability`: of the literal given the evidence (of ``not a`` where `negated`); None where it was not
    asked for. `left_out`: reasons that are not shown, the least probable ones; `impossible`: reasons of
    probability zero that are not shown.
    """

    atom: str
    probability: float | None
    negated: bool = False
    note: Note = ""
    reasons: tuple[Reason, ...] = ()
    left_out: int = 0
    impossible: int = 0


@dataclass(frozen=True)
class Reason:
    """One rule instance: how probable it is that it fires, given the evidence, and what it needs."""

    rule: str
    probability: float | None
    line: int | None
    source: str | None
    is_choice: bool
    body: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The findings for one question, one per atom that it matches; none where no world has one.

    `model`: what the probabilities come from; None where all is certain.
    """

    question: Atom
    findings: tuple[Finding, ...]
    model: CompiledProgram | None
    instances: Instances

    @property
    def exact(self) -> bool:
        """Are the probabilities exact?"""
        return self.model is None or self.model.engine.exact


def why(
    program: Program,
    atom: Atom,
    *,
    depth: int = 5,
    most: int = 10,
    engine: Engine | None = None,
) -> Answer:
    """The rule instances that derive `atom`, which may have variables.

    `depth`: rules from the atom down, at most; `most`: instances of each atom, the most probable ones. Neural
    predicates have uniform priors.

    Raises `ProgramError` as grounding does, `EngineError` as queries do.
    """
    return program.deep(lambda: _why(program, atom, depth, most, engine or Engine()))


def _why(program: Program, atom: Atom, depth: int, most: int, engine: Engine) -> Answer:
    instances = Instances(program, (atom,))
    same = instances.find(atom)
    roots = [
        number
        for number in instances.by_signature.get(atom.signature, ())
        if same == number or (same is None and _matches(atom.args, instances.key(number)[1]))
    ]
    atoms, negated, named = _reached(instances, roots, depth)
    weights = weigh(program, instances, atoms, negated, named, engine)
    findings = [
        _Tree(instances, weights, set(atoms), most).finding(number, False, depth)
        for number in roots
    ]
    findings.sort(key=lambda finding: -(finding.probability or 0.0))
    return Answer(atom, tuple(findings), weights.model, instances)


def without_evidence(program: Program, atom: Atom, engine: Engine | None = None) -> Answer:
    """How probable an atom is where evidence and constraints are left out; without reasons."""
    core = program.core
    rules = tuple(rule for rule in core.rules if rule.heads)
    plain = program.of_rules(replace(core, rules=rules, evidence=()))
    return why(plain, atom, depth=0, engine=engine)


def _reached(
    instances: Instances, roots: Sequence[int], depth: int
) -> tuple[list[int], list[int], dict[int, Instance]]:
    """The atoms within `depth` rules, breadth first; those that bodies negate; the instances above them."""
    atoms = dict.fromkeys(roots)
    negated: dict[int, None] = {}
    named: dict[int, Instance] = {}
    frontier = list(roots)
    for _ in range(depth):
        following: dict[int, None] = {}
        for number in frontier:
            carrier = instances.numbered.get(number)
            if carrier is not None and carrier not in atoms:
                atoms[carrier] = following[carrier] = None
            found = instances.reasons.get(number, [])
            if len(atoms) + len(named) + len(found) > MOST_ATOMS:
                continue
            for name, one in found:
                named[name] = one
                for literal in instances.rule_of(one).body:
                    if not isinstance(literal, Match):
                        continue
                    below = instances.find(instance(literal.atom, one.bindings))
                    if below is None:
                        continue
                    if literal.negated:
                        negated[below] = None
                    if below not in atoms:
                        atoms[below] = following[below] = None
        frontier = list(following)
    return list(atoms), list(negated), named


class _Tree:
    """Builds the findings of one answer; the reasons of each atom are given once."""

    def __init__(self, instances: Instances, weights: Weights, known: set[int], most: int) -> None:
        self._instances = instances
        self._weights, self._probability = weights, weights.probability
        self._exact = weights.model is None or weights.model.engine.exact
        self._known = known
        self._most = most
        self._wording = Wording(instances.core)
        self._done: set[int] = set()
        self._path: list[int] = []

    def finding(self, number: int, negated: bool, depth: int) -> Finding:
        """An atom with its reasons, as far as these were not given yet."""
        probability = (self._weights.negated if negated else self._probability).get(number)
        atom = Atom(*self._instances.key(number))
        plain = Finding(self._wording.atom(atom), probability, negated)
        reasons = self._instances.reasons.get(number, [])
        if number in self._instances.numbered:
            return self._number(plain, number, depth)
        if not reasons or self._instances.is_fact(number):
            return replace(plain, note="fact")
        if self._path and self._exact and self._probability.get(number) == 0.0:
            return replace(plain, note="excluded")
        if number in self._path:
            return replace(plain, note="cycle")
        if number in self._done:
            return replace(plain, note="above")
        if depth == 0 or any(name not in self._probability for name, _ in reasons[:1]):
            return replace(plain, note="deeper")
        self._done.add(number)
        self._path.append(number)
        ranked = sorted(reasons, key=lambda reason: -self._probability.get(reason[0], 0.0))
        # An estimate of zero proves nothing.
        proved = 0.0 if self._exact else -1.0
        possible = [r for r in ranked if self._probability.get(r[0], 1.0) > proved]
        shown = (possible or ranked)[: self._most]
        result = replace(
            plain,
            reasons=tuple(self._reason(name, one, depth - 1) for name, one in shown),
            left_out=len(possible or ranked) - len(shown),
            impossible=len(ranked) - len(possible) if possible else 0,
        )
        self._path.pop()
        return result

    def _number(self, plain: Finding, number: int, depth: int) -> Finding:
        """An atom that asks for one value of a computed number rests on the atom that has the number."""
        if depth == 0:
            return replace(plain, note="deeper")
        below = self.finding(self._instances.numbered[number], False, depth - 1)
        reason = Reason(
            f"the number in {below.atom}", plain.probability, None, None, False, (below,)
        )
        return replace(plain, reasons=(reason,))

    def _reason(self, name: int, one: Instance, depth: int) -> Reason:
        rule = self._instances.rule_of(one)
        line, source = _place(rule)
        return Reason(
            rule=self._wording.instance(rule, one),
            probability=self._probability.get(name),
            line=line,
            source=source,
            is_choice=rule.choice is not None,
            body=tuple(
                self._literal(literal, one, depth)
                for literal in rule.body
                if isinstance(literal, Match)
            ),
        )

    def _literal(self, literal: Match, one: Instance, depth: int) -> Finding:
        atom = instance(literal.atom, one.bindings)
        number = self._instances.find(atom)
        if number is None:
            certain = 1.0 if literal.negated else None
            return Finding(self._wording.atom(atom), certain, literal.negated, "never")
        if number not in self._known:
            return Finding(self._wording.atom(atom), None, literal.negated, "deeper")
        return self.finding(number, literal.negated, depth)


def _place(rule: Rule) -> tuple[int | None, str | None]:
    if rule.span is None:
        return None, None
    source = rule.span.source
    return source.position(rule.span.start)[0], source.name


def _matches(pattern: Sequence[Term], ground: Sequence[Term]) -> bool:
    """Is `ground` an instance of `pattern`? A computed number may be any number."""
    bound: dict[str, Term] = {}

    def match(wanted: Term, found: Term) -> bool:
        if isinstance(found, Var):
            return True
        if isinstance(wanted, Var):
            return bound.setdefault(wanted.name, found) == found
        if isinstance(wanted, Compound) and isinstance(found, Compound):
            return (wanted.functor, len(wanted.args)) == (found.functor, len(found.args)) and all(
                match(a, b) for a, b in zip(wanted.args, found.args, strict=True)
            )
        return wanted == found

    return all(match(a, b) for a, b in zip(pattern, ground, strict=True))
