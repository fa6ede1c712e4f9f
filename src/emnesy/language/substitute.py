"""Replacing variables and named constants in terms, and listing a term's variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from emnesy.language.operators import ARITHMETIC
from emnesy.language.terms import Compound, Sym, Term, Var

Bindings = Mapping[str, Term]


def with_constants(term: Term, constants: Bindings) -> Term:
    """`term` with each symbol that is a named constant replaced; the place in the text is kept."""
    if isinstance(term, Sym):
        value = constants.get(term.name)
        return term if value is None else replace(value, span=term.span)
    if isinstance(term, Compound):
        args = tuple(with_constants(argument, constants) for argument in term.args)
        if any(new is not old for new, old in zip(args, term.args, strict=True)):
            return Compound(term.functor, args, term.span)
    return term


def with_bindings(term: Term, bindings: Bindings) -> Term:
    """`term` with variables replaced."""
    if isinstance(term, Var):
        return bindings.get(term.name, term)
    if isinstance(term, Compound):
        args = tuple(with_bindings(argument, bindings) for argument in term.args)
        if any(new is not old for new, old in zip(args, term.args, strict=True)):
            return Compound(term.functor, args, term.span)
    return term


def variables(term: Term) -> Iterator[Var]:
    """Every occurrence of a variable in `term`, from left to right."""
    if isinstance(term, Var):
        yield term
    elif isinstance(term, Compound):
        for argument in term.args:
            yield from variables(argument)


def distinct(occurrences: Iterable[Var]) -> tuple[Var, ...]:
    """First occurrences."""
    found: dict[str, Var] = {}
    for var in occurrences:
        found.setdefault(var.name, var)
    return tuple(found.values())


def is_arithmetic(term: Term) -> bool:
    """Whether `term` is evaluated where it stands as an argument."""
    return isinstance(term, Compound) and (term.functor, len(term.args)) in ARITHMETIC


def matched_variables(term: Term) -> Iterator[Var]:
    """The variables that matching `term` against a value binds: those not below arithmetic."""
    if isinstance(term, Var):
        yield term
    elif isinstance(term, Compound) and not is_arithmetic(term):
        for argument in term.args:
            yield from matched_variables(argument)


def input_variables(term: Term) -> Iterator[Var]:
    """The variables that must be bound before `term` can be matched: those below arithmetic."""
    if isinstance(term, Compound):
        if is_arithmetic(term):
            yield from variables(term)
        else:
            for argument in term.args:
                yield from input_variables(argument)
