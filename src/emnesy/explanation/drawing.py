"""Diagrams as SVG, PNG or DOT, laid out by Graphviz."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emnesy.diagnostics import DataError, Diagnostic
from emnesy.explanation.diagram import Diagram, Node
from emnesy.pictures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY

Attributes = Mapping[str, str]

FORMATS = ("svg", "png", "dot")

MOST_NODES, MOST_EDGES = 600, 2_500
"""Of a picture that somebody can look at, and that Graphviz lays out in seconds."""

_LARGE = 60  # nodes; beyond, a faster layout and straight lines
_FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"

_CHOICES: Mapping[str, Attributes] = {
    "fixed": {"fillcolor": "#dcecf7", "color": BLUE},
    "learned": {"fillcolor": "#fbecc8", "color": ORANGE},
    "neural": {"fillcolor": "#f3deea", "color": PURPLE},
}
_FACTORS: Mapping[str, str] = {
    "table": "#444444",
    "not_equal": RED,
    "all_different": RED,
    "equal": SKY,
    "disjunction": GREEN,
    "clause": GREEN,
    "sum": BLUE,
    "minimum": PURPLE,
    "maximum": PURPLE,
}
NODES: Mapping[str, Attributes] = {
    "facts": {"shape": "box", "fillcolor": "#eeeeee", "color": GREY},
    "derived": {"shape": "box", "fillcolor": "#ffffff", "color": "#444444"},
    **{kind: {"shape": "box", **look} for kind, look in _CHOICES.items()},
    "constraint": {"shape": "octagon", "fillcolor": "#fbe3d6", "color": RED, "style": "filled"},
    "variable cell": {"shape": "ellipse", "fillcolor": "#ffffff", "color": "#444444"},
    **{f"variable {kind}": {"shape": "ellipse", **look} for kind, look in _CHOICES.items()},
    **{
        f"factor {kind}": {
            "shape": "square",
            "style": "filled",
            "fillcolor": colour,
            "color": colour,
            "fontcolor": "#ffffff",
            "fixedsize": "true",
            "width": "0.2" if kind == "table" else "0.34",
            "fontsize": "10",
        }
        for kind, colour in _FACTORS.items()
    },
}
"""How nodes look, by kind."""

MARKS: Mapping[str, Attributes] = {
    "query": {"penwidth": "2.4"},
    "evidence": {"fillcolor": "#d0d0d0"},
    "observed": {"peripheries": "2"},
}
"""What marks add to that."""

EDGES: Mapping[str, Attributes] = {
    "plain": {},
    "negated": {"color": RED, "style": "dashed", "label": " not", "fontcolor": RED},
    "aggregated": {"color": BLUE, "arrowhead": "diamond"},
    "undirected": {"color": "#777777"},
    "gate": {"color": ORANGE, "style": "dashed"},
}

LEGEND: Mapping[str, str] = {
    "facts": "facts",
    "derived": "derived by rules",
    "fixed": "probabilistic",
    "learned": "learnable",
    "neural": "neural",
    "constraint": "constraint",
    "variable cell": "derived",
    "variable fixed": "choice",
    "variable learned": "learnable choice",
    "variable neural": "neural choice",
    "factor table": "table",
    "factor not_equal": "not equal",
    "factor all_different": "all different",
    "factor equal": "equal",
    "factor disjunction": "disjunction",
    "factor clause": "clause",
    "factor sum": "sum",
    "factor minimum": "minimum",
    "factor maximum": "maximum",
    "query": "query",
    "evidence": "evidence",
    "observed": "observed",
    "negated": "negation",
    "aggregated": "aggregate",
    "gate": "counts where it is observed true",
}
"""Words of the legend for kinds of nodes, marks and kinds of edges, in its order."""


def form_of(path: Path) -> str:
    """Which picture a file name asks for, by its ending; `DataError` E0822 where that is none."""
    form = path.suffix.lower().removeprefix(".")
    if form in FORMATS:
        return form
    known = ", ".join(f".{known}" for known in FORMATS)
    raise DataError(
        Diagnostic(
            "E0822",
            f"`{path}` does not say which picture it is to be",
            help=f"give the file one of the endings {known}",
        )
    )


def dot_source(diagram: Diagram) -> str:
    """The diagram in Graphviz's language. `DataError` E0820 without the Python package `graphviz`."""
    return str(_build(diagram).source)


