"""A program's answers under one engine; a header's priors and evidence as tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import emnesy
from conformance.header import Header, Posterior, split_atoms
from emnesy.ground.interface import Axis, PriorSpec


@dataclass(frozen=True)
class Conditional:
    """What one `posterior` or `likelihood` line got, and whether the engine calls it exact."""

    value: float
    likelihood: float
    exact: bool


def compiled(
    program: Path | str, engine: str, threads: int = 1, consts: Mapping[str, Any] | None = None
) -> emnesy.CompiledProgram:
    """Load and compile."""
    return emnesy.load(program, consts=consts, allow_foreign=True).compile(
        engine=engine, threads=threads
    )


def installed(engine: str) -> bool:
    """Is all there that the engine needs? `sdd` needs an extra."""
    return engine != "sdd" or find_spec("pysdd") is not None


def says_impossible(error: emnesy.EmnesyError) -> bool:
    """Is the error that the evidence is impossible: in every world, or by contradicting itself?"""
    return {d.code for d in error.diagnostics} in ({"E0703"}, {"E0410"})


def is_exact(model: emnesy.CompiledProgram) -> bool:
    """Does the engine promise exact answers for this program?"""
    return bool(model.engine.exact)


def _key_text(axis: Axis, position: int) -> str:
    return str(axis.labels[position])


def _positions(spec: PriorSpec) -> dict[str, tuple[int, ...]]:
    """Text of the keys, joined by commas → index."""
    ranges = (range(axis.size) for axis in spec.axes)
    return {
        ",".join(_key_text(a, i) for a, i in zip(spec.axes, index, strict=True)): index
        for index in product(*ranges)
    }


def _split(atom: str) -> tuple[str, list[str]]:
    match = re.fullmatch(r"([a-z]\w*)(?:\((.*)\))?", atom.replace(" ", ""))
    assert match, f"not a plain atom: {atom!r}"
    return match[1], split_atoms(match[2]) if match[2] else []


def priors_of(model: emnesy.CompiledProgram, header: Header) -> dict[str, NDArray[np.float64]]:
    """One example's priors: uniform, but for the header's `prior` lines."""
    priors = model.uniform_priors()
    for atom, probabilities in header.priors.items():
        predicate, keys = _split(atom)
        spec = next(s for s in model.interface.priors if s.predicate == predicate)
        index = _positions(spec)[",".join(keys)]
        values = np.array(probabilities)
        priors[predicate][(0, *index)] = values if spec.domain is not None else values[0]
    return priors


def evidence_of(line: Posterior) -> dict[str, NDArray[Any]]:
    """The `given` part, as one example's labels of single atoms."""

    def label(text: str) -> NDArray[Any]:
        if text in ("true", "false"):
            return np.array([text == "true"])
        if re.fullmatch(r"-?\d+\.\d+", text):
            return np.array([float(text)])
        return np.array([int(text)]) if re.fullmatch(r"-?\d+", text) else np.array([text])

    return {atom: label(value) for atom, value in line.given}


def conditional(
    model: emnesy.CompiledProgram, header: Header, line: Posterior, threads: int
) -> Conditional:
    """Ask for one `posterior` or `likelihood` line."""
    answer = model.posterior(priors_of(model, header), evidence_of(line), threads=threads)
    likelihood = float(np.exp(answer.log_likelihood[0]))
    if line.atom is None:
        return Conditional(likelihood, likelihood, answer.report.exact)
    predicate, arguments = _split(line.atom)
    spec = next(s for s in model.interface.priors if s.predicate == predicate)
    marginals = answer[predicate][0]
    value = _take_output(model, predicate, arguments)
    index = _positions(spec)[",".join(arguments)]
    if spec.domain is not None:
        index = (*index, [str(v) for v in spec.domain].index(value))
    return Conditional(float(marginals[index]), likelihood, answer.report.exact)


def _take_output(model: emnesy.CompiledProgram, predicate: str, arguments: list[str]) -> str:
    """Remove the argument that is the network's output, and return it ("" for Bernoulli predicates)."""
    for rule in model.core.rules:
        if rule.choice and rule.choice.neural and rule.heads[0].atom.name == predicate:
            position = rule.choice.neural.output_position
            return "" if position is None else arguments.pop(position)
    raise AssertionError(f"{predicate} is no neural predicate")
