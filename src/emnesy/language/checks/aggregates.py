"""All rules of an aggregated predicate use the same aggregate in the same place."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.language.checks.unit import Unit
from emnesy.language.core import Head, Signature


def check_aggregates(unit: Unit) -> Iterator[Diagnostic]:
    """E0303."""
    heads = [head for rule in unit.core.rules for head in rule.heads]
    aggregated: dict[Signature, list[Head]] = {
        head.atom.signature: [] for head in heads if head.aggregate is not None
    }
    if not aggregated:
        return
    for head in heads:
        if head.atom.signature in aggregated:
            aggregated[head.atom.signature].append(head)
    for signature, found in aggregated.items():
        first = next(head for head in found if head.aggregate is not None)
        for head in found:
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
