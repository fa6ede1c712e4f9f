"""Which predicate needs which: the predicates of a program in their strata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emnesy.explanation.diagram import Diagram, Edge, Node, counted
from emnesy.language.checks.dependencies import components, edges
from emnesy.language.checks.unit import is_auxiliary
from emnesy.language.core import CoreProgram, Match, Rule, Signature
from emnesy.language.core_text import literal_text

CONSTRAINT = ":-"

_MOST_LITERALS = 4


@dataclass(frozen=True)
class Need:
    """`head` depends on `body`: through negation, through an aggregate, or plainly."""

    head: Signature
    body: Signature
    negated: bool
    aggregated: bool


def needs(core: CoreProgram) -> tuple[Need, ...]:
    """All dependencies between the program's own predicates, each once, in the order of the text.

    What goes through auxiliary predicates of the desugaring goes straight: negated where it is negated
    anywhere on the way.
    """
    direct: dict[Signature, list[Need]] = {}
    for edge in edges(core):
        direct.setdefault(edge.head, []).append(
            Need(edge.head, edge.body, edge.negated, edge.aggregated)
        )

    def own(head: Signature, found: Iterable[Need], seen: frozenset[Signature]) -> Iterable[Need]:
        for need in found:
            if not is_auxiliary(need.body):
                yield Need(head, need.body, need.negated, need.aggregated)
            elif need.body not in seen:
                for inner in own(head, direct.get(need.body, ()), seen | {need.body}):
                    yield Need(
                        head,
                        inner.body,
                        need.negated or inner.negated,
                        need.aggregated or inner.aggregated,
                    )

    return tuple(
        dict.fromkeys(
            need
            for head, found in direct.items()
            if not is_auxiliary(head)
            for need in own(head, found, frozenset())
        )
    )


def strata(predicates: Iterable[Signature], found: Iterable[Need]) -> dict[Signature, int]:
    """Predicate -> its stratum, the least: above what it negates or aggregates, not below what it needs.

    Aggregates that a recursion goes through (monotone minima and maxima) stay within their stratum.
    """
    graph: dict[Signature, dict[Signature, None]] = {signature: {} for signature in predicates}
    found = tuple(found)
    for need in found:
        graph.setdefault(need.head, {})[need.body] = None
        graph.setdefault(need.body, {})
    component = components(graph)
    by_component: dict[int, list[Need]] = {}
    for need in found:
        by_component.setdefault(component[need.head], []).append(need)
    level: dict[int, int] = {}
    for number in range(len(set(component.values()))):  # what a component needs has a lower number
        level[number] = max(
            (
                level[component[need.body]] + (need.negated or need.aggregated)
                for need in by_component.get(number, ())
                if component[need.body] != number
            ),
            default=0,
        )
    return {signature: level[component[signature]] for signature in graph}


def dependency_graph(core: CoreProgram, title: str) -> Diagram:
    """Predicates by kind and stratum, constraints, and what each needs; arrows lead to what needs it."""
    found = needs(core)
    rules: dict[Signature, list[Rule]] = {}
    for rule in core.rules:
        for head in rule.heads:
            if not is_auxiliary(head.atom.signature):
                rules.setdefault(head.atom.signature, []).append(rule)
    predicates = dict.fromkeys([*rules, *(need.body for need in found)])
    level = strata(predicates, found)
    several = len(set(level.values())) > 1
    asked = {query.atom.signature for query in core.queries}
    given = {evidence.atom.signature for evidence in core.evidence}
    nodes = []
    for signature in sorted(predicates, key=lambda s: level[s]):
        own = rules.get(signature, [])
        marks = [
            mark
            for mark, holds in (
                ("query", signature in asked),
                ("evidence", signature in given),
                ("observed", signature in core.observed),
            )
            if holds
        ]
        nodes.append(
            Node(
                str(signature),
                _text(signature, own),
                _kind(own),
                tuple(marks),
                f"stratum {level[signature]}" if several else None,
            )
        )
    arrows = [Edge(str(need.body), str(need.head), _edge_kind(need)) for need in found]
    for number, rule in enumerate(rule for rule in core.rules if not rule.heads):
        name = f"{CONSTRAINT}{number}"
        nodes.append(Node(name, _constraint(rule), "constraint"))
        matches = [literal for literal in rule.body if isinstance(literal, Match)]
        for literal in matches:
            for body, negated in _reached(core, literal):
                arrow = Edge(str(body), name, "negated" if negated else "plain")
                if arrow not in arrows:
                    arrows.append(arrow)
    return Diagram(
        title=f"{title}: {counted(len(predicates), 'predicate')}"
        + (f" in {len(set(level.values()))} strata" if several else ""),
        nodes=tuple(nodes),
        edges=tuple(arrows),
        directed=True,
        remedy="draw a part of the program",
    )


def _reached(core: CoreProgram, literal: Match) -> list[tuple[Signature, bool]]:
    """The program's own predicates behind a literal, and whether the way there is negated."""
    if not is_auxiliary(literal.atom.signature):
        return [(literal.atom.signature, literal.negated)]
    found = []
    for rule in core.rules:
        if any(head.atom.signature == literal.atom.signature for head in rule.heads):
            for inner in rule.body:
                if isinstance(inner, Match):
                    found += [
                        (body, negated or literal.negated)
                        for body, negated in _reached(core, inner)
                    ]
    return found


def _kind(rules: list[Rule]) -> str:
    choices = [rule.choice.kind for rule in rules if rule.choice is not None]
    for kind in ("neural", "learned", "fixed"):
        if kind in choices:
            return kind
    if any(rule.body for rule in rules):
        return "derived"
    return "facts"


def _text(signature: Signature, rules: list[Rule]) -> str:
    """``sum/2``, and below it what makes its atoms: an aggregate, a network."""
    notes: dict[str, None] = {}
    for rule in rules:
        if rule.choice is not None and rule.choice.neural is not None:
            notes[f"nn {rule.choice.neural.network}"] = None
        for head in rule.heads:
            if head.aggregate is not None and head.atom.signature == signature:
                notes[f"{head.aggregate.name}<>"] = None
    return "\n".join([str(signature), *notes])


def _edge_kind(need: Need) -> str:
    if need.negated:
        return "negated"
    return "aggregated" if need.aggregated else "plain"


def _constraint(rule: Rule) -> str:
    """One literal a line, the first few."""
    shown = [literal_text(item) for item in rule.body]
    lines = [text if len(text) <= 30 else text[:29] + "…" for text in shown[:_MOST_LITERALS]]
    more = ["…"] if len(shown) > _MOST_LITERALS else []
    return f"{CONSTRAINT} " + ",\n".join([*lines, *more])
