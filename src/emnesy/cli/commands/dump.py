"""``emnesy dump``: what a stage of the compiler makes of a program."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from emnesy.cli.options import AllowForeignOption, ConstantsOption, MaxGroundOption, ProgramArgument
from emnesy.cli.program import read_program
from emnesy.cli.show import show_program
from emnesy.pipeline import STAGES

Stage = Enum("Stage", {name: name for name in STAGES})  # type: ignore[misc]

_PROGRAMS = {"syntax", "core"}
"""Stages whose text is written like a program."""


def command(
    file: ProgramArgument,
    stage: Annotated[Stage, typer.Option(help="Which form to show.")] = Stage["ground"],
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    allow_foreign: AllowForeignOption = False,
) -> None:
    """Print one stage of a program's compilation: syntax, core rules, ground program, tensors, graph."""
    program = read_program(file, const, max_ground=max_ground, allow_foreign=allow_foreign)
    text = STAGES[stage.value](program)
    show_program(text) if stage.value in _PROGRAMS else typer.echo(text)
