"""Ground programs against naive evaluation of the core rules, world by world."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from emnesy.diagnostics import Source
from emnesy.ground.grounder import ground
from emnesy.language.core import CoreProgram, Match, Signature
from emnesy.language.frontend import analyse

from .naive import Choose, Row, World, solutions, world_of
from .random_text import random_program
from .worlds import WorldOfGround

ROOT = Path(__file__).parents[2]
CORPUS = sorted([*(ROOT / "programs").glob("*.nesy"), *(ROOT / "tests/corpus").rglob("*.nesy")])
LARGE = {"visual_sudoku", "warcraft", "queens"}
BEYOND_THE_ORACLE = {"locally_stratified"}  # its strata are those of predicates
WITHOUT = ("expect error", ":- foreign(")  # test_foreign.py has an oracle of its own
SMALL = [
    p
    for p in CORPUS
    if p.stem not in LARGE | BEYOND_THE_ORACLE and not any(w in p.read_text() for w in WITHOUT)
]


def chooser(seed: int) -> Choose:
    """Choices that depend on the seed and on what they are, not on when they are asked."""

    def choose(rule: int, key: Row, alternatives: int) -> int | None:
        pick = random.Random(f"{seed} {rule} {key!r}").randrange(-1, 2 * alternatives)
        # Fixed alternatives with probability one are no choice: take what only they can be.
        return None if pick < 0 else pick % alternatives

    return choose


def certain_aware(core: CoreProgram, choose: Choose) -> Choose:
    """Alternatives whose probability is one are always taken."""

    def taken(rule: int, key: Row, alternatives: int) -> int | None:
        choice = core.rules[rule].choice
        assert choice is not None
        if choice.kind == "fixed" and len(choice.probabilities) == 1:
            probability = getattr(choice.probabilities[0], "value", None)
            if probability is None or probability >= 1.0:
                return 0
        return choose(rule, key, alternatives)

    return taken


def check_worlds(text: str, name: str, worlds: int = 3) -> None:
    core = analyse(Source(name, text), {}).core
    program = ground(core, keep_all=True)
    program.native.verify()
    sliced = ground(core)
    sliced.native.verify()
    for seed in range(worlds):
        choose = certain_aware(core, chooser(seed))
        expected = world_of(core, choose)
        wanted = {(s, row) for s, rows in expected.items() for row in rows}
        assert WorldOfGround(program, choose).true_atoms() == wanted
        check_sliced(core, WorldOfGround(sliced, choose), expected)


def check_sliced(core: CoreProgram, world: WorldOfGround, expected: World) -> None:
    """What can be seen is the same after slicing: queries, observations, evidence and constraints."""
    actual: dict[Signature, set[Row]] = {}
    for signature, row in world.true_atoms():
        actual.setdefault(signature, set()).add(row)
    for query in core.queries:
        goal = (Match(query.atom),)
        assert freeze(solutions(goal, actual, {})) == freeze(solutions(goal, expected, {}))
    for signature in core.observed:
        assert actual.get(signature, set()) == expected.get(signature, set())
    violated = any(True for r in core.rules if not r.heads for _ in solutions(r.body, expected, {}))
    native = world.native
    bodies = [
        native.constraint_body[a:b]
        for a, b in zip(native.constraint_begin[:-1], native.constraint_begin[1:], strict=True)
    ]
    assert any(all(world.holds(int(lit)) for lit in body) for body in bodies) == violated
    stated = all(
        any(True for _ in solutions((Match(e.atom),), expected, {})) == e.holds
        for e in core.evidence
    )
    met = all(world.holds(int(lit)) for lit in native.evidence)
    assert (met and not world.program.impossible_evidence) == stated


def freeze(bindings: object) -> set[tuple]:
    return {tuple(sorted(b.items())) for b in bindings}


@pytest.mark.parametrize("path", SMALL, ids=lambda p: p.stem)
def test_corpus(path: Path) -> None:
    check_worlds(path.read_text(), path.name)


@pytest.mark.parametrize("seed", range(150))
def test_random_programs(seed: int) -> None:
    check_worlds(random_program(random.Random(seed)), f"random {seed}", worlds=4)
