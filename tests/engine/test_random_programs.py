"""Every engine on random programs with networks, against `enumerate`.

Choices fixed, neural and of annotated disjunctions with and without "none"; negation, functional groups,
aggregates, cycles, constraints; labels in part missing, in part impossible; priors with 0, 1 and 1e-30.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

import emnesy
from emnesy.engine.base import LOG_ZERO, EngineResult
from emnesy.engine.registry import engines
from emnesy.tensors import read_labels, read_priors

from .random_cases import PROGRAMS, Case, ask, cases
from .random_models import Batch

ENGINES = [name for name in engines() if name != "enumerate"]

DOUBLE = 1e-6
"""What exact engines promise in float64."""

SINGLE = 2e-5
"""In float32: some hundred roundings of 6e-8 each, the worst way round."""

SMALLEST = -600.0
"""Log-evidence below which the oracle's own products may underflow to an evidence of zero."""

RECURSION = re.compile(r"^[^%]*?\b([rv]\d+)\([^\n]*:-[^\n]*\b\1\(", re.MULTILINE)
DISTANCES = re.compile(r"^(\w+)\([^\n]*(min|max)<[^\n]*:-[^\n]*\b\1\(", re.MULTILINE)
"""Numbers that depend on themselves."""

AGGREGATE = re.compile(r"(count|sum|min|max|avg)<")


def compiled(case: Case, engine: str) -> emnesy.CompiledProgram | None:
    """The program under an engine; None where it refuses what the registry says that it does not take."""
    info = engines()[engine]
    try:
        return case.program.compile(engine=engine, threads=1)
    except emnesy.EngineError as error:
        codes = {d.code for d in error.diagnostics}
        allowed = set()
        if not info.positive_cycles and RECURSION.search(case.text):
            allowed.add("E0704")
        if not info.computed_cells and AGGREGATE.search(case.text):
            allowed.add("E0705")
        if not info.recursive_numbers and DISTANCES.search(case.text):
            allowed.add("E0705")
        if not codes <= allowed:
            raise AssertionError(f"{engine} refuses {case}") from error
        return None


def assert_sound(case: Case, result: EngineResult, batch: Batch, model: object) -> None:
    """No NaN leaves an engine, probabilities are probabilities, impossible evidence gives the prior."""
    for array in (*result.posteriors, result.log_evidence, result.queries):
        assert np.isfinite(array).all(), f"{case}"
    for array in (*result.posteriors, result.queries):
        assert (array >= 0).all(), f"{case}"
        assert (array <= 1 + 1e-5).all(), f"{case}"
    impossible = ~result.possible
    assert (result.log_evidence[impossible] == LOG_ZERO).all(), f"{case}"
    for block, prior in zip(result.posteriors, batch.priors.values(), strict=False):
        flat = prior.reshape(len(prior), -1)
        np.testing.assert_array_equal(block[impossible], flat[impossible], err_msg=str(case))


