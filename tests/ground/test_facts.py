"""Facts that are planned together ground as if each had a plan of its own."""

from __future__ import annotations

from random import Random

import pytest

from emnesy.diagnostics import ProgramError
from emnesy.ground import planner
from emnesy.ground.grounder import ground
from emnesy.ground.planner import Planner
from emnesy.language.core import CoreProgram

from .build import core_of, ground_text

TERMS = [
    "1",
    "2",
    "-3",
    "0.5",
    "a",
    "'x y'",
    '"s"',
    "f(a)",
    "[1, b]",
    "(a, 1)",
    "1 + 1",
    "g(2 * 2)",
    "pi",
]
RULES = [
    "s(X, Z) :- s(X, Y), p(Y, Z).",
    "0.3::s(X, Y) :- q(X, Y), not r(Y).",
    "p(X, X) :- r(X).",
    "n(X, count<Y>) :- p(X, Y). w(N) :- n(_, N), N > 1.",
    "q(X, Y) :- p(Y, X), not r(X).",
    "0.1::p(1, 2); 0.2::q(1, 2).",
    ":- p(X, Y), r(X), r(Y).",
    "p(1..3, 2).",
]  # fmt: skip


def _fact(rng: Random) -> str:
    def atom(name: str = rng.choice("pq")) -> str:
        return f"{name}({rng.choice(TERMS)}, {rng.choice(TERMS)})"

    return rng.choice(
        [
            f"{atom()}.",
            f"r({rng.choice(TERMS)}).",
            f"0.{rng.randint(1, 9)}::{atom()}.",
            f"{rng.choice(['1.0', '0.0', '1', '0.5 * 0.5'])}::{atom()}.",
            f"t({rng.choice(['0.3', '_'])})::{atom()}.",
            f"0.3::{atom()}; 0.{rng.randint(1, 7)}::{atom()}.",
            f"t(0.3)::{atom()}; t(_)::{atom()}.",
        ]
    )


def _outcome(core: CoreProgram, keep_all: bool) -> tuple[object, ...]:
    try:
        native = ground(core, keep_all=keep_all).native
    except ProgramError as error:
        return tuple((d.code, d.message, d.span) for d in error.diagnostics)
    native.verify()
    return (
        native.dump(),
        native.rule_origin.tolist(),
        native.choice_origin.tolist(),
        native.queries.tolist(),
    )


@pytest.mark.parametrize("seed", range(60))
def test_like_one_plan_for_each(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random(seed)
    lines = [_fact(rng) for _ in range(rng.randint(2, 25))]
    for rule in rng.sample(RULES, rng.randint(0, 4)):
        lines.insert(rng.randint(0, len(lines)), rule)
    lines += rng.choice(["", "query(s(_, _)).", "query(p(_, _)). evidence(q(1, 2))."]).splitlines()
    core = core_of("\n".join(lines))
    together = [_outcome(core, keep_all) for keep_all in (False, True)]
    monkeypatch.setattr(planner, "divide", lambda rules: (list(range(len(rules))), []))
    assert together == [_outcome(core, keep_all) for keep_all in (False, True)]


def test_one_plan_however_many() -> None:
    facts = "".join(
        f"e({i}, {i + 1}). 0.5::f({i}). t(_)::g({i}, a); t(_)::g({i}, b).\n" for i in range(99)
    )
    core = core_of(facts + "p(X) :- e(X, Y), f(Y), g(X, a). query(p(_)).")
    plan = Planner(core, keep_all=False).run()
    assert len(plan.plan_begin) == 3 + 1 + 1


def test_facts_that_nothing_asks_for_are_left_out() -> None:
    program = ground_text("0.5::p(1). q(2, 3). 0.2::q(1, 2). r(X) :- p(X). query(r(_)).")
    assert program.native.choice_count == 1
    assert program.native.predicate_name == ["p", "r"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("p(1).\n0.3::p(2).\n1.5::p(3).\n0.1::p(4).", "E0506", 3),
        ("0.3::p(1).\n0.7::p(1); 0.7::p(2).\n0.1::p(4).", "E0507", 2),
        ("p(1).\np(a + 1).\np(3).", "E0504", 2),
        ("p(1).\nx::p(2).\np(3).", "E0506", 2),
        ("p(1).\np(X).\np(3).", "E0501", 2),
    ],
)
def test_errors_name_the_fact(text: str, code: str, line: int) -> None:
    with pytest.raises(ProgramError) as raised:
        ground_text(text + "\nquery(p(_)).")
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert found.span is not None
    assert found.span.source.text[: found.span.start].count("\n") + 1 == line


def test_the_limit_counts_facts() -> None:
    text = "".join(f"0.5::p({i}).\n" for i in range(20))
    with pytest.raises(ProgramError) as raised:
        ground_text(text + "query(p(_)).", max_ground=30)
    assert raised.value.diagnostics[0].code == "E0508"
