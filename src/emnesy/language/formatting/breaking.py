"""The lines of one statement.

Line ends that the author set after ``:-``, ``,`` and ``;`` and around brackets stay; where a line is
too long, more are added: after ``:-`` first, then between goals or alternatives (as many to a line as it
holds), then within brackets, and before operators at last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from emnesy.language.formatting.spacing import Word, is_neural
from emnesy.language.lalr import COMMENT

WIDTH = 100
INDENT = 4

_OPENING = {"LPAR", "LSQB", "AGGREGATE"}
_CLOSING = {"RPAR", "RSQB", "CLOSE"}


@dataclass(frozen=True)
class Line:
    """The words from `start` to `end`, indented."""

    indent: int
    start: int
    end: int


def lines_of(words: Sequence[Word]) -> list[Line]:
    """How the words of a statement are laid out."""
    return _Lines(words).lines


def text_of(words: Sequence[Word], line: Line) -> str:
    """A line as text, without its indentation."""
    parts: list[str] = []
    for index in range(line.start, line.end):
        word = words[index]
        if index > line.start:
            apart = word.kind == COMMENT and word.text.startswith("%")
            parts.append("  " if apart else " " if word.space else "")
        parts.append(word.text)
    return "".join(parts)


class _Lines:
    """The lines of a statement, made from its start to its end."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self.lines: list[Line] = []
        self._starts: list[int] = []
        kept = self._kept()
        for start, end in zip([0, *kept], [*kept, len(words)], strict=True):
            self._add(start, end)

    def _kept(self) -> list[int]:
        """Where the author's line ends stay, and where comments force one."""
        kept: set[int] = set()
        for index in range(1, len(self.words)):
            before, word = self.words[index - 1], self.words[index]
            forced = before.kind == COMMENT and (before.text.startswith("%") or "\n" in before.text)
            if forced or (word.newline and self._keeps(index, kept)):
                kept.add(index)
        return sorted(kept)

    def _add(self, start: int, end: int) -> None:
        """Append these words as one line, or as several if it would be too long."""
        indent = self._indent(start)
        levels = {i: level for i in range(start + 1, end) if (level := self._level(i))}
        if not levels or self._width(Line(indent, start, end)) <= WIDTH:
            self._starts.append(start)
            self.lines.append(Line(indent, start, end))
            return
        least = min(levels.values())
        places = [i for i, level in levels.items() if level == least]
        everywhere, whole = least[1] == 0, True
        for place, following in zip(places, [*places[1:], end], strict=True):
            last = whole and following == end  # it is too long, if only with what cannot be broken
            if everywhere or last or self._width(Line(indent, start, following)) > WIDTH:
                self._add(start, place)
                start, indent, whole = place, self._indent(place), False
        self._add(start, end)

    def _width(self, line: Line) -> int:
        """Columns, without comments: those cannot be broken."""
        end = line.end
        while end > line.start and self.words[end - 1].kind == COMMENT:
            end -= 1
        return line.indent + len(text_of(self.words, Line(0, line.start, end)))

    def _keeps(self, index: int, kept: set[int]) -> bool:
        before, word = self.words[index - 1], self.words[index]
        if word.kind == COMMENT:
            return True
        if word.kind in _CLOSING:
            return word.opener is not None and word.opener + 1 in kept
        if word.kind == "END":
            return False
        if before.kind == "PROBABILITY":
            return is_neural(self.words, index - 1)
        last = before if before.kind != COMMENT else self.words[index - 2]
        leads = word.kind == "SEMICOLON" and word.in_body
        return leads or last.kind in ("IF", "COMMA", "SEMICOLON", *_OPENING)

    def _level(self, index: int) -> tuple[int, int] | None:
        """How early a line is broken before the word at `index`; None: never."""
        before, word = self.words[index - 1], self.words[index]
        if word.kind in ("COMMA", "END", *_CLOSING):
            return None
        if before.kind == "IF":
            return None if index == 1 else (0, 0)
        if before.kind == "PROBABILITY":
            return (0, 1) if is_neural(self.words, index - 1) else None
        if before.kind == "SEMICOLON":
            return (word.depth, 2)
        if before.kind == "COMMA":
            return (word.depth, 3)
        if word.kind == "INFIX" and word.space:
            return (99, word.depth)
        return None

    def _indent(self, start: int) -> int:
        """The indentation of a line that starts there, from those of the lines before it."""
        if start == 0:
            return 0
        word = self.words[start]
        if word.opener is None:
            return INDENT
        opened = self.lines[bisect_right(self._starts, word.opener) - 1].indent
        return opened if word.kind in _CLOSING else opened + INDENT
