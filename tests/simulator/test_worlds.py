"""Every atom's truth and every number, in random worlds: C++ steps against `Evaluator`."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import emnesy
from emnesy import _core
from emnesy.ground.evaluate import Evaluator
from emnesy.pipeline import Program
from ground.random_text import random_program

ROOT = Path(__file__).parents[2]
CORPUS = sorted([*(ROOT / "programs").glob("*.nesy"), *(ROOT / "tests/corpus").rglob("*.nesy")])
VALID = [p for p in CORPUS if "expect error" not in p.read_text()]

RULES, CONDITION, TABLE, FOLD, WINNER, RULE_LOOP, EXTREME, LOOP = range(8)

EDGES = (
    "0.5::e(0,1,3). 0.6::e(0,2,1). 0.5::e(2,1,1). 0.7::e(1,3,2). 0.5::e(2,3,4). 0.4::e(3,0,1).\n"
    "query(d(_, _)).\n"
)

RECURSION = {
    "shortest": ("d(0, min<0>). d(Y, min<D + W>) :- d(X, D), e(X, Y, W).", EXTREME),
    "shortest, reals": ("d(0, min<0>). d(Y, min<D + W * 0.3>) :- d(X, D), e(X, Y, W).", EXTREME),
    "weight in front": ("d(0, min<0>). d(Y, min<W + D>) :- d(X, D), e(X, Y, W).", EXTREME),
    "least, nothing added": ("d(0, min<7>). d(1, min<5>). d(Y, min<D>) :- d(X, D), e(X, Y, _).", EXTREME),
    "greatest, falling": ("d(0, max<9>). d(Y, max<D - W>) :- d(X, D), e(X, Y, W).", EXTREME),
    "two conditions": (
        "0.5::open(0). 0.5::open(1). 0.5::open(2). 0.5::open(3).\n"
        "d(0, min<0>). d(Y, min<D + W>) :- d(X, D), e(X, Y, W), open(X), not open(Y).",
        EXTREME,
    ),
    "a computed weight": (
        "c(X, count<Y>) :- e(X, Y, _). d(0, min<0>). d(Y, min<D + C>) :- d(X, D), e(X, Y, _), c(X, C).",
        EXTREME,
    ),
    "doubling": ("d(0, min<1>). d(Y, min<2 * D>) :- d(X, D), e(X, Y, _).", LOOP),
    "bottleneck": ("d(0, max<9>). d(Y, max<min(D, W)>) :- d(X, D), e(X, Y, W).", LOOP),
    "bounded": ("d(0, min<0>). d(Y, min<D + W>) :- d(X, D), e(X, Y, W), D < 3.", LOOP),
}  # fmt: skip


def random_worlds(program: Program, count: int, seed: int) -> np.ndarray:
    """(worlds, choices); every value of a choice, none included, is as likely as the others."""
    native = program.ground.native
    rng = np.random.default_rng(seed)
    worlds = np.empty((count, native.choice_count), np.int32)
    sizes = np.diff(native.choice_alternative_begin) + native.choice_has_none
    for choice, size in enumerate(sizes):
        worlds[:, choice] = rng.integers(0, size, count)
    return worlds


def check(program: Program, worlds: int = 200, seed: int = 0) -> None:
    alternatives = random_worlds(program, worlds, seed)
    program.simulator.verify()
    truth, cells = program.simulator.evaluate(alternatives)
    expected = Evaluator(program.ground)(alternatives)
    assert np.array_equal(truth, expected.truth)
    # Sums of the same numbers in the same order.
    np.testing.assert_allclose(cells, expected.cells, rtol=1e-14, equal_nan=True)


@pytest.mark.parametrize("path", VALID, ids=lambda p: p.stem)
def test_corpus(path: Path) -> None:
    check(emnesy.load(path, allow_foreign=True))


@pytest.mark.parametrize("seed", range(150))
def test_random_programs(seed: int) -> None:
    check(emnesy.load(random_program(random.Random(seed))), seed=seed)


@pytest.mark.parametrize(("rules", "kind"), RECURSION.values(), ids=list(RECURSION))
def test_recursion_through_min_and_max(rules: str, kind: int) -> None:
    program = emnesy.load(EDGES + rules)
    assert kind in program.simulator.step_kinds
    check(program, worlds=400)


def test_path_planning_is_a_graph_with_a_table_a_tile() -> None:
    program = emnesy.load(ROOT / "programs/warcraft.nesy", consts={"size": 6})
    kinds = program.simulator.step_kinds
    assert kinds.count(TABLE) == 36
    assert kinds.count(EXTREME) == 1
    assert FOLD not in kinds
    check(program)


def test_no_fixpoint_is_found() -> None:
    text = "0.5::e(0,1). 0.5::e(1,0).\nd(0, min<0>). d(Y, min<D - 1>) :- d(X, D), e(X, Y).\nquery(d(_, _))."
    program = emnesy.load(text)
    both = np.zeros((1, 2), np.int32)
    with pytest.raises(emnesy.ProgramError):
        Evaluator(program.ground)(both)
    with pytest.raises(_core.NoFixpoint):
        program.simulator.evaluate(both)
    program.simulator.evaluate(np.array([[0, 1]], np.int32))


def test_unknown_alternatives_are_refused() -> None:
    program = emnesy.load("0.5::a. query(a).")
    for bad in (np.array([[2]], np.int32), np.array([[-1]], np.int32)):
        with pytest.raises(ValueError, match="no such alternative"):
            program.simulator.evaluate(bad)
    with pytest.raises(TypeError):
        program.simulator.evaluate(np.zeros((1, 2), np.int32))
