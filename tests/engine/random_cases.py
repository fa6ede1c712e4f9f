"""Random programs with examples and what `enumerate` answers to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import numpy as np

import emnesy
from emnesy.engine.base import EngineResult, Task
from emnesy.engine.enumerate import world_count
from emnesy.tensors import read_labels, read_priors
from ground.random_text import random_program

from .random_models import Batch, random_batch, random_model

PROGRAMS = int(os.environ.get("EMNESY_PROGRAMS", "200"))
"""Programs of a normal run; CONTRIBUTING.md says how to have more."""

EXAMPLES = 4

WORLDS = 1 << 11
"""Of a program at most, to keep the oracle quick."""

NEVER_HOLDS = "E0422"
"""The front end's refusal to observe what cannot hold: bad luck of the generator."""

SELF_CONTRADICTING = "E0410"


@dataclass(frozen=True)
class Case:
    """One program, its examples and the oracle bound to it."""

    seed: int
    text: str
    program: emnesy.Program
    oracle: emnesy.CompiledProgram
    batch: Batch

    def __str__(self) -> str:
        return f"seed {self.seed}:\n{self.text}"


def ask(
    model: emnesy.CompiledProgram, batch: Batch, *, task: Task = "marginals", **call: Any
) -> EngineResult:
    """The engine's own answer, query atoms and all."""
    blocks, _ = read_priors(model.interface, batch.priors)
    labels = read_labels(model.interface, batch.evidence, batch.size)
    fixed = model.interface.fixed.astype(blocks[0].dtype if blocks else np.float64)
    return model.engine.run([*blocks, fixed], labels, task=task, **call)


@cache
def case(seed: int, *, tame: bool = False) -> Case | None:
    """The program of a seed; None where it is too large, or observes what can never hold.

    Every third is one without networks, with deeper recursion, terms and probabilistic rules.
    """
    rng = Random(seed)
    text = random_program(rng) if seed % 3 == 2 and not tame else random_model(rng)
    program = emnesy.load(text)
    try:
        if world_count(program.ground) > WORLDS:
            return None
        oracle = program.compile(engine="enumerate")
    except emnesy.ProgramError as error:
        if {d.code for d in error.diagnostics} <= {NEVER_HOLDS, SELF_CONTRADICTING}:
            return None
        raise
    batch = random_batch(oracle, np.random.default_rng(seed), EXAMPLES, tame=tame)
    return Case(seed, text, program, oracle, batch)


def cases(count: int, *, tame: bool = False) -> Iterator[Case]:
    """The first programs that there are."""
    seed = 0
    while count:
        if (found := case(seed, tame=tame)) is not None:
            yield found
            count -= 1
        seed += 1
