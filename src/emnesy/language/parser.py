"""Program text to syntax tree."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import cast

from lark import Lark
from lark.exceptions import UnexpectedInput

from emnesy.diagnostics import Diagnostic, ProgramError, Source
from emnesy.language import syntax
from emnesy.language.grammar import make_lark
from emnesy.language.reader import Reader
from emnesy.language.split import split_statements
from emnesy.language.syntax_errors import describe

_lock = threading.Lock()


@lru_cache(maxsize=1)
def _tables() -> tuple[Lark, Reader]:
    reader = Reader()
    return make_lark(reader), reader


def parse(source: Source) -> syntax.Program:
    """The syntax tree of a program.

    A text without syntax errors is read in one go; otherwise each statement is read on its own, so
    that one run reports the errors of all statements.

    Raises:
        ProgramError: syntax errors, in the order of the text.
    """
    found: list[Diagnostic] = []
    with _lock:
        lark, reader = _tables()
        reader.source, reader.offset, reader.report = source, 0, found.append
        try:
            statements = cast("list[syntax.Statement]", lark.parse(source.text))
        except UnexpectedInput:
            found.clear()
            statements = []
            for start, end in split_statements(source, found.append):
                reader.offset = start
                try:
                    statements += cast("list[syntax.Statement]", lark.parse(source.text[start:end]))
                except UnexpectedInput as error:
                    found.append(describe(error, source, start, end))
        finally:
            reader.source = Source("<none>", "")
    if found:
        raise ProgramError(*sorted(found, key=lambda d: d.span.start if d.span else 0))
    return syntax.Program(tuple(statements), source)
