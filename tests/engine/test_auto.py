"""`auto`: which engine it takes, and what it says of it; engines refuse tasks that they do not answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

import emnesy
from emnesy.engine import registry

TREE = "0.3::a. 0.5::b :- a. query(b)."
LARGE_LOOP = """
0.5::a(1..13).
0.9::apart(I, J) :- I in 1..13, J in 1..13, I < J.
:- a(I), a(J), I < J, not apart(I, J).
query(a(1)).
"""
"""Thirteen Booleans of which every two share a factor."""

CYCLE = "0.3::a. 0.4::l. 0.5::m. p :- a. p :- q, l. q :- p, m. query(q)."
NUMBERS = "0.5::coin(1..3). heads(count<C>) :- coin(C). query(heads(N))."


def chosen(text: str, **options: int) -> tuple[str, bool, str]:
    model = emnesy.load(text).compile("auto", options=options)
    answer = model.posterior()
    assert answer.report.engine == model.engine.name
    assert answer.report.exact == model.engine.exact
    return model.engine.name, answer.report.exact, answer.report.extra["auto"]


def test_trees_are_for_belief_propagation() -> None:
    name, exact, reason = chosen(TREE)
    assert (name, exact) == ("bp", True)
    assert "no loops" in reason


def test_small_loops_are_for_belief_propagation_as_well() -> None:
    name, exact, reason = chosen("programs/sprinkler.nesy")
    assert (name, exact) == ("bp", True)
    assert "a junction tree in their place" in reason
    assert "no loops" not in reason


@pytest.mark.parametrize("text", [LARGE_LOOP, CYCLE])
def test_large_loops_and_cycles_are_for_the_junction_tree(text: str) -> None:
    name, exact, reason = chosen(text)
    assert (name, exact) == ("exact", True)
    assert "table entries, within 262,144" in reason


def test_beyond_its_budget_few_worlds_are_enumerated() -> None:
    name, exact, reason = chosen(CYCLE, budget=1)
    assert (name, exact) == ("enumerate", True)
    assert "only 8 worlds" in reason
    assert "budget of 1 " in reason


def test_large_loopy_programs_are_approximate_and_say_why() -> None:
    sudoku = emnesy.load("programs/visual_sudoku.nesy").compile("auto")
    assert (sudoku.engine.name, sudoku.engine.exact) == ("bp", False)
    text = sudoku.why_approximate()
    assert "approximately" in text
    assert "262,144" in text
    assert "`enumerate`" in text


def test_options_of_other_names_go_to_the_chosen_engine() -> None:
    model = emnesy.load(TREE).compile("auto")
    assert model.query() == emnesy.load(TREE).compile("bp").query()
    with pytest.raises(emnesy.EngineError, match="engine `bp` has no option `speed`"):
        model.posterior(options={"speed": 3})
    with pytest.raises(emnesy.EngineError, match="cannot be 0"):
        emnesy.load(TREE).compile("auto", options={"budget": 0})


def test_computed_numbers() -> None:
    name, exact, reason = chosen(NUMBERS)
    assert exact
    assert name in ("enumerate", "exact", "bp")
    assert name != "enumerate" or "computes numbers" in reason


def test_tasks_that_an_engine_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(registry.engines())
    known["bp"] = replace(known["bp"], tasks=frozenset({"marginals"}))
    monkeypatch.setattr(registry, "engines", lambda: known)
    model = emnesy.load(TREE).compile("bp")
    assert model.posterior().possible.all()
    with pytest.raises(emnesy.EngineError) as refusal:
        model.posterior(task="map")
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.code == "E0707"
    assert "`exact`" in (diagnostic.help or "")
    assert "`bp`" not in (diagnostic.help or "")


def test_more_worlds_than_python_writes_digits_of() -> None:
    """2^15002 has 4517 digits; `str` of an integer stops at 4300."""
    many = """
    0.5::coin(1..15000). 0.5::edge(1, 2). 0.5::edge(2, 1).
    far(1, min<0>).
    far(Y, min<D + 1>) :- far(X, D), edge(X, Y).
    query(coin(_)). query(far(_, _)).
    """
    model = emnesy.load(many).compile("auto")
    assert not model.engine.exact
    assert "about 10^4516 worlds" in model.why_approximate()
    with pytest.raises(emnesy.EngineError, match=r"E0702.*about 10\^4516 worlds"):
        emnesy.load(many).compile("enumerate")
