"""Every rule instance of a program: the rules are rewritten so that grounding names each of them.

``h :- b1, b2.`` becomes ``_why3(X, Y) :- b1, b2.`` and ``h :- _why3(X, Y).``, where X and Y are all variables
of the rule: an atom of ``_why3`` is one instance of the third rule. Choices keep their keys, and so mean
the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from emnesy.explanation.unify import Unifier
from emnesy.ground.choices import instance, term_of
from emnesy.ground.dependencies import relevant_rules
from emnesy.ground.interface_builder import CERTAIN, CONDITION, DERIVED
from emnesy.ground.python_values import CELL, COMPOUND
from emnesy.language.core import Atom, CoreProgram, Head, InRange, Match, Query, Rule, Signature
from emnesy.language.fold import FoldError, fold
from emnesy.language.literals import literal_variables
from emnesy.language.substitute import distinct, variables, with_bindings
from emnesy.language.terms import Compound, Int, Term, Var

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.ground.program import GroundedProgram
    from emnesy.pipeline import Program

NAME = "_why"

Key = tuple[str, tuple[Term, ...]]


@dataclass(frozen=True)
class Site:
    """One head of one rule: where instances come from."""

    rule: int
    """Index in the core rules."""
    head: int
    name: str
    variables: tuple[Var, ...]


@dataclass(frozen=True)
class Instance:
    """One instance of a rule for one of its heads; `bindings` of all variables of the rule."""

    site: Site
    bindings: Mapping[str, Term]


def is_plain_fact(rule: Rule) -> bool:
    """A fact, perhaps with ranges of integers: certain without looking at any other atom."""
    return (
        rule.choice is None
        and len(rule.heads) == 1
        and rule.heads[0].aggregate is None
        and all(isinstance(literal, InRange) and _bounds(literal) for literal in rule.body)
    )


def _bounds(literal: InRange) -> tuple[int, int] | None:
    low, high = literal.low, literal.high
    return (low.value, high.value) if isinstance(low, Int) and isinstance(high, Int) else None


def sites_of(index: int, rule: Rule) -> tuple[Site, ...]:
    """A site a head; none for facts and constraints."""
    if is_plain_fact(rule):
        return ()
    if rule.choice is not None:
        output = rule.choice.neural.output if rule.choice.neural is not None else None
        named = (*rule.choice.key, *(() if output is None else (output,)))
    else:
        occurrences = [v for literal in rule.body for v in literal_variables(literal)]
        named = distinct(
            [*occurrences, *(v for term in _head_terms(rule) for v in variables(term))]
        )
    return tuple(
        Site(index, head, f"{NAME}{index}_{head}", tuple(named)) for head in range(len(rule.heads))
    )


def _head_terms(rule: Rule) -> Iterator[Term]:
    for head in rule.heads:
        for position, argument in enumerate(head.atom.args):
            if head.aggregate is None or position != head.aggregate.position:
                yield argument
        if head.aggregate is not None:
            yield from filter(None, (head.aggregate.expression, head.aggregate.witness))


def split_rule(index: int, rule: Rule) -> tuple[tuple[Rule, ...], tuple[Site, ...]]:
    """The rule in two steps, over the atoms that name its instances."""
    sites = sites_of(index, rule)
    if not sites:
        return (rule,), ()
    heads = tuple(Head(Atom(site.name, site.variables, rule.span)) for site in sites)
    choice = rule.choice
    if choice is not None and choice.neural is not None and choice.neural.output is not None:
        neural = replace(choice.neural, output_position=len(sites[0].variables) - 1)
        choice = replace(choice, neural=neural)
    first = Rule(heads, rule.body, choice, rule.span)
    rest = [
        Rule((own,), (Match(named.atom),), None, rule.span)
        for own, named in zip(rule.heads, heads, strict=True)
    ]
    return (first, *rest), sites


def with_instances(core: CoreProgram) -> tuple[CoreProgram, tuple[Site, ...]]:
    """`core` with all its rules in two steps."""
    rules: list[Rule] = []
    sites: list[Site] = []
    for index, rule in enumerate(core.rules):
        steps, found = split_rule(index, rule)
        rules += steps
        sites += found
    return replace(core, rules=tuple(rules)), tuple(sites)


class Instances:
    """All atoms that hold in some world, and the rule instances that derive them."""

    def __init__(self, program: Program, atoms: tuple[Atom, ...]) -> None:
        """Grounds what `atoms` (perhaps with variables), evidence and constraints depend on.

        Raises `ProgramError` as grounding does.
        """
        if program.core.types:
            _ = (
                program.dependencies
            )  # refutes wrong declarations; rules in two steps are no proof of right ones
        queries = tuple(Query(atom, atom.span) for atom in atoms)
        core = replace(program.core, queries=queries, observed=(), types=())
        self.core = program.core
        self.questions = atoms
        split, sites = with_instances(core)
        kept = relevant_rules(split, keep_all=False)
        self.split = replace(split, rules=tuple(split.rules[index] for index in kept))
        self._sites = {site.name: site for site in sites}
        self.grounded: GroundedProgram = program.of_rules(self.split, keep_all=True).ground

    @cached_property
    def atoms(self) -> dict[Key, int]:
        """Name and arguments of an atom -> its number; of the program's own and auxiliary predicates."""
        return {
            self.key(atom): atom for atom in self._possible if self.name(atom) not in self._sites
        }

    @cached_property
    def _possible(self) -> list[int]:
        native = self.grounded.native
        return [a for a, kind in enumerate(native.atom_kind) if kind in (DERIVED, CERTAIN)]

    @cached_property
    def by_signature(self) -> dict[Signature, list[int]]:
        """The atoms of each predicate."""
        found: dict[Signature, list[int]] = {}
        for (name, arguments), atom in self.atoms.items():
            found.setdefault(Signature(name, len(arguments)), []).append(atom)
        return found

    @cached_property
    def reasons(self) -> dict[int, list[tuple[int, Instance]]]:
        """Atom -> the instances that derive it, each with the atom that names it."""
        native = self.grounded.native
        linked: dict[int, int] = {}
        for rule in range(native.rule_count):
            body = self.grounded.body(rule)
            if len(body) == 1 and body[0] % 2 == 0:
                linked.setdefault(int(body[0]) >> 1, int(native.rule_head[rule]))
        found: dict[int, list[tuple[int, Instance]]] = {}
        for named in self._possible:
            site = self._sites.get(self.name(named))
            if site is None:
                continue
            values = self.key(named)[1]
            names = [variable.name for variable in site.variables]
            one = Instance(site, dict(zip(names, values, strict=True)))
            head = self._head(one)
            if head is None:
                head = linked.get(named)
            if head is not None:
                found.setdefault(head, []).append((named, one))
        return found

    @cached_property
    def numbered(self) -> dict[int, int]:
        """Atoms that ask for one value of a computed number -> the atom that has the number.

        Grounding makes them for questions such as ``dist(b, 2)``, by a rule with a comparison.
        """
        native = self.grounded.native
        found = {}
        for rule in range(native.rule_count):
            body = [int(literal) >> 1 for literal in self.grounded.body(rule)]
            carriers = [atom for atom in body if native.atom_kind[atom] != CONDITION]
            head = int(native.rule_head[rule])
            if len(carriers) == 1 < len(body) and self.name(head) == self.name(carriers[0]):
                found[head] = carriers[0]
        return found

    def name(self, atom: int) -> str:
        """The name of an atom's predicate."""
        native = self.grounded.native
        name: str = native.predicate_name[native.atom_predicate[atom]]
        return name

    def key(self, atom: int) -> Key:
        """Name and arguments; a computed number is a variable, ``#0``."""
        native = self.grounded.native
        arguments = tuple(_term(native, int(v)) for v in self.grounded.arguments(atom))
        return self.name(atom), arguments

    def rule_of(self, one: Instance) -> Rule:
        """The core rule that it is an instance of."""
        return self.core.rules[one.site.rule]

    def find(self, atom: Atom) -> int | None:
        """The number of a ground atom; None where it holds in no world."""
        return self.atoms.get((atom.name, atom.args))

    def is_fact(self, atom: int) -> bool:
        """Is an atom stated as a fact, whatever else derives it?"""
        key = self.key(atom)
        return any(_gives(rule, key) for rule in self._facts.get(key[0], ()))

    @cached_property
    def _facts(self) -> dict[str, list[Rule]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.core.rules:
            if is_plain_fact(rule):
                found.setdefault(rule.heads[0].atom.name, []).append(rule)
        return found

    def _head(self, one: Instance) -> int | None:
        """The atom that an instance derives, by its text; None where that does not say it."""
        head = self.rule_of(one).heads[one.site.head]
        try:
            if head.aggregate is None:
                return self.find(instance(head.atom, one.bindings))
            arguments: list[Term | None] = [
                fold(with_bindings(argument, one.bindings)) for argument in head.atom.args
            ]
            witness = head.aggregate.witness
            arguments[head.aggregate.position] = (
                None if witness is None else fold(with_bindings(witness, one.bindings))
            )
        except FoldError:
            return None
        group = (head.atom.name, tuple(arguments))
        return self._groups.get((group, head.aggregate.position))

    @cached_property
    def _groups(self) -> dict[tuple[tuple[str, tuple[Term | None, ...]], int], int]:
        """Atoms of aggregates by their other arguments; by the winner too where there is one."""
        aggregated = {
            head.atom.signature: head.aggregate
            for rule in self.core.rules
            for head in rule.heads
            if head.aggregate is not None
        }
        found = {}
        for (name, arguments), atom in self.atoms.items():
            aggregate = aggregated.get(Signature(name, len(arguments)))
            if aggregate is None:
                continue
            if atom in self.numbered:
                continue
            group: list[Term | None] = list(arguments)
            if aggregate.witness is None:
                group[aggregate.position] = None
            found[(name, tuple(group)), aggregate.position] = atom
        return found


def _gives(rule: Rule, key: Key) -> bool:
    """Is an atom an instance of a fact?"""
    unifier = Unifier({})
    arguments = rule.heads[0].atom.args
    if len(arguments) != len(key[1]):
        return False
    try:
        if not all(unifier.unify(fold(a), b) for a, b in zip(arguments, key[1], strict=True)):
            return False
    except FoldError:
        return False
    for literal in rule.body:
        assert isinstance(literal, InRange)
        bounds, item = _bounds(literal), unifier.term(literal.item)
        if bounds is None or not isinstance(item, Int) or not bounds[0] <= item.value <= bounds[1]:
            return False
    return True


def _term(native: _core.GroundProgram, value: int) -> Term:
    """As `term_of`, with variables for computed numbers."""
    if not native.is_symbolic(value):
        return term_of(native, value)
    if native.value_kind(value) == CELL:
        return Var(f"#{native.cell(value)}")
    assert native.value_kind(value) == COMPOUND
    functor, arguments = native.compound(value)
    return Compound(functor, tuple(_term(native, a) for a in arguments))


def has_numbers(term: Term) -> bool:
    """Does a term hold a computed number?"""
    return any(variable.name.startswith("#") for variable in variables(term))
