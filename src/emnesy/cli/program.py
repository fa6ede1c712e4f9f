"""What the commands that ask something of a program have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from emnesy.cli.options import parse_constants
from emnesy.cli.show import show_diagnostics

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram
    from emnesy.pipeline import Program


def open_program(file: str, const: Iterable[str] | None, *, keep_all: bool = False) -> Program:
    """The checked program of a file; its warnings are shown."""
    from emnesy.language.files import read_source
    from emnesy.pipeline import Program

    program = Program(read_source(file), parse_constants(const), keep_all=keep_all)
    show_diagnostics(program.warnings)
    return program


def say_approximate(model: CompiledProgram) -> None:
    """Say of an engine that is not exact here why it answers, on the standard error stream."""
    if not model.engine.exact:
        typer.echo(f"approximate: {model.why_approximate()}", err=True)
