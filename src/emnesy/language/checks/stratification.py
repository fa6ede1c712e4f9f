"""No cycle through an aggregate unless it is monotone, and none through that and negation.

Cycles through negation alone are a matter of ground atoms: grounding looks for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.language.checks.dependencies import (
    Edge,
    shortest_path,
)
from emnesy.language.checks.monotone import objection
from emnesy.language.checks.unit import Unit, is_auxiliary
from emnesy.language.core import Signature

_MOST_LABELS = 6


def check_stratification(unit: Unit) -> Iterator[Diagnostic]:
    """E0307 (aggregates and negation), E0308 (aggregates): one finding per component."""
    component, inner = unit.cycles
    with_aggregates = {component[e.head] for found in inner.values() for e in found if e.aggregated}
    done: set[int] = set()
    for edge in (e for found in inner.values() for e in found if e.negated):
        number = component[edge.head]
        if number in with_aggregates and number not in done:
            done.add(number)
            yield _cycle("E0307", edge, inner)
    aggregated = {
        head.atom.signature: head.aggregate
        for rule in unit.core.rules
        for head in rule.heads
        if head.aggregate is not None
    }
    for edge in (e for found in inner.values() for e in found if e.aggregated):
        number = component[edge.head]
        if number in done:
            continue
        members = {s for s, c in component.items() if c == number}
        reason = objection(edge, members, aggregated)
        if reason is not None:
            done.add(number)
            yield _cycle("E0308", edge, inner, reason)


def may_deny_itself(unit: Unit) -> bool:
    """Does a predicate depend on its own negation, so that atoms might?"""
    return any(edge.negated for found in unit.cycles[1].values() for edge in found)


def _cycle(
    code: str, edge: Edge, inner: dict[Signature, list[Edge]], reason: str | None = None
) -> Diagnostic:
    way = [edge, *shortest_path(edge.body, edge.head, inner)]
    names = [str(e.head) for e in way if not is_auxiliary(e.head)]
    names = names or [str(edge.head)]
    route = " → ".join(f"`{name}`" for name in (*names, names[0]))
    labels = tuple(
        Label(e.span, f"… needs {'the negation of ' if e.negated else ''}`{e.body}`")
        for e in way[1 : _MOST_LABELS + 1]
        if e.span is not None and not is_auxiliary(e.body)
    )
    if code == "E0307":
        return Diagnostic(
            code,
            f"a cycle goes through negation and an aggregate: {route}",
            edge.span,
            labels,
            "put the negation or the aggregate outside of the recursion",
        )
    name = edge.rule_head.aggregate.name if edge.rule_head.aggregate else ""
    return Diagnostic(
        code, f"a cycle goes through the aggregate `{name}`: {route}", edge.span, labels, reason
    )
