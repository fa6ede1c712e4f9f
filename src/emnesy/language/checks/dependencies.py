"""The predicate dependency graph and its strongly connected components."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from emnesy.diagnostics import Span
from emnesy.language.core import CoreProgram, Head, Match, Rule, Signature
from emnesy.language.node import node


@node
class Edge:
    """`head` depends on `body` through one literal of one rule."""

    head: Signature
    body: Signature
    negated: bool
    aggregated: bool
    rule: Rule
    rule_head: Head
    literal: Match

    @property
    def span(self) -> Span | None:
        """The literal's place."""
        return self.literal.atom.span


def edges(core: CoreProgram) -> Iterator[Edge]:
    """All dependencies, in the order of the text."""
    for rule in core.rules:
        for literal in rule.body:
            if isinstance(literal, Match):
                for head in rule.heads:
                    yield _edge(rule, head, literal)


def cycles(core: CoreProgram) -> tuple[dict[Signature, int], dict[Signature, list[Edge]]]:
    """The component of each predicate, and the dependencies within components by their heads."""
    graph: dict[Signature, dict[Signature, None]] = {}
    rows: list[tuple[Rule, list[Signature], list[Signature]]] = []
    for rule in core.rules:
        body = [literal.atom.signature for literal in rule.body if type(literal) is Match]
        if body and rule.heads:
            heads = [head.atom.signature for head in rule.heads]
            rows.append((rule, heads, body))
            for signature in heads:
                graph.setdefault(signature, {}).update(dict.fromkeys(body))
    component = components(graph)
    inner: dict[Signature, list[Edge]] = {}
    for rule, heads, body in rows:
        numbers = {component[signature] for signature in heads}
        if numbers.isdisjoint([component[signature] for signature in body]):
            continue
        for literal in [one for one in rule.body if isinstance(one, Match)]:
            for head in rule.heads:
                edge = _edge(rule, head, literal)
                if component[edge.head] == component[edge.body]:
                    inner.setdefault(edge.head, []).append(edge)
    return component, inner


def _edge(rule: Rule, head: Head, literal: Match) -> Edge:
    return Edge(
        head.atom.signature,
        literal.atom.signature,
        literal.negated,
        head.aggregate is not None,
        rule,
        head,
        literal,
    )


def components(graph: Mapping[Signature, Iterable[Signature]]) -> dict[Signature, int]:
    """Tarjan's algorithm, without recursion: predicate -> number of its component."""
    index: dict[Signature, int] = {}
    low: dict[Signature, int] = {}
    component: dict[Signature, int] = {}
    path: list[Signature] = []
    count = 0
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        path.append(root)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    path.append(successor)
                    work.append((successor, iter(graph.get(successor, ()))))
                    break
                if successor not in component:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    while True:
                        member = path.pop()
                        component[member] = count
                        if member == node:
                            break
                    count += 1
    return component


def shortest_path(
    start: Signature, goal: Signature, outgoing: Mapping[Signature, list[Edge]]
) -> list[Edge]:
    """Fewest edges from `start` to `goal`; empty where they are the same."""
    if start == goal:
        return []
    reached: dict[Signature, Edge] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for edge in outgoing.get(node, ()):
            if edge.body not in reached and edge.body != start:
                reached[edge.body] = edge
                if edge.body == goal:
                    path = [edge]
                    while path[-1].head != start:
                        path.append(reached[path[-1].head])
                    return path[::-1]
                queue.append(edge.body)
    return []
