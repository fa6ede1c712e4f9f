"""A picture of a program before it is drawn: nodes and edges with their kinds, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Node:
    """One node. `kind` decides how it looks (`drawing.NODES`); `marks` add to that (`drawing.MARKS`)."""

    name: str
    text: str
    kind: str
    marks: tuple[str, ...] = ()
    group: str | None = None
    """Nodes of one group stand in one box of that name."""


@dataclass(frozen=True)
class Edge:
    """From node to node, by name. `kind`: `drawing.EDGES`."""

    source: str
    target: str
    kind: str = "plain"


def counted(number: int, what: str) -> str:
    """``3 nodes``, ``1 node``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Diagram:
    """Nodes in a fixed order, edges between them, and what the picture says of itself."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    directed: bool
    remedy: str = field(default="", compare=False)
    """How to get a smaller picture of the same kind, for the message where it is too large."""
