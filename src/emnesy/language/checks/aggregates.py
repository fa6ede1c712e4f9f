"""All rules of an aggregated predicate use the same aggregate in the same place."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.language.checks.unit import Unit
from emnesy.language.core import Head


def check_aggregates(unit: Unit) -> Iterator[Diagnostic]:
    """E0303."""
    for signature, rules in unit.rules_of.items():
        heads = [h for rule in rules for h in rule.heads if h.atom.signature == signature]
        first = next((head for head in heads if head.aggregate is not None), None)
        if first is None:
            continue
        for head in heads:
            if _shape(head) != _shape(first):
                labels: tuple[Label, ...] = ()
                if first.atom.span is not None:
                    labels = (Label(first.atom.span, f"`{signature}` is aggregated here"),)
                yield Diagnostic(
                    "E0303",
                    f"the rules of `{signature}` do not use the same aggregate",
                    head.atom.span,
                    labels,
                    "derive the values in a predicate of their own, and aggregate that one",
                )


def _shape(head: Head) -> tuple[str, int] | None:
    return None if head.aggregate is None else (head.aggregate.name, head.aggregate.position)
