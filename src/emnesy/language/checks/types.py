"""``type`` declarations: known predicates, known types, one each."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.diagnostics.suggest import closest, did_you_mean
from emnesy.language.checks.unit import Unit, error
from emnesy.language.core import Signature, TypeDecl
from emnesy.language.terms import Compound, Sym, Term, list_items

TYPES = ("int", "float", "number", "symbol", "string", "term")


def check_types(unit: Unit) -> Iterator[Diagnostic]:
    """E0202, E0203, E0213, E0214."""
    first: dict[Signature, TypeDecl] = {}
    for declaration in unit.core.types:
        signature = declaration.signature
        other = first.setdefault(signature, declaration)
        if other is not declaration:
            labels = () if other.span is None else (Label(other.span, "first declared here"),)
            yield Diagnostic(
                "E0213", f"the type of `{signature}` is declared twice", declaration.span, labels
            )
        if signature not in unit.definitions and signature not in unit.core.foreign:
            yield _unknown(signature, declaration, unit)
        for term in declaration.arguments:
            if not _is_type(term):
                name = term.name if isinstance(term, Sym) else ""
                yield error(
                    "E0214",
                    "this is not a type",
                    term.span,
                    did_you_mean(name, TYPES)
                    or f"types are {', '.join(TYPES)}, ranges and lists of values",
                )


def _unknown(signature: Signature, declaration: TypeDecl, unit: Unit) -> Diagnostic:
    same = [s for s in unit.definitions if s.name == signature.name]
    if same:
        return error(
            "E0202",
            f"the type of `{signature}` is declared, but `{same[0]}` is defined",
            declaration.span,
        )
    name = closest(signature.name, {s.name for s in unit.definitions})
    return error(
        "E0203",
        f"unknown predicate `{signature}`",
        declaration.span,
        None if name is None else f"did you mean `{name}`?",
    )


def _is_type(term: Term) -> bool:
    if isinstance(term, Sym):
        return term.name in TYPES
    return list_items(term) is not None or (isinstance(term, Compound) and term.functor == "..")
