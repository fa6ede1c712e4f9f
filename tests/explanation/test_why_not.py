"""Why nothing derives an atom: the rules that could have, and where they fail, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import emnesy
from emnesy.cli.main import main
from emnesy.explanation.failure import Failure, safe_order, why_not
from emnesy.explanation.question import read_atom
from emnesy.explanation.unify import Unifier
from emnesy.language.terms import Compound, Int, Sym, Var

GRAPH = """
edge(1,2). edge(2,3). edge(5,6).
0.5::open(2,3).
path(X,Y) :- edge(X,Y), open(X,Y).
path(X,Z) :- edge(X,Y), path(Y,Z).
up(X+1) :- Y > 2, edge(X,Y), X < 2.
closed :- edge(1,2), \\+edge(2,3).
size(count<X>) :- edge(X,_).
either :- (edge(3,1) ; edge(4,1)), path(2,3).
query(path(1,3)). query(up(_)). query(closed). query(size(_)). query(either).
"""


def failure_of(atom: str) -> Failure:
    program = emnesy.load(GRAPH)
    return why_not(program, read_atom(atom, program))


def steps(failure: Failure) -> list[tuple[str, tuple[str, ...], str | None]]:
    return [(a.rule.split(" :- ")[0], a.holds, a.fails) for a in failure.attempts]


def test_each_rule_fails_where_it_does() -> None:
    failure = failure_of("path(1, 2)")
    assert steps(failure) == [
        ("path(X,Y)", ("edge(1,2)",), "open(1,2)"),
        ("path(X,Z)", ("edge(1,2)",), "path(2,2)"),
    ]
    assert failure.possible == 2
    assert failure.nearest == "path(1,3)"
    first, second = (attempt.because for attempt in failure.attempts)
    assert first is not None
    assert first.attempts == ()
    assert first.heads == ("open(2,3)",)
    assert second is not None
    assert steps(second)[0] == ("path(X,Y)", (), "edge(2,2)")


def test_conditions_are_asked_once_what_they_need_is_bound() -> None:
    """`Y > 2` waits for `edge`; the head's arithmetic is a condition: up(3) needs X = 2, which is not < 2."""
    failure = failure_of("up(3)")
    ((rule, holds, fails),) = steps(failure)
    assert rule == "up(X + 1)"
    assert holds == ("edge(2,3)", "3 > 2")
    assert fails == "2 < 2"
    assert failure.attempts[0].example


def test_negation_of_what_always_holds() -> None:
    (attempt,) = failure_of("closed").attempts
    assert attempt.holds == ("edge(1,2)",)
    assert attempt.fails == "not edge(2,3)"
    assert attempt.reason == "it holds in every world"


def test_facts_that_are_not_there() -> None:
    failure = failure_of("edge(3, 4)")
    assert failure.attempts == ()
    assert failure.heads == ("edge(1,2)", "edge(2,3)", "edge(5,6)")


def test_aggregates_give_another_number() -> None:
    (attempt,) = failure_of("size(7)").attempts
    assert attempt.fails is None
    assert "something else" in attempt.reason


def test_disjunctions_read_as_they_were_written() -> None:
    failure = failure_of("either")
    assert {attempt.fails for attempt in failure.attempts} == {"edge(3,1)", "edge(4,1)"}


def test_evidence_does_not_matter() -> None:
    program = emnesy.load("0.5::a. b :- a, c. 0.5::d. c :- d, fail. query(b). evidence(a, false).")
    (attempt,) = why_not(program, read_atom("b", program)).attempts
    assert attempt.holds == ("a",)
    assert attempt.fails == "c"


def test_recursion_that_never_starts() -> None:
    program = emnesy.load("p(X) :- q(X). q(X) :- p(X). query(p(1)).")
    failure = why_not(program, read_atom("p(1)", program))
    (attempt,) = failure.attempts
    assert attempt.because is not None
    (inner,) = attempt.because.attempts
    assert inner.fails == "p(1)"
    assert inner.because is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (Var("X"), Int(1), True),
        (Int(1), Int(2), False),
        (Compound("f", (Var("X"), Var("X"))), Compound("f", (Int(1), Int(2))), False),
        (Compound("f", (Var("X"), Var("Y"))), Compound("f", (Var("Y"), Sym("a"))), True),
        (Var("X"), Compound("f", (Var("X"),)), False),
        (Var("X"), Var("X"), True),
        (Compound("f", (Int(1),)), Compound("g", (Int(1),)), False),
    ],
)
def test_unification(left, right, same) -> None:
    unifier = Unifier({})
    assert unifier.unify(left, right) == same
    if same:
        assert unifier.term(left) == unifier.term(right)


def test_safe_order_keeps_what_it_can() -> None:
    (rule,) = (r for r in emnesy.load(GRAPH).core.rules if r.heads and r.heads[0].atom.name == "up")
    ordered = safe_order(rule.body)
    assert [ordered.index(one) for one in rule.body] == [1, 0, 2]


def test_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "graph.nesy"
    path.write_text(GRAPH)
    assert main(["why", str(path), "path(1, 2)"]) == 0
    assert (
        capsys.readouterr().out
        == """\
path(1,2)  holds in no world  (but path(1,3) may hold)
├── path(X,Y) :- edge(X,Y), open(X,Y).   graph.nesy:4
│   ├── ✓ edge(1,2)
│   └── ✗ open(1,2)  it holds in no world: there is only open(2,3)
└── path(X,Z) :- edge(X,Y), path(Y,Z).   graph.nesy:5
    ├── ✓ edge(1,2)
    └── ✗ path(2,2)  it holds in no world
        ├── path(X,Y) :- edge(X,Y), open(X,Y).   graph.nesy:4
        │   └── ✗ edge(2,2)  it holds in no world: there is only edge(1,2), edge(2,3), edge(5,6)
        └── path(X,Z) :- edge(X,Y), path(Y,Z).   graph.nesy:5
            ├── ✓ edge(2,3)
            └── ✗ path(3,2)  it holds in no world
                ├── path(X,Y) :- edge(X,Y), open(X,Y).   graph.nesy:4
                │   └── ✗ edge(3,2)  it holds in no world: there is only edge(1,2), edge(2,3), edge(5,6)
                └── path(X,Z) :- edge(X,Y), path(Y,Z).   graph.nesy:5
                    └── ✗ edge(3,Y)  it holds in no world: there is only edge(1,2), edge(2,3), edge(5,6)
"""
    )
