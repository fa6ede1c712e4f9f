"""Lark's errors in the words of people who write programs."""
from __future__ import annotations

from lark.exceptions import UnexpectedInput

from emnesy.diagnostics import Diagnostic, Source, Span


def describe(error: UnexpectedInput, source: Source, start: int, end: int) -> Diagnostic:
    """The diagnostic for a statement at ``start:end`` that does not parse."""
    position = start + (error.pos_in_stream or 0)
    return Diagnostic("E0102", f"unexpected input: {error!r}", Span(source, position, position + 1))
