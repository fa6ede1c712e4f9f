"""Every variable of a rule is bound: by a positive body atom, ``is`` or ``in``."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.language.checks.unit import Unit, error
from emnesy.language.core import Call, Match, Rule
from emnesy.language.desugar.heads import head_variables
from emnesy.language.literals import binding, literal_terms, literal_variables
from emnesy.language.substitute import input_variables, matched_variables, occurrences
from emnesy.language.terms import Var


def check_safety(unit: Unit) -> Iterator[Diagnostic]:
    """E0301, E0302, E0315: one finding per variable and clause, at its first place."""
    seen: set[tuple[str, int]] = set()
    for rule in unit.core.rules:
        needed = _variables(rule)
        if not needed:
            continue
        bound, blocked = binding(rule.body)
        if rule.choice is not None and rule.choice.neural is not None:
            output = rule.choice.neural.output
            bound |= {output.name} if output is not None else set()
        names = {var.name for var in needed}
        if names <= bound:
            continue
        if not names <= bound | blocked:
            bound |= blocked  # these are bound as soon as the variables reported here are
        reported: set[str] = set()
        for var in needed:
            if var.name in bound or var.name in reported:
                continue
            reported.add(var.name)
            if var.span is None or (place := (var.span.source.name, var.span.start)) in seen:
                continue
            seen.add(place)
            yield _input_of_call(unit, rule, var) or _finding(rule, var)


def _input_of_call(unit: Unit, rule: Rule, var: Var) -> Diagnostic | None:
    """What is said of an unbound variable that a function is called with."""
    for literal in rule.body:
        if not isinstance(literal, Call):
            continue
        places = [v.span for v in occurrences(literal.inputs) if v.name == var.name]
        if not places:
            continue
        name = var.name.partition("#")[0]
        what = f"`{name}`" if name != "_" else "this `_`"
        signature = literal.atom.signature
        declared = unit.core.foreign[signature].span
        return Diagnostic(
            "E0315",
            f"{what} is an input of the function `{signature}`, but nothing binds it",
            places[0],
            () if declared is None else (Label(declared, "it computes its last argument alone"),),
            f"bind {what} by a positive atom, `is` or `in`",
        )
    return None


def _finding(rule: Rule, var: Var) -> Diagnostic:
    name = var.name.partition("#")[0]
    what = f"`{name}`" if name != "_" else "this `_`"
    if not rule.body and rule.heads:
        help_text = "a fact has no variables; write a body that says which values there are"
        if rule.choice is not None and rule.choice.neural is not None:
            help_text = "write a body that says which inputs there are: `… :- number(K).`"
        return error(
            "E0301", f"{what} is unbound in a statement without a body", var.span, help_text
        )
    places = {
        "negated" if lit.negated else "positive"
        for lit in rule.body
        if isinstance(lit, (Match, Call))
        and any(v.name == var.name for v in literal_variables(lit))
    }
    in_arithmetic = any(
        v.name == var.name
        for lit in rule.body
        if isinstance(lit, Match) and not lit.negated
        for term in literal_terms(lit)
        for v in input_variables(term)
    )
    if in_arithmetic and not _matched(rule, var.name):
        return error(
            "E0302",
            f"{what} is an input of arithmetic, but nothing binds it",
            var.span,
            f"bind {what} in an atom outside of arithmetic",
        )
    if not places and _is_input(rule, var.name):
        return error(
            "E0302",
            f"{what} is an input of arithmetic, but nothing binds it",
            var.span,
            f"bind {what} by a positive atom, `is` or `in`",
        )
    if places == {"negated"}:
        return error(
            "E0301",
            f"{what} occurs only below `not`, which binds nothing",
            var.span,
            f'bind {what} by a positive atom, or write `_` for "any value"',
        )
    return error(
        "E0301",
        f"{what} is not bound by the body",
        var.span,
        f"use {what} in a positive body atom, or give it a value by `is` or `in`",
    )


def _matched(rule: Rule, name: str) -> bool:
    return any(
        v.name == name
        for lit in rule.body
        if isinstance(lit, Match) and not lit.negated
        for term in literal_terms(lit)
        for v in matched_variables(term)
    )


def _is_input(rule: Rule, name: str) -> bool:
    return any(
        v.name == name
        for lit in rule.body
        if not isinstance(lit, (Match, Call))
        for v in literal_variables(lit)
    )


def _variables(rule: Rule) -> list[Var]:
    """Every variable that must be bound, those of the head first."""
    found = [var for head in rule.heads for var in head_variables(head)]
    choice = rule.choice
    if choice is not None:
        found += occurrences([p for p in choice.probabilities if p is not None])
        found += occurrences(choice.parameter_key)
        if choice.neural is not None:
            found += occurrences((*choice.neural.index, *choice.neural.inputs))
    for literal in rule.body:
        found += literal_variables(literal)
    return found
