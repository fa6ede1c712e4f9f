"""``emnesy explain``."""

from __future__ import annotations

from typing import Annotated

import typer

from emnesy.diagnostics import Diagnostic, EmnesyError
from emnesy.diagnostics.codes import codes, page
from emnesy.diagnostics.suggest import did_you_mean


def command(
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="For example E0203; without it, all codes."),
    ] = None,
) -> None:
    """Explain a diagnostic code: what it means, an example, the fix."""
    if code is None:
        for one in codes():
            typer.echo(f"{one}  {page(one).title}")
        return
    name = code.strip("[]").upper()
    if name not in codes():
        raise EmnesyError(
            Diagnostic(
                "E0805",
                f"there is no diagnostic code `{code}`",
                help=did_you_mean(name, codes()) or "`emnesy explain` lists them all",
            )
        )
    typer.echo(page(name).text.rstrip("\n"))
