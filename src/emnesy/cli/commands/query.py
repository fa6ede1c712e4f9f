"""``emnesy query``: the probability of every query atom."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emnesy.cli.options import (
    AllowForeignOption,
    ConstantsOption,
    EngineOption,
    EngineOptionsOption,
    MaxGroundOption,
    ProgramArgument,
    SeedOption,
    ThreadsOption,
    parse_pairs,
)
from emnesy.cli.program import checked, read_program, say_approximate


def command(
    file: ProgramArgument,
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    allow_foreign: AllowForeignOption = False,
    engine: EngineOption = None,
    engine_option: EngineOptionsOption = None,
    seed: SeedOption = 0,
    threads: ThreadsOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one object, query atom -> probability.")
    ] = False,
) -> None:
    """Print the probability of every query atom, given the program's evidence.

    Nothing that the program names is imported: neural predicates have uniform priors.
    """
    model = checked(
        read_program(file, const, max_ground=max_ground, allow_foreign=allow_foreign)
    ).compile(engine=engine, threads=threads, options=parse_pairs("--engine-option", engine_option))
    answers = model.query(seed=seed)
    say_approximate(model)
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False))
        return
    if not answers:
        typer.echo("The program has no queries: add `query(atom).`", err=True)
        return
    width = max(len(atom) for atom in answers)
    for atom, probability in answers.items():
        typer.echo(f"{atom + ':':<{width + 2}}{probability:.6g}")
