"""``emnesy query``: the probability of every query atom."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emnesy.cli.options import (
    ConstantsOption,
    EngineOptionsOption,
    ProgramArgument,
    parse_constants,
    parse_pairs,
)
from emnesy.cli.show import show_diagnostics


def command(
    file: ProgramArgument,
    const: ConstantsOption = None,
    engine: Annotated[
        str | None, typer.Option(help="Inference engine (see `emnesy engines`).")
    ] = None,
    engine_option: EngineOptionsOption = None,
    seed: Annotated[int, typer.Option(help="Of engines that sample.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Engine threads.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one object, query atom -> probability.")
    ] = False,
) -> None:
    """Print the probability of every query atom, given the program's evidence.

    Nothing that the program names is imported: neural predicates have uniform priors.
    """
    from emnesy.language.files import read_source
    from emnesy.pipeline import Program

    program = Program(read_source(file), parse_constants(const))
    show_diagnostics(program.warnings)
    model = program.compile(
        engine=engine, threads=threads, options=parse_pairs("--engine-option", engine_option)
    )
    answers = model.query(seed=seed)
    if not model.engine.exact:
        typer.echo(f"approximate: {model.why_approximate()}", err=True)
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False))
        return
    if not answers:
        typer.echo("The program has no queries: add `query(atom).`", err=True)
        return
    width = max(len(atom) for atom in answers)
    for atom, probability in answers.items():
        typer.echo(f"{atom + ':':<{width + 2}}{probability:.6g}")
