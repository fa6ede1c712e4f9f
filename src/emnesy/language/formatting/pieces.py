"""A program as a sequence of statements and comments, and what of it is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from emnesy.language.lalr import COMMENT, Token

_OFF = re.compile(r"%\s*fmt:\s*off\b")
_ON = re.compile(r"%\s*fmt:\s*on\b")
_SKIP = re.compile(r"%\s*fmt:\s*skip\b")


@dataclass(frozen=True)
class Piece:
    """A statement, a comment between statements, or (without tokens) text that is not formatted."""

    tokens: tuple[Token, ...]
    start: int
    end: int

    @property
    def is_comment(self) -> bool:
        """Whether it is one comment."""
        return len(self.tokens) == 1 and self.tokens[0].kind == COMMENT


def pieces_of(text: str, tokens: Iterable[Token]) -> list[Piece]:
    """The pieces of a program.

    ``% fmt: off`` to ``% fmt: on`` is one piece, and so is a statement followed by ``% fmt: skip``.
    """
    found: list[Piece] = []
    statement: list[Token] = []
    for token in tokens:
        statement.append(token)
        if token.kind == "END" or (token.kind == COMMENT and len(statement) == 1):
            found.append(Piece(tuple(statement), statement[0].start, token.end))
            statement = []
    return _without_verbatim(text, found)


def _without_verbatim(text: str, found: list[Piece]) -> list[Piece]:
    result: list[Piece] = []
    index = 0
    while index < len(found):
        piece = found[index]
        shown = text[piece.start : piece.end]
        if piece.is_comment and _OFF.match(shown):
            last = index
            while last < len(found) - 1 and not (
                found[last].is_comment and _ON.match(text[found[last].start : found[last].end])
            ):
                last += 1
            result.append(Piece((), piece.start, found[last].end))
            index = last
        elif piece.is_comment and _SKIP.match(shown):
            start = piece.start
            while result and "\n" not in text[result[-1].end : start] and not result[-1].is_comment:
                start = result.pop().start
            result.append(Piece((), start, piece.end))
        else:
            result.append(piece)
        index += 1
    return result
