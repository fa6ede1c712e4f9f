"""Transitive closure of a random directed graph whose edges hold by chance."""

from __future__ import annotations

from random import Random


def edges(nodes: int, count: int, seed: int = 0) -> list[tuple[int, int]]:
    """Distinct edges between distinct nodes, sorted."""
    rng = Random(seed)
    found: set[tuple[int, int]] = set()
    while len(found) < count:
        edge = rng.randrange(nodes), rng.randrange(nodes)
        if edge[0] != edge[1]:
            found.add(edge)
    return sorted(found)


def emnesy_text(graph: list[tuple[int, int]]) -> str:
    """The program for emnesy, and for ProbLog."""
    facts = "".join(f"0.5::edge({a},{b}).\n" for a, b in graph)
    return (
        f"{facts}path(X,Y) :- edge(X,Y).\npath(X,Z) :- edge(X,Y), path(Y,Z).\nquery(path(_,_)).\n"
    )


def clingo_text(graph: list[tuple[int, int]]) -> str:
    """The same for clingo: each edge may be chosen."""
    facts = "".join(f"{{ edge({a},{b}) }}.\n" for a, b in graph)
    return f"{facts}path(X,Y) :- edge(X,Y).\npath(X,Z) :- edge(X,Y), path(Y,Z).\n"


def reachable(graph: list[tuple[int, int]]) -> dict[int, set[int]]:
    """What can be reached from each node over one edge or more, by breadth-first search."""
    following: dict[int, list[int]] = {}
    for a, b in graph:
        following.setdefault(a, []).append(b)
    result = {}
    for start in following:
        seen: set[int] = set()
        queue = list(following[start])
        while queue:
            node = queue.pop()
            if node not in seen:
                seen.add(node)
                queue += following.get(node, [])
        result[start] = seen
    return result