def draw(diagram: Diagram, path: Path, *, form: str) -> None:
    """Write a diagram to `path` as ``svg``, ``png`` or ``dot``.

    Raises `DataError`: E0820 without Graphviz, E0821 for pictures that are too large to look at. ``dot``
    needs no Graphviz program and has no limit.
    """
    if form != "dot":
        _require_small(diagram)
    graph = _build(diagram)
    if form == "dot":
        path.write_text(graph.source, encoding="utf-8")
        return
    import graphviz

    try:
        picture = graph.pipe(format=form, quiet=True)
    except graphviz.ExecutableNotFound:
        raise DataError(
            Diagnostic(
                "E0820",
                "the program `dot` of Graphviz is not installed",
                help="install Graphviz (https://graphviz.org/download/, `apt install graphviz`), "
                "or write a .dot file, which needs none",
            )
        ) from None
    except graphviz.CalledProcessError as error:
        reason = (error.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        raise DataError(
            Diagnostic(
                "E0820",
                f"Graphviz failed: {reason[0] if reason else 'without a message'}",
                help="write a .dot file, which needs no Graphviz program",
            )
        ) from None
    path.write_bytes(picture)


def _require_small(diagram: Diagram) -> None:
    nodes, edges = len(diagram.nodes), len(diagram.edges)
    if nodes <= MOST_NODES and edges <= MOST_EDGES:
        return
    raise DataError(
        Diagnostic(
            "E0821",
            f"{nodes:,} nodes and {edges:,} edges are too many for a picture; "
            f"the limits are {MOST_NODES:,} and {MOST_EDGES:,}",
            help=f"{diagram.remedy}, or write a .dot file, which has no limit",
        )
    )


def _build(diagram: Diagram) -> Any:
    try:
        import graphviz
    except ImportError:
        raise DataError(
            Diagnostic(
                "E0820",
                "the Python package `graphviz` is not installed",
                help="pip install 'emnesy[graph]'",
            )
        ) from None
    if diagram.directed:
        graph, layout = graphviz.Digraph(), {"layout": "dot", "rankdir": "BT"}
    elif len(diagram.nodes) > _LARGE:
        graph = graphviz.Graph()
        layout = {"layout": "sfdp", "overlap": "prism", "splines": "line"}
    else:
        graph = graphviz.Graph()
        layout = {"layout": "neato", "overlap": "false", "splines": "true"}
    graph.attr(
        "graph",
        fontname=_FONT,
        fontsize="12",
        labelloc="t",
        label=_label(diagram),
        bgcolor="white",
        outputorder="edgesfirst",
        **layout,
    )
    graph.attr("node", fontname=_FONT, fontsize="11", style="filled,rounded", penwidth="1.1",
               margin="0.12,0.06", height="0.3")  # fmt: skip
    graph.attr("edge", fontname=_FONT, fontsize="10", color="#555555", arrowsize="0.7")
    names = {node.name: f"n{number}" for number, node in enumerate(diagram.nodes)}
    groups = dict.fromkeys(node.group for node in diagram.nodes)
    for number, group in enumerate(groups):
        members = [node for node in diagram.nodes if node.group == group]
        if group is None:
            for node in members:
                _add(graph, names[node.name], node)
            continue
        with graph.subgraph(name=f"cluster_{number}") as box:
            box.attr(label=group, style="rounded,filled", color="#f6f6f6", fillcolor="#f6f6f6",
                     fontcolor="#777777", fontsize="10", labeljust="l")  # fmt: skip
            for node in members:
                _add(box, names[node.name], node)
    for edge in diagram.edges:
        graph.edge(names[edge.source], names[edge.target], **EDGES[edge.kind])
    return graph


def _label(diagram: Diagram) -> str:
    """The title and, below it, what the colours and lines mean that occur; Graphviz's HTML."""
    kinds = {node.kind for node in diagram.nodes} | {edge.kind for edge in diagram.edges}
    kinds |= {mark for node in diagram.nodes for mark in node.marks}
    cells = "".join(_legend_cell(kind, words) for kind, words in LEGEND.items() if kind in kinds)
    return (
        f'<<table border="0" cellspacing="6"><tr><td border="0"><b>{html.escape(diagram.title)}</b>'
        f'</td></tr><tr><td border="0"><table border="0" cellspacing="6"><tr>{cells}</tr></table>'
        "</td></tr></table>>"
    )


def _legend_cell(kind: str, words: str) -> str:
    if kind in EDGES:
        look = EDGES[kind]
        line = "- -" if look.get("style") == "dashed" else "—"
        return f'<td border="0"><font point-size="10" color="{look["color"]}">{line} {words}</font></td>'
    text = f'<font point-size="10">{words}</font>'
    if kind in MARKS:
        look = {"fillcolor": "#ffffff", "color": "#444444", **MARKS[kind]}
        if "peripheries" in look:
            text = (
                f'<table border="1" cellborder="0" cellspacing="0"><tr><td>{text}</td></tr></table>'
            )
        border = "2" if "penwidth" in look else "1"
    else:
        look, border = dict(NODES[kind]), "1"
        if kind.startswith("factor"):
            text = f'<font color="#ffffff">{text}</font>'
    return (
        f'<td border="{border}" style="rounded" color="{look["color"]}" bgcolor="{look["fillcolor"]}" '
        f'cellpadding="{1 if "peripheries" in look else 4}">{text}</td>'
    )


def _add(graph: Any, name: str, node: Node) -> None:
    import graphviz

    look = dict(NODES[node.kind])
    for mark in node.marks:
        look.update(MARKS[mark])
    graph.node(name, graphviz.escape(node.text).replace("\n", "\\n"), **look)
