"""The factor graph that message passing runs on: variables, factors, and what is observed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from emnesy.diagnostics import EngineError
from emnesy.explanation.diagram import Diagram, Edge, Node, counted
from emnesy.ground.choices import alternative_atoms, choice_bindings, instance
from emnesy.language.core import Call, Match
from emnesy.language.core_text import atom_text, literal_text

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.ground.program import GroundedProgram
    from emnesy.pipeline import Program

SIGNS = {
    "table": "",
    "not_equal": "≠",
    "all_different": "≠≠",
    "equal": "=",
    "disjunction": "∨",
    "clause": "∨",
    "sum": "Σ",
    "minimum": "min",
    "maximum": "max",
}
"""What stands in a factor's square, by `_core.FactorGraph.factor_kind`."""

CHOICE_KINDS = ("fixed", "learned", "neural")
"""`_core.GroundProgram.choice_kind`."""

_UNNAMED = re.compile(r"choice \d+")
_LONGEST = 26


def factor_graph(program: Program, title: str) -> Diagram:
    """Variables and factors of the graph that `bp` is given, small loops not yet clustered.

    Where a program has positive cycles, the graph of tables that `exact` makes its junction tree from.
    Priors are left out: every choice has one. `EngineError` for programs that have no factor graph.
    """
    graph = lowered(program)
    observed = {int(v) for v in graph.slot_variable}
    given = {int(v) for v in graph.fixed_variable}
    asked = {int(v) for v in graph.query_variable}
    nodes = []
    for variable, name in enumerate(graph.variable_name):
        kind = "cell"
        if variable < graph.choice_count:
            kind = CHOICE_KINDS[program.ground.native.choice_kind[variable]]
        marks = [
            mark
            for mark, members in (("query", asked), ("evidence", given), ("observed", observed))
            if variable in members
        ]
        text = _text(program.ground, variable, name)
        nodes.append(Node(f"v{variable}", text, f"variable {kind}", tuple(marks)))
    edges = []
    for factor, kind in enumerate(graph.factor_kind):
        gated = bool(len(graph.gated)) and bool(graph.gated[factor])
        nodes.append(Node(f"f{factor}", SIGNS[kind], f"factor {kind}"))
        scope = graph.scope[graph.scope_begin[factor] : graph.scope_begin[factor + 1]]
        edges += [Edge(f"v{int(v)}", f"f{factor}", "undirected") for v in scope]
        if gated:
            edges.append(Edge(f"v{graph.gate_variable}", f"f{factor}", "gate"))
    return Diagram(
        title=f"{title}: {counted(graph.variable_count, 'variable')}, "
        + counted(graph.factor_count, "factor"),
        nodes=tuple(nodes),
        edges=tuple(edges),
        directed=False,
        remedy="override a constant with `-c name=value` to make the program smaller",
    )


def lowered(program: Program) -> _core.FactorGraph:
    """The graph that is drawn."""
    from emnesy.engine.bp import factor_graph as graph_of_bp

    core = program.core
    try:
        return graph_of_bp(program, core.engine_options if core.engine == "bp" else {})
    except EngineError as error:
        if any(d.code != "E0704" for d in error.diagnostics):
            raise
        return program.expanded.graph


def _text(grounded: GroundedProgram, variable: int, name: str) -> str:
    """A variable's name; of a choice that has none its heads and, below, the body that it stands before."""
    if not _UNNAMED.fullmatch(name):
        return _lines(name)
    if variable >= grounded.native.choice_count:
        return "·"  # a rank of a positive cycle, or another helper of the lowering
    heads = "; ".join(atom_text(atom) for atom in alternative_atoms(grounded, variable))
    rule = grounded.source_of_choice(variable)
    bindings = choice_bindings(grounded, variable)
    body = ", ".join(
        literal_text(
            replace(item, atom=instance(item.atom, bindings))
            if isinstance(item, (Match, Call))
            else item
        )
        for item in rule.body
    )
    return _cut(heads) + (f"\n:- {_cut(body)}" if body else "")


def _lines(name: str) -> str:
    """``(p(1); p(2); p(3))``, the name of joined variables, on lines of their own."""
    parts = name.strip("()").split("; ") if name.startswith("(") else [name]
    shown = [_cut(part) for part in parts[:3]]
    return "\n".join(shown + (["…"] if len(parts) > 3 else []))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
