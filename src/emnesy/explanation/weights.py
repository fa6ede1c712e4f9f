"""How probable atoms and rule instances are, given the evidence: all of them in one call of one engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from emnesy.explanation.instances import Instance, Instances, has_numbers, split_rule
from emnesy.explanation.unify import Unifier
from emnesy.ground.choices import instance
from emnesy.ground.interface_builder import CERTAIN
from emnesy.language.core import Atom, BodyLiteral, Head, Match, Query, Rule
from emnesy.language.core_text import is_ground
from emnesy.language.literals import literal_variables
from emnesy.language.terms import Var

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram
    from emnesy.pipeline import Program


@dataclass(frozen=True)
class Engine:
    """Which engine answers, and how; see `Program.compile`."""

    name: str | None = None
    threads: int | None = None
    options: Mapping[str, Any] | None = None
    seed: int = 0


@dataclass(frozen=True)
class Weights:
    """Probability of each atom that was asked for, by its number in `Instances.grounded`.

    `negated`: of the negations, which may be too improbable to be one minus that.
    """

    probability: Mapping[int, float]
    negated: Mapping[int, float]
    model: CompiledProgram | None
    """What answered; None where everything is certain."""


def weigh(
    program: Program,
    instances: Instances,
    atoms: Iterable[int],
    negated: Iterable[int],
    named: Mapping[int, Instance],
    engine: Engine,
) -> Weights:
    """Probabilities of `atoms`, of some negations, and of the instances that the atoms `named` stand for.

    Raises `EngineError` as queries do: impossible evidence, programs that the engine cannot take.
    """
    kind = instances.grounded.native.atom_kind
    certain = {int(atom): 1.0 for atom in (*atoms, *named) if kind[atom] == CERTAIN}
    never = {int(atom): 0.0 for atom in negated if kind[atom] == CERTAIN}
    questions = _Questions(program, instances)
    for atom in dict.fromkeys(atoms):
        if kind[atom] != CERTAIN:
            questions.ask(atom)
    for atom, one in named.items():
        if kind[atom] != CERTAIN:
            questions.ask_instance(atom, one)
    for atom in negated:
        if kind[atom] != CERTAIN:
            questions.ask_negation(atom)
    if not questions.asked:
        return Weights(certain, never, None)
    answers, model = questions.answers(engine)
    found = {number: answers.get(atom, 0.0) for number, atom in questions.asked.items()}
    not_found = {number: answers.get(atom, 0.0) for number, atom in questions.denied.items()}
    return Weights({**certain, **found}, {**never, **not_found}, model)


class _Questions:
    """Queries for a program as it stands, so that engines see the structure that they know.

    What cannot be written as a ground atom of the program is asked by a rule of its own: instances,
    negations, and atoms with computed numbers, where any number will do. Only choices of rules that share
    an atom with others are taken apart.
    """

    def __init__(self, program: Program, instances: Instances) -> None:
        self._program, self._instances = program, instances
        self.asked: dict[int, Atom] = {}
        self.denied: dict[int, Atom] = {}
        self._extra: list[Rule] = []
        self._apart: set[int] = set()
        self._siblings: dict[int, int] = {}
        self._head: dict[int, int] = {}
        for head, found in instances.reasons.items():
            for number, _ in found:
                self._siblings[number] = len(found)
                self._head[number] = head

    def ask(self, number: int) -> None:
        """For an atom."""
        self._ask(number, Atom(*self._instances.key(number)))

    def ask_instance(self, number: int, one: Instance) -> None:
        """For a rule instance; where the atom has no other, that is to ask for the atom."""
        rule = self._instances.rule_of(one)
        if self._siblings[number] == 1 and rule.heads[one.site.head].aggregate is None:
            self._ask(number, Atom(*self._instances.key(self._head[number])))
        elif rule.choice is not None:
            self._apart.add(one.site.rule)
            self._ask(number, Atom(*self._instances.key(number)))
        else:
            body = self._body(rule, one)
            single = body[0] if len(body) == 1 else None
            if isinstance(single, Match) and not single.negated and is_ground(single.atom):
                self._ask(number, single.atom)
            else:
                self.asked[number] = self._by_rule(f"_asked{number}", body)

    def ask_negation(self, number: int) -> None:
        """That an atom does not hold: one minus its probability may be lost in rounding."""
        if number not in self.asked:
            self.ask(number)
        self.denied[number] = self._by_rule(
            f"_denied{number}", (Match(self.asked[number], negated=True),)
        )

    def answers(self, engine: Engine) -> tuple[dict[Atom, float], CompiledProgram]:
        """The probabilities of all that was asked; what holds in no world is missing."""
        rules: list[Rule] = []
        for index, rule in enumerate(self._program.core.rules):
            rules += split_rule(index, rule)[0] if index in self._apart else (rule,)
        queries = list(dict.fromkeys((*self.asked.values(), *self.denied.values())))
        core = replace(
            self._program.core,
            rules=(*rules, *self._extra),
            queries=tuple(Query(atom) for atom in queries),
            observed=(),
            types=(),
        )
        model = self._program.of_rules(core).compile(engine.name, engine.threads, engine.options)
        result = model.marginals(seed=engine.seed)
        return {
            queries[origin]: float(p)
            for origin, p in zip(model.grounded.query_origin, result.queries[0], strict=True)
        }, model

    def _ask(self, number: int, atom: Atom) -> None:
        if any(has_numbers(argument) for argument in atom.args):
            atom = self._by_rule(f"_asked{number}", (Match(_open(atom)),))
        self.asked[number] = atom

    def _by_rule(self, name: str, body: Sequence[BodyLiteral]) -> Atom:
        own = Atom(name, ())
        self._extra.append(Rule((Head(own),), tuple(body)))
        return own

    def _body(self, rule: Rule, one: Instance) -> list[BodyLiteral]:
        """What of an instance's body is not certain; computed numbers are variables of the rule's own."""
        kind = self._instances.grounded.native.atom_kind
        known = {name: term for name, term in one.bindings.items() if not has_numbers(term)}
        numbers = one.bindings.keys() - known.keys()
        found: list[BodyLiteral] = []
        for literal in rule.body:
            if isinstance(literal, Match):
                number = self._instances.find(instance(literal.atom, one.bindings))
                if number is not None and kind[number] != CERTAIN:
                    found.append(Match(instance(literal.atom, known), literal.negated))
            elif any(variable.name in numbers for variable in literal_variables(literal)):
                found.append(Unifier(known).literal(literal))
        return found


def _open(atom: Atom) -> Atom:
    """An atom with a variable in place of each argument that holds a computed number."""
    return replace(
        atom,
        args=tuple(
            Var(f"V{position}") if has_numbers(argument) else argument
            for position, argument in enumerate(atom.args)
        ),
    )
