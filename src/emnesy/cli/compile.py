"""A program compiled for `train`, `eval` and `predict`: with what its examples observe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emnesy.diagnostics import DataError, Diagnostic

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram
    from emnesy.learn.interpretations import InterpretationDataset
    from emnesy.pipeline import Program


def compile_with(
    program: Program,
    examples: Path | None,
    *,
    engine: str | None,
    threads: int | None,
    options: Mapping[str, Any],
) -> tuple[CompiledProgram, InterpretationDataset | None]:
    """The program bound to an engine; with a file of `examples` also its interpretations.

    Raises `DataError` E0662 where such a program has networks.
    """
    if examples is None:
        return program.compile(engine=engine, threads=threads, options=options), None
    from emnesy.language.files import read_source
    from emnesy.learn.interpretations import (
        InterpretationDataset,
        observed_atoms,
        read_interpretations,
    )

    for rule in program.core.rules:
        if rule.choice is not None and rule.choice.neural is not None:
            raise DataError(
                Diagnostic(
                    "E0662",
                    "interpretations hold no inputs for the networks of this program",
                    rule.span,
                    help='`:- data("module:factory").` names a data set; leave --examples out',
                )
            )
    source = read_source(examples)
    interpretations = read_interpretations(source, program.core)
    observing = program.observing(observed_atoms(interpretations))
    model = observing.compile(engine=engine, threads=threads, options=options)
    return model, InterpretationDataset(interpretations, model, examples.name)
