"""Changes to a program that must not change its answers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings

import emnesy
from conformance.answers import compiled, says_impossible
from conformance.corpus import evaluable, header_of, name_of
from conformance.random_programs import Clause, RandomProgram, random_programs

EXAMPLES = max(1, int(os.environ.get("EMNESY_EXAMPLES", "200")) // 4)

TOLERANCE = 1e-9
"""Float64 sums of the same products in another order."""

NEW_NAMES = {"a": "zebra", "b": "'New York'", "c": "apple"}


def rename(text: str) -> str:
    """Constants by `NEW_NAMES`, which also changes their standard order."""
    return re.sub(r"(?<=[(, ])[abc](?=[,)])", lambda m: NEW_NAMES[m[0]], text)


def _map_clauses(change: Callable[[Clause], Clause]) -> Callable[[RandomProgram], RandomProgram]:
    return lambda program: program.with_clauses(tuple(map(change, program.clauses)))


UNREACHABLE = Clause(((None, "unreachable(X)"),), ("e_none(X)",))
UNREACHABLE_FACT = Clause((("0.5", "e_none(1)"),))

CHANGES: dict[str, Callable[[RandomProgram], RandomProgram]] = {
    "duplicate a subgoal": _map_clauses(
        lambda c: replace(c, positive=c.positive + c.positive[:1], tests=c.tests + c.tests[:1])
    ),
    "reverse the bodies": _map_clauses(
        lambda c: replace(c, positive=c.positive[::-1], tests=c.tests[::-1])
    ),
    "tests before what binds them": _map_clauses(
        lambda c: replace(c, positive=c.tests, tests=c.positive)
    ),
    "reverse the statements": lambda p: p.with_clauses(p.clauses[::-1]),
    "add an unreachable rule": lambda p: p.with_clauses(
        (UNREACHABLE_FACT, *p.clauses, UNREACHABLE)
    ),
    "add a rule that cannot fire": lambda p: p.with_clauses(
        (*p.clauses, *(replace(c, tests=(*c.tests, "1 > 2")) for c in p.clauses if c.positive))
    ),
    "query everything twice": lambda p: replace(p, predicates=p.predicates * 2),
}


def answers(text: str) -> dict[str, float]:
    """`enumerate`'s answers; programs whose evidence is impossible are no examples here."""
    try:
        return compiled(text, "enumerate").query()
    except emnesy.EmnesyError as error:
        assume(not says_impossible(error))
        raise


def assert_same(got: dict[str, float], want: dict[str, float], text: str) -> None:
    for atom in got.keys() | want.keys():
        assert got.get(atom, 0.0) == pytest.approx(want.get(atom, 0.0), abs=TOLERANCE), text


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(program=random_programs())
def test_same_answers(
    change: Callable[[RandomProgram], RandomProgram], program: RandomProgram
) -> None:
    changed = change(program)
    assert_same(answers(changed.text()), answers(program.text()), changed.text())


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(program=random_programs(cycles=True))
def test_renamed_constants_give_renamed_answers(program: RandomProgram) -> None:
    renamed = "".join(
        line if line.startswith("query") else rename(line)
        for line in program.text().splitlines(keepends=True)
    )
    want = {
        re.sub(r"(?<=[(,])[abc](?=[,)])", lambda m: NEW_NAMES[m[0]], atom): p
        for atom, p in answers(program.text()).items()
    }
    assert_same(answers(renamed), want, renamed)


UNRELATED = """
0.5::unrelated_cause(1).
unrelated_effect(X) :- unrelated_cause(X), \\+ unrelated_excuse(X).
0.25::unrelated_excuse(X) :- unrelated_cause(X).
"""


@pytest.mark.parametrize("path", evaluable(), ids=name_of)
def test_unrelated_statements_change_no_answer_of_the_corpus(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(path.parent)  # where its foreign functions lie
    header = header_of(path)
    if not header.queries:
        return
    text = path.read_text(encoding="utf-8")
    engine = "exact" if header.many_worlds else "enumerate"
    want = compiled(text, engine, consts=header.consts).query()
    assert_same(compiled(text + UNRELATED, engine, consts=header.consts).query(), want, text)
