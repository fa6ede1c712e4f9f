"""Predicates that nothing defines, wrong numbers of arguments, built-ins defined again."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label, Span
from emnesy.diagnostics.suggest import closest
from emnesy.language import syntax
from emnesy.language.checks.statements import without_prolog_directives
from emnesy.language.checks.unit import Unit, error, is_auxiliary
from emnesy.language.core import Signature

BUILTINS = {
    Signature("between", 3),
    Signature("true", 0),
    Signature("fail", 0),
    Signature("false", 0),
}
_STATEMENTS = {Signature("query", 1), Signature("evidence", 1), Signature("evidence", 2)}
_INSTEAD = {
    "findall": "collect with an aggregate in a head: `total(sum<X>) :- item(X).`",
    "length": "count with an aggregate in a head: `size(count<X>) :- item(X).`",
    "sum_list": "add with an aggregate in a head: `total(sum<X>) :- item(X).`",
    "member": "state the members as facts, or write `X in 1..9` for integers",
    "succ": "write `Y is X + 1`",
    "plus": "write `Z is X + Y`",
    "write": "programs have no output of their own; see `emnesy query`",
    "writeln": "programs have no output of their own; see `emnesy query`",
    "assertz": "a program's facts do not change while it runs",
    "forall": "write `not (condition, not consequence)`",
}


def check_names(unit: Unit) -> Iterator[Diagnostic]:
    """E0202, E0203, E0212."""
    defined = unit.definitions
    by_name: dict[str, list[Signature]] = {}
    foreign = unit.core.foreign
    for signature in (*defined, *foreign, *BUILTINS):
        by_name.setdefault(signature.name, []).append(signature)
    for signature, span in _uses(unit).items():
        if signature in defined or signature in foreign or is_auxiliary(signature):
            continue
        others = by_name.get(signature.name)
        if others is not None:
            other = min(others, key=lambda s: abs(s.arity - signature.arity))
            places = [head.span for head in defined.get(other, [])]
            places += [foreign[other].span] if other in foreign else []
            labels = tuple(
                Label(place, f"`{other}` is defined here") for place in places[:1] if place
            )
            yield Diagnostic(
                "E0202",
                f"`{signature.name}` is used with {_arguments(signature.arity)}, but defined with "
                f"{other.arity}",
                span,
                labels,
            )
            continue
        yield error("E0203", f"unknown predicate `{signature}`", span, _help(signature, by_name))
    for signature in (*BUILTINS, *_STATEMENTS):
        places = [head.span for head in defined.get(signature, ())]
        places += [foreign[signature].span] if signature in foreign else []
        for place in places:
            yield error(
                "E0212",
                f"`{signature}` is built in and cannot be defined",
                place,
                "choose another name",
            )


def _uses(unit: Unit) -> dict[Signature, Span | None]:
    """The predicates that are used, with their first place; directives are another check's concern."""
    core = without_prolog_directives(unit)
    return unit.uses if core is unit.core else Unit(unit.program, core).uses


def _help(signature: Signature, by_name: dict[str, list[Signature]]) -> str:
    if signature.name in _INSTEAD:
        return f"there is no `{signature.name}` here: {_INSTEAD[signature.name]}"
    name = closest(signature.name, (*by_name, *syntax.DIRECTIVES))
    if name is None:
        return f"nothing derives `{signature}`: state facts or rules for it"
    if name in by_name:
        known = min(by_name[name], key=lambda s: abs(s.arity - signature.arity))
        return f"did you mean `{known}`?"
    return f"did you mean `{name}`?"


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"
