"""``emnesy dump``: what a stage of the compiler makes of a program."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from emnesy.cli.options import Consts, FilePath, parse_consts
from emnesy.pipeline import STAGES

Stage = Enum("Stage", {name: name for name in STAGES})  # type: ignore[misc]


def command(
    file: FilePath,
    stage: Annotated[Stage, typer.Option(help="Which form to show.")] = Stage["ground"],
    const: Consts = None,
) -> None:
    """Print one stage of a program's compilation: syntax, core rules, ground program, tensors, graph."""
    from emnesy.pipeline import load

    program = load(Path(file), parse_consts(const))
    typer.echo(STAGES[stage.value](program))
