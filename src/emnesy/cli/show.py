"""Diagnostics on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Literal as OneOf
from typing import TextIO

import typer

from emnesy.diagnostics import Diagnostic
from emnesy.diagnostics.colour import ansi
from emnesy.diagnostics.json import to_json
from emnesy.diagnostics.render import plain, render, render_line

Format = OneOf["full", "concise", "json"]


def show_diagnostics(
    diagnostics: Iterable[Diagnostic], style: Format = "full", stream: TextIO | None = None
) -> None:
    """Write diagnostics to `stream` (the standard error stream), in colour where it is a terminal."""
    stream = stream or sys.stderr
    if style == "json":
        stream.write(to_json(diagnostics) + "\n")
        return
    paint = ansi if _wants_colour(stream) else plain
    for diagnostic in diagnostics:
        text = render_line(diagnostic) if style == "concise" else render(diagnostic, paint) + "\n"
        stream.write(_encodable(text, stream) + "\n")


def show_program(text: str) -> None:
    """Write a program to the standard output, highlighted where that is a terminal."""
    colour = _wants_colour(sys.stdout)
    if colour:
        from pygments import highlight
        from pygments.formatters import TerminalFormatter

        from emnesy.editors.pygments import NesyLexer

        text = highlight(text, NesyLexer(stripnl=False), TerminalFormatter()).rstrip("\n")
    typer.echo(text, color=colour)


def _wants_colour(stream: TextIO) -> bool:
    """https://no-color.org, FORCE_COLOR, and otherwise whether somebody is looking."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _encodable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
