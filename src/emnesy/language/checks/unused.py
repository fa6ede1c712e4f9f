"""Predicates that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic
from emnesy.language.checks.unit import Unit, warning


def check_unused(unit: Unit) -> Iterator[Diagnostic]:
    """W0201, in programs that ask for something at all."""
    if not unit.core.queries and not unit.core.observed:
        return
    places = {signature: heads[0].span for signature, heads in unit.definitions.items()}
    places |= {signature: declared.span for signature, declared in unit.core.foreign.items()}
    for signature, place in places.items():
        if signature not in unit.uses:
            yield warning(
                "W0201",
                f"nothing uses `{signature}`",
                place,
                "no rule, query, evidence or observation mentions it",
            )
