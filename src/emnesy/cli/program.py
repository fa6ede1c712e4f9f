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


def read_program(
    file: str,
    const: Iterable[str] | None,
    *,
    max_ground: int | None = None,
    keep_all: bool = False,
    allow_foreign: bool = False,
) -> Program:
    """The program of a file; it may call Python's functions only where `allow_foreign` says so."""
    from emnesy.language.files import read_source
    from emnesy.pipeline import Program, functions_for

    source = read_source(file)
    foreign = functions_for(source, allowed=allow_foreign)
    return Program(
        source,
        parse_constants(const),
        max_ground=max_ground,
        keep_all=keep_all,
        foreign=foreign,
    )


def checked(program: Program) -> Program:
    """The same program, checked; its warnings are shown."""
    show_diagnostics(program.warnings)
    return program


def say_approximate(model: CompiledProgram) -> None:
    """Say of an engine that is not exact here why it answers, on the standard error stream."""
    if not model.engine.exact:
        typer.echo(f"approximate: {model.why_approximate()}", err=True)
