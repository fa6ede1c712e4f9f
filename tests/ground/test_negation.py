"""Negation within one stratum: programs whose ground atoms are stratified though predicates are not."""

from __future__ import annotations

import random

import pytest

from emnesy.diagnostics import ProgramError

from .build import ground_text, rules_of


def test_recursion_over_numbers() -> None:
    program = ground_text(
        "0.3::a(1). 0.4::a(2). 0.5::a(3). take(N) :- a(N), M is N - 1, not take(M). query(take(_))."
    )
    assert {r for r in rules_of(program) if r.startswith("take")} == {
        "take(1) :- a(1).",
        "take(2) :- a(2), not take(1).",
        "take(3) :- a(3), not take(2).",
    }


def test_certain_and_impossible_atoms_spread() -> None:
    """With certain facts everything is decided: 1 in, 2 out, 3 in; rules of what is out vanish."""
    program = ground_text(
        "a(1..5). take(N) :- a(N), M is N - 1, not take(M). 0.5::c. out(N) :- take(N), c. query(out(_))."
    )
    texts = {program.atom_text(a) for a in program.native.queries}
    assert texts == {"out(1)", "out(3)", "out(5)"}
    assert rules_of(program) >= {"out(1) :- c.", "out(3) :- c.", "out(5) :- c."}
    assert "take(2)" not in program.dump()


def test_later_strata_do_not_see_impossible_atoms() -> None:
    program = ground_text(
        "0.5::c. p(1) :- c, not p(0). p(0). q(X) :- p(X). r :- not p(1). query(q(_)). query(r)."
    )
    assert {program.atom_text(a) for a in program.native.queries} == {"q(0)", "r"}
    assert "p(1)" not in program.dump()


@pytest.mark.parametrize(
    "text",
    [
        "0.5::c. p :- c, not p. query(p).",
        "0.5::c. win :- c, not lose. lose :- c, not win. query(win).",
        "0.5::e(1, 2). 0.5::e(2, 1). w(X) :- e(X, Y), not w(Y). query(w(_)).",
        "0.5::c. p :- q. q :- c, not p. query(p).",
    ],
)
def test_cycle_is_refused(text: str) -> None:
    with pytest.raises(ProgramError, match="cycle goes through negation") as caught:
        ground_text(text)
    assert caught.value.diagnostics[0].code == "E0510"
    assert caught.value.diagnostics[0].span is not None


def test_the_cycle_is_shown() -> None:
    with pytest.raises(ProgramError) as caught:
        ground_text(
            "0.5::c(1). 0.5::c(2). p(X) :- c(X), q(X, _). q(X, X) :- c(X), not r(X, X). r(X, X) :- p(X).\n"
            "query(p(_))."
        )
    assert "`q(1,1)` → `not r(1,1)` → `p(1)` → `q(1,1)`" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        # Rules that cannot fire close no cycle.
        "0.5::c. p :- c, not p, d. d :- d2. d2 :- d. query(p).",
        "0.5::c. p :- q, not p. q :- c, not r. r. query(p).",
        # What cannot be seen does not matter.
        "0.5::c. p(1) :- c, not p(1). p(2) :- c. query(p(2)).",
    ],
)
def test_cycles_that_do_not_turn(text: str) -> None:
    ground_text(text).native.verify()


@pytest.mark.parametrize("seed", range(40))
def test_games_on_acyclic_graphs(seed: int) -> None:
    """Positions from which the player to move wins, in random worlds of a random acyclic game."""
    rng = random.Random(seed)
    edges = [(i, j) for i in range(6) for j in range(i + 1, 6) if rng.random() < 0.5]
    certain = {e for e in edges if rng.random() < 0.4}
    lines = [f"{'' if e in certain else '0.5::'}e({e[0]}, {e[1]})." for e in edges]
    program = ground_text("\n".join([*lines, "w(X) :- e(X, Y), not w(Y).", "query(w(_))."]))
    for _ in range(10):
        present = {e for e in edges if e in certain or rng.random() < 0.5}
        wins: dict[int, bool] = {}
        for i in reversed(range(6)):
            wins[i] = any(not wins[j] for a, j in present if a == i)
        assert true_positions(program, present) == {f"w({i})" for i, won in wins.items() if won}


def true_positions(program: object, present: set[tuple[int, int]]) -> set[str]:
    """Evaluates the ground rules by recursion on atoms; the game is acyclic."""
    native = program.native

    def holds(atom: int) -> bool:
        if native.atom_kind[atom] == 1:
            return True
        text = program.atom_text(atom)
        if text.startswith("e("):
            a, b = text[2:-1].split(",")
            return (int(a), int(b)) in present
        rules = [r for r in range(native.rule_count) if native.rule_head[r] == atom]
        return any(
            all(holds(int(lit) >> 1) != bool(lit & 1) for lit in program.body(r)) for r in rules
        )

    return {program.atom_text(q) for q in native.queries if holds(int(q))}
