"""How probable atoms and rule instances are, given the evidence: all of them in one call of one engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from emnesy.explanation.instances import Instance, Instances, has_numbers, split_rule
from emnesy.ground.choices import instance
from emnesy.ground.interface_builder import CERTAIN
from emnesy.language.core import Atom, CoreProgram, Head, Match, Query, Rule
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
    uncertain = [atom for atom in dict.fromkeys(atoms) if kind[atom] != CERTAIN]
    chancy = {atom: one for atom, one in named.items() if kind[atom] != CERTAIN}
    certain = {int(atom): 1.0 for atom in (*atoms, *named) if kind[atom] == CERTAIN}
    never = {int(atom): 0.0 for atom in negated if kind[atom] == CERTAIN}
    denied = [atom for atom in negated if kind[atom] != CERTAIN]
    everything = (*uncertain, *chancy)
    if not everything:
        return Weights(certain, never, None)
    if any(has_numbers(term) for atom in everything for term in instances.key(atom)[1]):
        found, model = _over_numbers(program, instances, everything, engine)
        not_found = {atom: 1.0 - found[atom] for atom in denied if atom in found}
    else:
        found, not_found, model = _over_atoms(program, instances, uncertain, denied, chancy, engine)
    return Weights({**certain, **found}, {**never, **not_found}, model)


def _over_atoms(
    program: Program,
    instances: Instances,
    atoms: Iterable[int],
    negated: Iterable[int],
    named: Mapping[int, Instance],
    engine: Engine,
) -> tuple[dict[int, float], dict[int, float], CompiledProgram]:
    """Asks the program itself, so that engines see the structure that they know.

    An instance is asked for by a rule of its own; only choices of which an atom has several are taken apart.
    """
    count: dict[int, int] = {}
    head_of: dict[int, int] = {}
    for head, found in instances.reasons.items():
        for number, _ in found:
            count[head] = len(found)
            head_of[number] = head
    queries: dict[Atom, None] = {}
    extra: list[Rule] = []
    apart: set[int] = set()
    asked: dict[int, Atom] = {}

    def ask(number: int, atom: Atom) -> None:
        queries[atom] = None
        asked[number] = atom

    for atom in atoms:
        ask(atom, Atom(*instances.key(atom)))
    for number, one in named.items():
        head = head_of[number]
        rule = instances.rule_of(one)
        if count[head] == 1 and rule.heads[one.site.head].aggregate is None:
            ask(number, Atom(*instances.key(head)))
        elif rule.choice is not None:
            apart.add(one.site.rule)
            ask(number, Atom(*instances.key(number)))
        else:
            body = _uncertain_body(instances, rule, one)
            if len(body) == 1 and not body[0].negated:
                ask(number, body[0].atom)
                continue
            own = Atom(f"_asked{number}", ())
            extra.append(Rule((Head(own),), tuple(body), None, rule.span))
            ask(number, own)
    denied: dict[int, Atom] = {}
    for atom in negated:
        denied[atom] = Atom(f"_denied{atom}", ())
        queries[denied[atom]] = None
        body = [Match(Atom(*instances.key(atom)), negated=True)]
        extra.append(Rule((Head(denied[atom]),), tuple(body)))
    rules: list[Rule] = []
    for index, rule in enumerate(program.core.rules):
        rules += split_rule(index, rule)[0] if index in apart else (rule,)
    core = replace(program.core, rules=(*rules, *extra), types=())
    answers, model = _ask(program, core, list(queries), engine, keep_all=False)
    return (
        {number: answers.get(atom, 0.0) for number, atom in asked.items()},
        {number: answers.get(atom, 0.0) for number, atom in denied.items()},
        model,
    )


def _uncertain_body(instances: Instances, rule: Rule, one: Instance) -> list[Match]:
    """The literals of an instance that hold in some worlds only."""
    kind = instances.grounded.native.atom_kind
    found = []
    for literal in rule.body:
        if not isinstance(literal, Match):
            continue
        atom = instance(literal.atom, one.bindings)
        number = instances.find(atom)
        if number is not None and kind[number] != CERTAIN:
            found.append(Match(atom, literal.negated))
    return found


def _over_numbers(
    program: Program, instances: Instances, numbers: Iterable[int], engine: Engine
) -> tuple[dict[int, float], CompiledProgram]:
    """Asks for every instance of the predicates that matter: a computed number cannot be written down."""
    wanted = {instances.key(number): number for number in numbers}
    signatures = dict.fromkeys((name, len(arguments)) for name, arguments in wanted)
    queries = [
        Atom(name, tuple(Var(f"V{position}") for position in range(arity)))
        for name, arity in signatures
    ]
    asked = dict.fromkeys((*queries, *instances.questions))
    core = replace(instances.split, queries=tuple(Query(atom) for atom in asked))
    model = _compile(program, core, engine, keep_all=True)
    result = model.marginals(seed=engine.seed)
    native = model.grounded.native
    same = {
        (model.grounded.atom_text(int(atom))): float(p)
        for atom, p in zip(native.queries, result.queries[0], strict=True)
    }
    return {
        number: same[instances.grounded.atom_text(number)]
        for number in wanted.values()
        if instances.grounded.atom_text(number) in same
    }, model


def _ask(
    program: Program, core: CoreProgram, queries: list[Atom], engine: Engine, *, keep_all: bool
) -> tuple[dict[Atom, float], CompiledProgram]:
    """The probabilities of ground atoms; those that hold in no world are missing."""
    core = replace(core, queries=tuple(Query(atom) for atom in queries), observed=())
    model = _compile(program, core, engine, keep_all=keep_all)
    result = model.marginals(seed=engine.seed)
    return {
        queries[origin]: float(p)
        for origin, p in zip(model.grounded.query_origin, result.queries[0], strict=True)
    }, model


def _compile(
    program: Program, core: CoreProgram, engine: Engine, *, keep_all: bool
) -> CompiledProgram:
    return program.of_rules(core, keep_all=keep_all).compile(
        engine.name, engine.threads, engine.options
    )
