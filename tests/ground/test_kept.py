"""What the grounder keeps: each rule once, and all that queries can see."""

from __future__ import annotations

from collections import Counter

import pytest

from emnesy.ground.distinct import UNKNOWN, scanned_atoms

from .build import ground_text, rules_of


def test_a_chain_against_the_order_of_its_rules() -> None:
    """Each rule stands before the one that it needs, so that one sweep finds one more atom."""
    lines = [f"0.5::s({i}). e({i}, {i + 1})." for i in range(50)]
    text = "".join(lines) + "p(X) :- s(X). p(X) :- e(X, Y), p(Y). query(p(0))."
    program = ground_text(text)
    program.native.verify()
    assert {r for r in rules_of(program) if r.startswith("p(") and "s(" not in r} == {
        f"p({i}) :- p({i + 1})." for i in range(49)
    }
    shorter = ground_text(text.replace("query(p(0))", "query(p(40))"))
    assert sum(r.startswith("p(") for r in rules_of(shorter)) == 10 + 9


@pytest.mark.parametrize(
    ("rules", "known"),
    [
        ("p(X) :- e(X, Y), f(Y).", [2]),
        ("p(X) :- e(X, _).", [1]),
        ("p :- e(X, Y), e(Y, X).", [UNKNOWN]),  # X and Y may change places
        ("p(X) :- f(X), Y in 1..2, Y > 0.", [UNKNOWN]),  # once for each Y
        ("p(X) :- e(X, Y). p(Y) :- e(X, Y).", [UNKNOWN, UNKNOWN]),  # both for e(1, 1)
        ("p(X) :- e(X, Y). q(Y) :- e(X, Y).", [1, 1]),
        ("p(X) :- f(X), not e(X, X). p(X) :- f(X), X > 1.", [UNKNOWN, UNKNOWN]),
        ("0.5::p(X) :- f(X).", [1]),
        ("0.5::p(1). q(1).", [0, UNKNOWN]),
    ],
)
def test_which_instances_are_told_apart(rules: str, known: list[int]) -> None:
    import emnesy

    found = emnesy.load("0.5::e(1, 2). 0.5::f(1). " + rules).core.rules
    assert scanned_atoms(found)[2:] == known


@pytest.mark.parametrize(
    "rules",
    [
        "p :- e(X, Y), e(Y, X).",
        "p(X) :- f(X), Y in 1..2, Y > 0.",
        "p(X) :- e(X, Y). p(Y) :- e(X, Y).",
        "p(X) :- e(X, Y), g(Y).",  # g is certain, and left out
        "p(X) :- e(X, Y), g(Y). p(X) :- e(X, Y).",
        "p(X) :- f(X). p(X) :- f(X), g(X).",
        "p(X) :- q(X, Y). q(X, Y) :- e(X, Y). q(X, Z) :- e(X, Y), q(Y, Z).",
        "p(X) :- e(X, _), not f(X). p(X) :- e(X, _), not f(X), not h(X). 0.5::h(1).",
    ],
)
def test_no_rule_comes_twice(rules: str) -> None:
    """But where a rule without its certain atoms is one of another rule."""
    facts = "0.5::e(1, 1). 0.5::e(1, 2). 0.5::e(2, 1). 0.5::e(2, 2). 0.5::f(1). 0.5::f(2). g(1). g(2).\n"
    program = ground_text(facts + rules + " query(p). query(p(_)).")
    program.native.verify()
    native = program.native
    found = Counter(
        (int(native.rule_head[r]), tuple(program.body(r))) for r in range(native.rule_count)
    )
    allowed = 2 if rules.count("g(") and rules.count(":-") > 1 else 1
    assert max(found.values()) <= allowed
