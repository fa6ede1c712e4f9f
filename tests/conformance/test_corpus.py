"""Every program under every engine, with 1 and 4 threads, against its header and `enumerate`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import emnesy
from conformance.answers import compiled, conditional, installed, is_exact
from conformance.corpus import evaluable, header_of, name_of, programs
from emnesy.engine.registry import engines

EXACT = 1e-9
"""Queries run in float64; sums of at most 2^22 products of numbers below one lose less than this,
and the figures have twelve digits."""

THREADS = (1, 4)


@cache
def model_of(path: Path, engine: str, threads: int) -> emnesy.CompiledProgram:
    """Compiled once for all tests of this module."""
    return compiled(path, engine, threads, header_of(path).consts)


def must_refuse(path: Path, engine: str) -> bool:
    """Does the program need a capability that the registry says the engine lacks, or too many worlds?"""
    info = engines()[engine]
    if header_of(path).many_worlds and engine == "enumerate":
        return True
    return any(not getattr(info, capability) for capability in header_of(path).needs)


def samples(engine: str) -> bool:
    """Is the engine one that is never exact, but in the limit?"""
    return "in the limit" in engines()[engine].exact


def may_approximate(path: Path, engine: str) -> bool:
    """Programs with loops, under engines that are not exact on them; all, under those that sample."""
    return samples(engine) or (header_of(path).loopy and engines()[engine].exact != "always")


CASES = [
    pytest.param(path, engine, id=f"{name_of(path)}-{engine}")
    for path in evaluable()
    for engine in engines()
]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize(("path", "engine"), CASES)
def test_answers(path: Path, engine: str, threads: int) -> None:
    header = header_of(path)
    if must_refuse(path, engine):
        with pytest.raises(emnesy.EngineError) as refusal:
            model_of(path, engine, threads)
        assert_names_an_able_engine(refusal.value, path)
        return
    model = model_of(path, engine, threads)
    if not is_exact(model):
        assert may_approximate(path, engine), f"{engine} is not exact here; a loop, or a bug?"
    check_queries(model, header.queries)
    for line in header.posteriors:
        answer = conditional(model, header, line, threads)
        assert answer.exact == is_exact(model)
        if answer.exact:
            assert answer.value == pytest.approx(line.probability, abs=EXACT), line
        assert 0 <= answer.value <= 1 + EXACT, line


def check_queries(model: emnesy.CompiledProgram, expected: dict[str, float]) -> None:
    """Exact answers equal the header's; approximate ones are at least probabilities."""
    if not expected:
        return
    answers = model.query()
    assert all(0 <= p <= 1 + EXACT for p in answers.values())
    assert {atom for atom, p in expected.items() if p > 0} <= answers.keys()
    if is_exact(model):
        for atom in answers.keys() | expected.keys():
            # An atom that one side does not list has probability zero.
            assert answers.get(atom, 0.0) == pytest.approx(expected.get(atom, 0.0), abs=EXACT), atom


def assert_names_an_able_engine(error: emnesy.EngineError, path: Path) -> None:
    able = [name for name in engines() if not must_refuse(path, name)]
    assert all(d.code.startswith("E07") for d in error.diagnostics)
    assert any(name in str(error) for name in able), "the refusal should say which engine can"


@pytest.mark.parametrize("path", evaluable(), ids=name_of)
def test_threads_change_no_bit(path: Path) -> None:
    header = header_of(path)
    for engine in engines():
        if must_refuse(path, engine) or not installed(engine):
            continue
        one, four = (model_of(path, engine, threads) for threads in THREADS)
        if header.queries:
            assert one.query() == four.query()
        for line in header.posteriors:
            assert conditional(one, header, line, 1) == conditional(four, header, line, 4)


@pytest.mark.parametrize(("path", "engine"), CASES)
def test_random_priors_agree_with_enumerate(path: Path, engine: str) -> None:
    """Posteriors and log-evidence of random priors under the header's evidence."""
    header = header_of(path)
    reference = model_of(path, "exact" if header.many_worlds else "enumerate", 1)
    if engine == "enumerate" or must_refuse(path, engine) or not reference.interface.priors:
        return
    model = model_of(path, engine, 1)
    if not is_exact(model):
        return
    from conformance.answers import evidence_of
    from conformance.header import Posterior

    random = np.random.default_rng(0)
    for line in [*header.posteriors, Posterior(None, 1.0, ())]:
        priors = {
            spec.predicate: random.dirichlet(
                np.full(len(spec.domain), 0.3), (3, *(axis.size for axis in spec.axes))
            )
            if spec.domain is not None
            else random.beta(0.3, 0.3, (3, *spec.shape))
            for spec in model.interface.priors
        }
        evidence = {name: np.repeat(label, 3) for name, label in evidence_of(line).items()}
        got, want = model.posterior(priors, evidence), reference.posterior(priors, evidence)
        assert np.array_equal(got.possible, want.possible)
        np.testing.assert_allclose(got.log_likelihood, want.log_likelihood, atol=1e-8)
        for predicate in want:
            np.testing.assert_allclose(got[predicate], want[predicate], atol=1e-8)


@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("path", [p for p in programs() if header_of(p).errors], ids=name_of)
def test_errors(path: Path, engine: str) -> None:
    header = header_of(path)
    with pytest.raises(emnesy.EmnesyError) as error:
        compiled(path, engine, 1, header.consts).query()
    codes = sorted({d.code for d in error.value.diagnostics})
    # Sampling cannot prove that evidence is impossible.
    assert codes == sorted(set(header.errors)) or (
        samples(engine) and codes == ["E0708"] and header.errors == ["E0703"]
    )
    assert all(d.span is not None for d in error.value.diagnostics)


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_warnings_are_the_expected_ones(path: Path) -> None:
    """The corpus is also documentation: it should not make a reader wonder about warnings."""
    header = header_of(path)
    if header.evaluable:
        warnings = emnesy.load(path, consts=header.consts).warnings
        assert sorted({d.code for d in warnings}) == sorted(set(header.warnings))
