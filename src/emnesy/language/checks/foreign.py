"""Predicates that functions of Python's compute: nothing else defines them, and only rules can use them."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label, Span
from emnesy.language import syntax
from emnesy.language.checks.unit import Unit
from emnesy.language.core import Signature


def check_foreign(unit: Unit) -> Iterator[Diagnostic]:
    """E0218, E0219."""
    foreign = unit.core.foreign
    if not foreign:
        return
    for signature, heads in unit.definitions.items():
        if signature in foreign:
            yield Diagnostic(
                "E0218",
                f"`{signature}` is computed by `{foreign[signature].function}`, and cannot have facts "
                "or rules as well",
                heads[0].span,
                _declared(unit, signature),
                "give one of the two another name",
            )
    for what, signature, span in _asked(unit):
        if signature in foreign:
            yield Diagnostic(
                "E0219",
                f"`{signature}` is a function of Python's, which is only called in the bodies of rules: "
                f"{what}",
                span,
                _declared(unit, signature),
                f"call it in a rule: `answer(X) :- {signature.name}(…, X).`",
            )


def _asked(unit: Unit) -> Iterator[tuple[str, Signature, Span | None]]:
    for query in unit.core.queries:
        yield "it cannot be asked", query.atom.signature, query.atom.span
    for evidence in unit.core.evidence:
        yield "it cannot be evidence", evidence.atom.signature, evidence.atom.span
    for statement in unit.program.statements:
        if isinstance(statement, syntax.Observe):
            for one in statement.predicates:
                yield "it cannot be observed", one.signature, one.span


def _declared(unit: Unit, signature: Signature) -> tuple[Label, ...]:
    span = unit.core.foreign[signature].span
    return () if span is None else (Label(span, "declared here"),)
