"""Random programs: emnesy and ProbLog agree, and so do the engines among themselves."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import emnesy
from conformance.answers import compiled, is_exact, says_impossible
from conformance.oracle import ImpossibleEvidenceError, NegativeCycleError, problog_queries
from conformance.random_programs import RandomProgram, random_programs
from emnesy.engine.registry import engines

USUAL = 200
EXAMPLES = int(os.environ.get("EMNESY_EXAMPLES", str(USUAL)))
"""Programs of a test; more by the environment, for a night's run."""

CYCLE = "E0704"
"""The code of an engine's refusal of positive cycles."""

TOLERANCE = 1e-6
"""What is promised to users who come from ProbLog; both sides compute in doubles."""

RANDOM = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= USUAL,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
FEWER = settings(RANDOM, max_examples=max(1, EXAMPLES // 4))
"""For each engine."""


def oracle(text: str) -> dict[str, float] | None:
    """ProbLog's answers, or None where it says that the evidence is impossible."""
    try:
        return problog_queries(text)
    except ImpossibleEvidenceError:
        return None


def answers(text: str, engine: str) -> dict[str, float] | None:
    """emnesy's answers; None for impossible evidence."""
    try:
        return compiled(text, engine).query()
    except emnesy.EmnesyError as error:
        if says_impossible(error):
            return None
        raise


def has_positive_cycle(error: emnesy.EngineError) -> bool:
    """Is the refusal about a positive cycle, and nothing else?"""
    return {d.code for d in error.diagnostics} == {CYCLE}


def assert_agree(got: dict[str, float] | None, want: dict[str, float] | None, text: str) -> None:
    assert (got is None) == (want is None), text
    if got is None or want is None:
        return
    for atom in got.keys() | want.keys():
        # One side may list atoms that can never hold.
        assert got.get(atom, 0.0) == pytest.approx(want.get(atom, 0.0), abs=TOLERANCE), (
            f"{atom} in\n{text}"
        )


@RANDOM
@given(random_programs())
def test_acyclic_programs_agree_with_problog(program: RandomProgram) -> None:
    text = program.text()
    assert_agree(answers(text, "enumerate"), oracle(text), text)


@RANDOM
@given(random_programs(cycles=True))
def test_cyclic_programs_agree_with_problog(program: RandomProgram) -> None:
    text = program.text()
    assert_agree(answers(text, "enumerate"), oracle(text), text)


def problog_refuses(program: RandomProgram) -> bool:
    """Does ProbLog find a cycle through negation, in this order of the clauses or another?

    It overlooks some where a clause asks for its own head first: `p :- p. p :- \\+ p.`
    """
    clauses = program.clauses
    plain = tuple(c for c in clauses if not {h for _, h in c.heads} & set(c.positive))
    for order in (clauses, clauses[::-1], plain, plain[::-1]):
        try:
            oracle(program.with_clauses(order).text())
        except NegativeCycleError:
            return True
    return False


@pytest.mark.parametrize("cycles", [False, True])
@RANDOM
@given(data=st.data())
def test_denials_agree_with_problog(cycles: bool, data: st.DataObject) -> None:
    """Negation that is stratified by chance: what ProbLog answers is answered, and alike.

    ProbLog also refuses cycles of rules that cannot fire; what it refuses may have an answer here.
    """
    program = data.draw(random_programs(cycles=cycles, denials=True))
    text = program.text()
    try:
        got = answers(text, "enumerate")
    except emnesy.ProgramError as error:
        if {d.code for d in error.diagnostics} != {"E0510"}:
            raise
        assert problog_refuses(program), text
        return
    with contextlib.suppress(NegativeCycleError):
        assert_agree(got, oracle(text), text)


@pytest.mark.parametrize("engine", [name for name in engines() if name != "enumerate"])
@FEWER
@given(random_programs(cycles=True))
def test_engines_agree_with_problog_where_they_are_exact(
    engine: str, program: RandomProgram
) -> None:
    text = program.text()
    try:
        model = compiled(text, engine)
    except emnesy.EmnesyError as error:
        if says_impossible(error):
            assert oracle(text) is None, text
            return
        # Only what the registry declares may be refused, and `enumerate` sees the cycle too.
        if engines()[engine].positive_cycles or not has_positive_cycle(error):
            raise
        return
    except emnesy.ProgramError as error:
        # Evidence that contradicts itself is refused before there is a model.
        if not says_impossible(error):
            raise
        assert oracle(text) is None, text
        return
    if is_exact(model):
        assert_agree(answers(text, engine), oracle(text), text)
