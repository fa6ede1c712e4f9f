"""`emnesy graph`: what is drawn is what the program and its factor graph are, and it can be drawn."""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

import emnesy
from emnesy.cli.main import main
from emnesy.diagnostics import DataError
from emnesy.engine.bp import factor_graph as graph_of_bp
from emnesy.explanation.dependency_graph import dependency_graph, needs, strata
from emnesy.explanation.diagram import Diagram, Edge, Node
from emnesy.explanation.drawing import EDGES, LEGEND, NODES, dot_source, draw, form_of
from emnesy.explanation.factor_graph import SIGNS, factor_graph
from emnesy.language.core import Signature

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")

ROOT = Path(__file__).parents[2]

PROGRAM = """
0.3::wet(X) :- place(X).
place(garden). place(street).
t(0.4)::tired.
nn(net, image(X), D, [low, high]) :: level(X, D) :- place(X).
dry(X) :- place(X), \\+wet(X).
all_dry :- \\+(wet(X), place(X)).
count_dry(count<X>) :- dry(X).
fine :- (all_dry ; tired), count_dry(N), N > 1.
:- dry(garden), level(street, high).
query(fine). evidence(dry(street)).
observe level/2.
"""


def diagram_of(text: str) -> Diagram:
    return dependency_graph(emnesy.load(text).core, "test")


def node(diagram: Diagram, name: str) -> Node:
    (found,) = [n for n in diagram.nodes if n.name == name]
    return found


def test_kinds_marks_and_strata() -> None:
    diagram = diagram_of(PROGRAM)
    kinds = {n.name: n.kind for n in diagram.nodes}
    assert kinds == {
        "place/1": "facts",
        "wet/1": "fixed",
        "tired/0": "learned",
        "level/2": "neural",
        "dry/1": "derived",
        "all_dry/0": "derived",
        "count_dry/1": "derived",
        "fine/0": "derived",
        ":-0": "constraint",
    }
    assert {n.name: n.marks for n in diagram.nodes if n.marks} == {
        "fine/0": ("query",),
        "dry/1": ("evidence",),
        "level/2": ("observed",),
    }
    groups = {n.name: n.group for n in diagram.nodes}
    assert groups == {
        **dict.fromkeys(["place/1", "wet/1", "tired/0", "level/2"], "stratum 0"),
        **dict.fromkeys(["dry/1", "all_dry/0"], "stratum 1"),
        **dict.fromkeys(["count_dry/1", "fine/0"], "stratum 2"),
        ":-0": None,
    }
    assert node(diagram, "level/2").text == "level/2\nnn net"
    assert node(diagram, "count_dry/1").text == "count_dry/1\ncount<>"
    assert diagram.title == "test: 8 predicates in 3 strata"


def test_edges_go_through_auxiliary_predicates() -> None:
    edges = {(e.source, e.target, e.kind) for e in diagram_of(PROGRAM).edges}
    assert edges == {
        ("place/1", "wet/1", "plain"),
        ("place/1", "level/2", "plain"),
        ("place/1", "dry/1", "plain"),
        ("wet/1", "dry/1", "negated"),
        ("wet/1", "all_dry/0", "negated"),
        ("place/1", "all_dry/0", "negated"),
        ("dry/1", "count_dry/1", "aggregated"),
        ("all_dry/0", "fine/0", "plain"),
        ("tired/0", "fine/0", "plain"),
        ("count_dry/1", "fine/0", "plain"),
        ("dry/1", ":-0", "plain"),
        ("level/2", ":-0", "plain"),
    }


@pytest.mark.parametrize("path", sorted((ROOT / "programs").glob("*.nesy")), ids=lambda p: p.stem)
def test_strata_are_the_least(path: Path) -> None:
    """What defines them: above the negated and aggregated, not below the rest, for a reason."""
    core = emnesy.load(path).core
    found = needs(core)
    level = strata([], found)
    reaches = {(n.head, n.body) for n in found}
    while True:  # transitive closure
        more = {(a, d) for a, b in reaches for c, d in reaches if b == c} - reaches
        if not more:
            break
        reaches |= more

    def together(a: Signature, b: Signature) -> bool:
        return a == b or ((a, b) in reaches and (b, a) in reaches)

    for need in found:
        same = together(need.head, need.body)
        assert level[need.head] >= level[need.body]
        assert same == (level[need.head] == level[need.body]) or not (
            need.negated or need.aggregated
        )
    for signature, own in level.items():
        reasons = [
            level[n.body] + (n.negated or n.aggregated)
            for n in found
            if together(n.head, signature) and not together(n.body, signature)
        ]
        assert own == max(reasons, default=0)


def test_every_kind_has_its_look() -> None:
    assert set(EDGES) >= {"plain", "negated", "aggregated", "undirected", "gate"}
    assert {f"factor {kind}" for kind in SIGNS} <= set(NODES)
    assert set(LEGEND) == (
        set(NODES) | {"query", "evidence", "observed", "negated", "aggregated", "gate"}
    )


def test_factor_graph_is_the_one_that_bp_runs_on() -> None:
    program = emnesy.load(ROOT / "programs/alarm.nesy")
    text = (
        "0.1::a. 0.2::b. 0.3::c(1) :- b. d :- a, c(1). d :- b. e :- d, \\+a. query(e). evidence(d)."
    )
    for one in (program, emnesy.load(text)):
        graph = graph_of_bp(one, {})
        diagram = factor_graph(one, "test")
        expected = {
            (f"v{v}", f"f{f}")
            for f in range(graph.factor_count)
            for v in graph.scope[graph.scope_begin[f] : graph.scope_begin[f + 1]]
        }
        assert {(e.source, e.target) for e in diagram.edges} == expected
        assert sum(n.kind.startswith("variable") for n in diagram.nodes) == graph.variable_count
        assert sum(n.kind.startswith("factor") for n in diagram.nodes) == graph.factor_count


