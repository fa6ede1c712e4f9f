"""Worlds drawn from a program, given its evidence: exact and independent, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.options import check_seed
from emnesy.engine.registry import able, engines
from emnesy.explanation.worlds import World, WorldReader

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram
    from emnesy.pipeline import Program

CHUNK = 512
"""Worlds drawn in one engine call, at most."""

FALLBACK = "rejection"
"""Takes the place of the engine that `auto` chooses where that will not do."""

FIRST_TRY = 512
"""Worlds that a simulation draws for each sample; eight times as many where none will do, and so on."""

MOST_TRIES = 100
"""How often a simulation that finds worlds now and then is asked for those that are missing."""


def bind_sampler(
    program: Program,
    engine: str | None = None,
    threads: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> CompiledProgram:
    """The program bound to an engine whose samples are exact.

    `engine`: as for `Program.compile`; where `auto` finds no exact engine, its place is taken by
    `rejection`, which always is. `EngineError` E0713 for an engine whose samples are approximate here.
    """
    model = program.compile(engine=engine, threads=threads, options=options)
    if samples_exactly(model):
        return model
    if (engine or program.core.engine or "auto") == "auto":
        return program.compile(FALLBACK, threads, chosen_options(options))
    raise EngineError(
        Diagnostic(
            "E0713",
            f"`{model.engine.name}` can give only approximate samples of this program",
            help=f"engines whose samples are exact: "
            f"{able(lambda info: info.exact_samples or info.always_exact)}",
        )
    )


def chosen_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options given to `auto`, without its own: those of the engine in its place."""
    own = engines()["auto"].options
    return {name: value for name, value in (options or {}).items() if name not in own}


def samples_exactly(model: CompiledProgram) -> bool:
    """Are the engine's samples of this program distributed exactly as its posterior?"""
    info = engines().get(model.engine.name)
    return model.engine.exact or (info is not None and info.exact_samples)


def sample(
    model: CompiledProgram, count: int, *, seed: int = 0, all_atoms: bool = False
) -> Iterator[World]:
    """Draw `count` independent worlds of `model`, given the program's evidence.

    The same seed gives the same worlds, for any number of threads; fewer worlds are the first of more.
    Neural predicates have uniform priors. `all_atoms`: see `WorldReader`.

    Raises `EngineError`: E0713 where the engine's samples are approximate, E0703 for impossible
    evidence, E0708 where a simulation finds no world that has it.
    """
    if not samples_exactly(model):
        raise EngineError(
            Diagnostic("E0713", f"`{model.engine.name}` can give only approximate samples here")
        )
    check_seed(seed)
    reader = WorldReader(model, all_atoms=all_atoms)
    rows = max(1, min(CHUNK, (1 << 24) // max(1, model.grounded.native.atom_count)))
    for chunk, first in enumerate(range(0, count, rows)):
        yield from reader(_draw(model, min(rows, count - first), seed, chunk))


def _draw(model: CompiledProgram, count: int, seed: int, chunk: int) -> NDArray[np.int32]:
    """The choices of `count` worlds, (count, choices)."""
    info = engines()[model.engine.name]
    if not info.exact_samples:
        alternatives, result = model.worlds("sample", count, seed=_seed(seed, chunk, 0))
        model.require_answers(result)
        return alternatives
    # Worlds that have the evidence are independent and distributed as the posterior, however many
    # had to be drawn until there was one: samples for which there was none are asked for again.
    budget = int(model.options.get("samples", info.options["samples"].default))
    drawn = np.empty((count, model.grounded.native.choice_count), np.int32)
    pending = np.arange(count)
    size = min(FIRST_TRY, budget)
    for attempt in range(MOST_TRIES):
        alternatives, result = model.worlds(
            "sample", len(pending), seed=_seed(seed, chunk, attempt), options={"samples": size}
        )
        found = np.asarray(result.report.extra["answered"]) & result.possible
        drawn[pending[found]] = alternatives[found]
        pending = pending[~found]
        if not len(pending):
            return drawn
        if size == budget and len(pending) == count:
            break
        size = min(8 * size, budget)
    model.require_answers(result)
    raise AssertionError("a simulation that found nothing says so")


def _seed(seed: int, chunk: int, attempt: int) -> int:
    """The seed of one engine call: a stream of its own."""
    words = np.random.SeedSequence([seed, chunk, attempt]).generate_state(1, np.uint64)
    return int(words[0])
