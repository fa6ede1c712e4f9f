"""Program text to syntax tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from lark import Lark
from lark.exceptions import UnexpectedInput

from emnesy.diagnostics import Diagnostic, ProgramError, Source
from emnesy.garbage import collection_paused
from emnesy.language import lalr, syntax
from emnesy.language.grammar import make_lark
from emnesy.language.reader import FLAT_CALL, Reader
from emnesy.language.split import split_statements
from emnesy.language.syntax_errors import describe


@lru_cache(maxsize=1)
def _tables() -> lalr.Tables:
    return lalr.make_tables(Reader, FLAT_CALL)


@lru_cache(maxsize=1)
def _token_tables() -> lalr.Tables:
    return lalr.make_tables(None)


@lru_cache(maxsize=1)
def _lark() -> Lark:
    """Only for what it says about texts that do not follow the grammar."""
    return make_lark()


def parse(source: Source) -> syntax.Program:
    """The syntax tree of a program.

    A text without syntax errors is read in one go; otherwise each statement is read on its own, so
    that one run reports the errors of all statements.

    Raises:
        ProgramError: syntax errors, in the order of the text.
    """
    program, found = parse_leniently(source)
    if found:
        raise ProgramError(*found)
    return program


def parse_leniently(source: Source) -> tuple[syntax.Program, list[Diagnostic]]:
    """The statements of a program that have no syntax errors, and the errors, in the order of the text."""
    found: list[Diagnostic] = []
    reader = Reader(source, found.append)
    statements: list[syntax.Statement] = []
    try:
        with collection_paused():
            statements = lalr.run(_tables(), reader, source.text)
    except lalr.NoParseError:
        found.clear()
        for start, end in split_statements(source, found.append):
            try:
                statements += lalr.run(_tables(), reader, source.text, start, end)
            except lalr.NoParseError:
                found.append(describe(_complaint(source.text[start:end]), source, start, end))
    found.sort(key=lambda d: d.span.start if d.span else 0)
    return syntax.Program(tuple(statements), source), found


def tokens(source: Source) -> list[lalr.Token]:
    """The tokens of a program without syntax errors, comments included.

    ``<-`` is an IF, or an INFIX and a MINUS, as it was read.

    Raises:
        ProgramError: syntax errors, in the order of the text.
    """
    found: list[lalr.Token] = []
    try:
        with collection_paused():
            lalr.run(_token_tables(), None, source.text, tokens=found)
    except lalr.NoParseError:
        parse(source)
        raise
    return list(_old_ifs(found))


def _old_ifs(found: Iterable[lalr.Token]) -> Iterator[lalr.Token]:
    """The first ``<-`` of a statement that has no arrow yet stands outside of brackets: it is one."""
    depth, in_head = 0, True
    for token in found:
        kind, start, end = token
        if kind == "OLD_IF" and not (in_head and depth == 0):
            yield lalr.Token("INFIX", start, end - 1)
            yield lalr.Token("MINUS", end - 1, end)
            continue
        yield lalr.Token("IF", start, end) if kind == "OLD_IF" else token
        if kind in _BRACKETS:
            depth += _BRACKETS[kind]
        elif kind in ("IF", "OLD_IF", "CONST", "OBSERVE", "TYPE"):
            in_head = False
        elif kind == "END":
            in_head = True


_BRACKETS = {"LPAR": 1, "LSQB": 1, "RPAR": -1, "RSQB": -1}


def _complaint(text: str) -> UnexpectedInput:
    try:
        _lark().parse(text)
    except UnexpectedInput as error:
        return error
    raise AssertionError(f"Lark reads what the same tables refuse: {text}")
