"""``all<>``: for every way to satisfy what involves no chance, the rest of the body holds.

``ready(T, all<>) :- needs(T, P), works(P).`` with facts ``needs`` becomes

    _holds1(P) :- needs(T, P), works(P).
    _fails2(T) :- needs(T, P), not _holds1(P).
    ready(T, true) :- needs(T, P), not _fails2(T).

Which literals involve no chance is a matter of predicates: none that a choice can reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from emnesy.diagnostics import Diagnostic, ProgramError
from emnesy.language.core import Atom, BodyLiteral, CoreProgram, Head, Match, Rule, Signature
from emnesy.language.literals import binding, literal_variables
from emnesy.language.substitute import distinct, variables
from emnesy.language.terms import Sym


def without_all(core: CoreProgram) -> CoreProgram:
    """The program with its ``all<>`` written out; `ProgramError` E0314 where no instances are given."""
    if not any(_is_all(rule) for rule in core.rules):
        return core
    by_chance = _chancy(core.rules)
    rules: list[Rule] = []
    failures: dict[Signature, str] = {}
    errors: list[Diagnostic] = []
    for rule in core.rules:
        if not _is_all(rule):
            rules.append(rule)
            continue
        fails = failures.setdefault(rule.heads[0].atom.signature, f"_fails{len(failures) + 1}")
        try:
            rules += _written_out(rule, by_chance, fails, f"_holds{len(rules)}")
        except ProgramError as error:
            errors += error.diagnostics
    if errors:
        raise ProgramError(*errors)
    return replace(core, rules=tuple(rules))


def _is_all(rule: Rule) -> bool:
    aggregate = rule.heads[0].aggregate if rule.heads else None
    return aggregate is not None and aggregate.name == "all"


def _chancy(rules: Sequence[Rule]) -> set[Signature]:
    """Predicates that a choice can reach."""
    readers: dict[Signature, set[Signature]] = {}
    work: list[Signature] = []
    for rule in rules:
        for head in rule.heads:
            if rule.choice is not None:
                work.append(head.atom.signature)
            for literal in rule.body:
                if isinstance(literal, Match):
                    readers.setdefault(literal.atom.signature, set()).add(head.atom.signature)
    found: set[Signature] = set()
    while work:
        signature = work.pop()
        if signature not in found:
            found.add(signature)
            work += readers.get(signature, ())
    return found


def _written_out(rule: Rule, by_chance: set[Signature], fails: str, holds: str) -> list[Rule]:
    given, rest = _split(rule, by_chance)
    head = rule.heads[0]
    assert head.aggregate is not None
    keys = [a for i, a in enumerate(head.atom.args) if i != head.aggregate.position]
    known = binding(given)[0]
    unknown = next((v for key in keys for v in variables(key) if v.name not in known), None)
    if unknown is not None or not any(isinstance(literal, Match) for literal in given):
        what = f"`{unknown.name}`" if unknown is not None else "the instances"
        raise ProgramError(
            Diagnostic(
                "E0314",
                f"`all<>` finds nothing without chance that gives {what}",
                unknown.span if unknown is not None else rule.span,
                help="add an atom that lists the instances for which the rest of the body must hold",
            )
        )
    args = list(head.atom.args)
    args[head.aggregate.position] = Sym("true", head.atom.span)
    result = Head(replace(head.atom, args=tuple(args)))
    shared = tuple(
        v for v in distinct(v for lit in rest for v in literal_variables(lit)) if v.name in known
    )
    one = Atom(holds, shared, rule.span)
    failed = Atom(fails, tuple(keys), rule.span)
    return [
        Rule((Head(one),), (*given, *rest), None, rule.span),
        Rule((Head(failed),), (*given, Match(one, negated=True)), None, rule.span),
        Rule((result,), (*given, Match(failed, negated=True)), None, rule.span),
    ]


def _split(
    rule: Rule, by_chance: set[Signature]
) -> tuple[tuple[BodyLiteral, ...], tuple[BodyLiteral, ...]]:
    """What involves no chance, with the tests and arithmetic over its variables, and the rest."""
    certain = [
        lit for lit in rule.body if isinstance(lit, Match) and lit.atom.signature not in by_chance
    ]
    given: list[BodyLiteral] = [lit for lit in certain if not lit.negated]
    others = [lit for lit in rule.body if not isinstance(lit, Match) or lit in certain]
    grown = True
    while grown:
        grown = False
        for literal in others:
            if any(literal is one for one in given):
                continue
            known = binding([*given, literal])[0]
            if all(v.name in known for v in literal_variables(literal)):
                given.append(literal)
                grown = True
    rest = [lit for lit in rule.body if not any(lit is one for one in given)]
    return tuple(given), tuple(rest)