def assert_agree(case: Case, got: EngineResult, want: EngineResult, tolerance: float) -> None:
    """Posterior marginals, log-evidence, query atoms and what is impossible."""
    tiny = ~want.possible & (got.log_evidence < SMALLEST)
    np.testing.assert_array_equal(got.possible | tiny, want.possible | tiny, err_msg=str(case))
    rows = want.possible & (want.log_evidence > SMALLEST)
    for ours, theirs in zip(got.posteriors, want.posteriors, strict=True):
        np.testing.assert_allclose(ours[rows], theirs[rows], atol=tolerance, err_msg=str(case))
    np.testing.assert_allclose(
        got.log_evidence[rows],
        want.log_evidence[rows],
        rtol=tolerance,
        atol=tolerance,
        err_msg=str(case),
    )
    np.testing.assert_allclose(
        got.queries[rows], want.queries[rows], atol=tolerance, err_msg=str(case)
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_exact_engines_equal_enumeration(engine: str) -> None:
    seen: Counter[str] = Counter()
    for case in cases(PROGRAMS):
        model = compiled(case, engine)
        if model is None:
            seen["refused"] += 1
            continue
        got = ask(model, case.batch)
        assert_sound(case, got, case.batch, model)
        assert got.report.exact == model.engine.exact, f"{case}"
        if not model.engine.exact:
            seen["approximate"] += 1
            continue
        assert_agree(case, got, ask(case.oracle, case.batch), DOUBLE)
        single = case.batch.cast(np.float32)
        got = ask(model, single)
        assert_sound(case, got, single, model)
        assert_agree(case, got, ask(case.oracle, single), SINGLE)
        seen["exact"] += 1
    if "in the limit" not in engines()[engine].exact:
        assert seen["exact"] > PROGRAMS // 2, f"{engine} hardly answers: {dict(seen)}"


@pytest.mark.parametrize("engine", [*ENGINES, "enumerate"])
@pytest.mark.parametrize("task", ["marginals", "map", "sample"])
def test_threads_do_not_change_a_bit(engine: str, task: str) -> None:
    """1, 2 and 4 threads, on more examples than threads."""
    if task not in engines()[engine].tasks:
        pytest.skip(f"{engine} does not answer {task}")
    for case in cases(PROGRAMS // 5):
        model = compiled(case, engine)
        if model is None:
            continue
        batch = case.batch.repeat(3)
        one, *others = (ask(model, batch, task=task, threads=t, seed=3) for t in (1, 2, 4))
        for other in others:
            for a, b in zip(
                (*one.posteriors, one.log_evidence, one.possible, one.queries),
                (*other.posteriors, other.log_evidence, other.possible, other.queries),
                strict=True,
            ):
                assert a.tobytes() == b.tobytes(), f"{engine}, {task}: {case}"


def world_log_weight(case: Case, result: EngineResult) -> NDArray[np.float64]:
    """log p(world) of the worlds that one-hot rows name, which must have the evidence.

    One number for each example whose evidence is possible.
    """
    model, rows = case.oracle, result.possible
    blocks = [block[rows] for block in result.posteriors]
    priors, _ = read_priors(model.interface, case.batch.priors)
    given = [p[rows] for p in priors]
    given.append(np.broadcast_to(model.interface.fixed, blocks[-1].shape))
    native = model.grounded.native
    total = np.zeros(int(rows.sum()))
    for choice, count in enumerate(np.diff(native.choice_alternative_begin)):
        block = model.interface.choice_block[choice]
        start = model.interface.choice_offset[choice]
        pick, prior = (b[block][:, start : start + count] for b in (blocks, given))
        chosen = pick.sum(1)
        assert np.isin(pick, (0, 1)).all(), f"{case}"
        assert (chosen <= 1).all(), f"{case}"
        assert native.choice_has_none[choice] or (chosen == 1).all(), f"{case}"
        with np.errstate(divide="ignore"):
            total += np.log(np.where(chosen == 1, (pick * prior).sum(1), 1 - prior.sum(1)))
    # One-hot rows as priors: only this world is left.
    labels = read_labels(model.interface, case.batch.evidence, case.batch.size)[rows]
    assert model.engine.run(blocks, labels).possible.all(), f"{case}"
    return total


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("task", ["map", "sample"])
def test_worlds_have_the_evidence(engine: str, task: str) -> None:
    """A most probable world weighs as much as the oracle's; a sample is a possible world."""
    if task not in engines()[engine].tasks:
        pytest.skip(f"{engine} does not answer {task}")
    for case in cases(PROGRAMS // 2):
        model = compiled(case, engine)
        if model is None or not model.engine.exact:
            continue
        got = ask(model, case.batch, task=task, seed=case.seed)
        weight = world_log_weight(case, got)
        assert (weight > -np.inf).all(), f"{case}"
        if task == "map":
            want = world_log_weight(case, ask(case.oracle, case.batch, task="map"))
            np.testing.assert_allclose(weight, want, rtol=1e-9, atol=1e-9, err_msg=str(case))
