"""Replacing variables and named constants in terms, and listing a term's variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from emnesy.language.operators import ARITHMETIC
from emnesy.language.terms import Compound, Sym, Term, Var

Bindings = Mapping[str, Term]


def with_constants(term: Term, constants: Bindings) -> Term:
    """`term` with each symbol that is a named constant replaced; the place in the text is kept."""

    def leaf(term: Term) -> Term:
        value = constants.get(term.name) if type(term) is Sym else None
        return term if value is None else replace(value, span=term.span)

    if type(term) is Compound:
        return map_leaves(term, leaf) if constants else term
    return leaf(term)


def with_bindings(term: Term, bindings: Bindings) -> Term:
    """`term` with variables replaced."""
    return map_leaves(term, lambda t: bindings.get(t.name, t) if isinstance(t, Var) else t)


def map_leaves(term: Term, leaf: Callable[[Term], Term]) -> Term:
    """`term` with `leaf` applied to what is not compound. Lists may be long, so they do not recurse."""
    if not isinstance(term, Compound):
        return leaf(term)
    if term.functor == "[|]":
        cells: list[Compound] = []
        rest: Term = term
        while isinstance(rest, Compound) and rest.functor == "[|]":
            cells.append(rest)
            rest = rest.args[1]
        result = map_leaves(rest, leaf)
        for cell in reversed(cells):
            head = map_leaves(cell.args[0], leaf)
            same = head is cell.args[0] and result is cell.args[1]
            result = cell if same else Compound("[|]", (head, result), cell.span)
        return result
    args = tuple([map_leaves(argument, leaf) for argument in term.args])
    for new, old in zip(args, term.args, strict=True):
        if new is not old:
            return Compound(term.functor, args, term.span)
    return term


def variables(term: Term) -> Iterator[Var]:
    """Every occurrence of a variable in `term`, from left to right."""
    if isinstance(term, Var):
        yield term
    elif isinstance(term, Compound):
        stack = [*reversed(term.args)]
        while stack:
            part = stack.pop()
            if isinstance(part, Var):
                yield part
            elif isinstance(part, Compound):
                stack.extend(reversed(part.args))


def occurrences(terms: Iterable[Term]) -> list[Var]:
    """Every occurrence of a variable in `terms`, from left to right."""
    found: list[Var] = []
    for term in terms:
        if type(term) is Var:
            found.append(term)
        elif type(term) is Compound:
            found += variables(term)
    return found


def distinct(every: Iterable[Var]) -> tuple[Var, ...]:
    """First occurrences."""
    found: dict[str, Var] = {}
    for var in every:
        found.setdefault(var.name, var)
    return tuple(found.values())


def is_arithmetic(term: Term) -> bool:
    """Whether `term` is evaluated where it stands as an argument."""
    return isinstance(term, Compound) and (term.functor, len(term.args)) in ARITHMETIC


def matched_variables(term: Term) -> Iterator[Var]:
    """The variables that matching `term` against a value binds: those not below arithmetic."""
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Var):
            yield part
        elif isinstance(part, Compound) and not is_arithmetic(part):
            stack.extend(reversed(part.args))


def input_variables(term: Term) -> Iterator[Var]:
    """The variables that must be bound before `term` can be matched: those below arithmetic."""
    stack = [term]
    while stack:
        part = stack.pop()
        if not isinstance(part, Compound):
            continue
        if is_arithmetic(part):
            yield from variables(part)
        else:
            stack.extend(reversed(part.args))