def test_factor_graph_names_and_marks() -> None:
    text = "0.1::a. 0.3::c(1) :- b(2, _). 0.4::b(2, 3). d :- a, c(1). query(d). evidence(b(2, 3))."
    nodes = factor_graph(emnesy.load(text), "test").nodes
    texts = {n.text for n in nodes}
    assert "a" in texts
    assert "c(1)\n:- b(2,3)" in texts or any(t.startswith("c(1)") for t in texts)
    assert any("query" in n.marks for n in nodes)


def test_gate_and_structured_factors() -> None:
    """A sudoku: 81 cells, and 9 rows, 9 columns and 9 boxes that count where the grid is valid."""
    diagram = factor_graph(emnesy.load(ROOT / "programs/visual_sudoku.nesy"), "test")
    kinds = Counter(n.kind for n in diagram.nodes)
    assert kinds == {"factor all_different": 27, "variable neural": 81, "variable cell": 1}
    assert Counter(e.kind for e in diagram.edges) == {"gate": 27, "undirected": 27 * 9}


def test_positive_cycles_are_drawn_as_exact_sees_them() -> None:
    text = (
        "0.3::edge(1,2). 0.4::edge(2,1). path(X, Y) :- edge(X, Y). "
        "path(X, Y) :- edge(X, Z), path(Z, Y). query(path(1, 1))."
    )
    assert factor_graph(emnesy.load(text), "test").nodes


AWKWARD = """
0.5::'a<b>&"c"'(X) :- 'd\\\\e'(X).
'd\\\\e'("quote \\" and \\\\ and <i>").
'ü ß'(X) :- \\+'a<b>&"c"'(X), 'd\\\\e'(X).
query('ü ß'(_)).
"""


@needs_dot
@pytest.mark.parametrize("kind", ["dependency", "factor"])
def test_names_that_mean_something_to_graphviz(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "awkward.nesy"
    path.write_text(AWKWARD, "utf-8")
    assert main(["graph", str(path), "--kind", kind, "-o", str(tmp_path / "x.svg")]) == 0
    text = "".join(ElementTree.parse(tmp_path / "x.svg").getroot().itertext())  # noqa: S314
    assert "ü ß" in text
    assert kind == "factor" or 'a<b>&"c"' in text
    assert "awkward.nesy" in text


@needs_dot
def test_svg_has_every_node_and_edge(tmp_path: Path) -> None:
    path = tmp_path / "program.nesy"
    path.write_text(PROGRAM)
    assert main(["graph", str(path), "-o", str(tmp_path / "x.svg")]) == 0
    svg = (tmp_path / "x.svg").read_text("utf-8")
    assert len(re.findall(r'class="node"', svg)) == 9
    assert len(re.findall(r'class="edge"', svg)) == 12
    assert len(re.findall(r'class="cluster"', svg)) == 3


@needs_dot
def test_png(tmp_path: Path) -> None:
    path = tmp_path / "program.nesy"
    path.write_text("0.5::a. query(a).")
    assert main(["graph", str(path), "--kind", "factor", "-o", str(tmp_path / "x.PNG")]) == 0
    assert (tmp_path / "x.PNG").read_bytes().startswith(b"\x89PNG")


def test_dot_without_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "program.nesy"
    path.write_text(PROGRAM)
    assert main(["graph", str(path), "-o", str(tmp_path / "x.svg")]) == 1
    err = capsys.readouterr().err
    assert "E0820" in err
    assert "apt install graphviz" in err
    assert not (tmp_path / "x.svg").exists()
    assert main(["graph", str(path), "-o", str(tmp_path / "x.dot")]) == 0
    dot = (tmp_path / "x.dot").read_text("utf-8")
    assert dot.count("->") == 12
    assert dot == dot_source(dependency_graph(emnesy.load(path).core, "program.nesy"))


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(DataError, match=r"emnesy\[graph\]"):
        draw(diagram_of(PROGRAM), tmp_path / "x.dot", form="dot")


def test_too_large(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "large.nesy"
    path.write_text("const n = 900. 0.5::c(I) :- I in 1..n. d(I) :- c(I), c(I+1). query(d(_)).")
    assert main(["graph", str(path), "--kind", "factor", "-o", str(tmp_path / "x.svg")]) == 1
    err = capsys.readouterr().err
    assert "E0821" in err
    assert "-c name=value" in err
    assert main(["graph", str(path), "--kind", "factor", "-o", str(tmp_path / "x.dot")]) == 0
    assert "graph {" in (tmp_path / "x.dot").read_text("utf-8")


def test_endings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert form_of(Path("a/b.SVG")) == "svg"
    for name in ("x.pdf", "x", "x.svg.txt"):
        assert main(["graph", "-", "-o", str(tmp_path / name)]) == 1
        assert "E0822" in capsys.readouterr().err


def test_nothing_to_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.nesy"
    path.write_text("% nothing\n")
    assert main(["graph", str(path), "-o", str(tmp_path / "x.dot")]) == 1
    assert "E0823" in capsys.readouterr().err


def test_a_wrong_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.nesy"
    path.write_text("a :- bb.\nb.\nquery(a).")
    assert main(["graph", str(path), "-o", str(tmp_path / "x.dot")]) == 1
    assert "E0203" in capsys.readouterr().err


def test_edges_name_nodes() -> None:
    for name in ("alarm", "visual_sudoku", "warcraft"):
        diagram = diagram_of((ROOT / f"programs/{name}.nesy").read_text())
        names = {n.name for n in diagram.nodes}
        assert all({e.source, e.target} <= names for e in diagram.edges)
        assert Edge("a", "b") != Edge("b", "a")
