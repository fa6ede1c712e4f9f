"""``emnesy check``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from emnesy.cli.options import AllowForeignOption, ConstantsOption, MaxGroundOption, ProgramArgument
from emnesy.cli.program import read_program
from emnesy.cli.show import Format, show_diagnostics
from emnesy.diagnostics import EmnesyError
from emnesy.garbage import collection_paused


def command(
    file: ProgramArgument,
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    allow_foreign: AllowForeignOption = False,
    style: Annotated[
        Format, typer.Option("--format", help="How to show what is found; json goes to the output.")
    ] = "full",
) -> int:
    """Parse and check a program without running it.

    Exits with 1 if the program has errors; warnings do not count.
    """
    stream = sys.stdout if style == "json" else sys.stderr
    try:
        with collection_paused():
            warnings = read_program(
                file, const, max_ground=max_ground, allow_foreign=allow_foreign
            ).check()
    except EmnesyError as error:
        show_diagnostics(error.diagnostics, style, stream)
        return 1
    show_diagnostics(warnings, style, stream)
    if style == "full":
        count = len(warnings)
        found = f"{count} warning{'s' if count > 1 else ''}" if count else "no errors"
        typer.echo(f"{file}: {found}")
    return 0
