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
    ends = _Breaks(words)
    ends.keep()
    ends.shorten()
    return ends.lines()


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


class _Breaks:
    """The places where the lines of a statement start."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self.starts = [0]

    def lines(self) -> list[Line]:
        indents: list[int] = []
        for number, start in enumerate(self.starts):
            indents.append(self._indent(start, indents) if number else 0)
        ends = [*self.starts[1:], len(self.words)]
        return [Line(*line) for line in zip(indents, self.starts, ends, strict=True)]

    def keep(self) -> None:
        """The author's line ends, and those that comments force."""
        kept: set[int] = set()
        for index in range(1, len(self.words)):
            before, word = self.words[index - 1], self.words[index]
            forced = before.kind == COMMENT and (before.text.startswith("%") or "\n" in before.text)
            if forced or (word.newline and self._keeps(index, kept)):
                kept.add(index)
        self.starts = sorted({0, *kept})

    def shorten(self) -> None:
        """Break lines that are too long, at the outermost places first."""
        waiting = [line for line in self.lines() if self._width(line) > WIDTH]
        while waiting:
            line = waiting.pop()
            levels = {level for i in range(line.start + 1, line.end) if (level := self._level(i))}
            if not levels:
                continue
            least = min(levels)
            places = [i for i in range(line.start + 1, line.end) if self._level(i) == least]
            added = self._fill(line, places, everywhere=least[1] == 0)
            self.starts = sorted({*self.starts, *added})
            indents = {one.start: one for one in self.lines()}
            pieces = [indents[start] for start in (line.start, *added)]
            waiting += [piece for piece in pieces if self._width(piece) > WIDTH]

    def _fill(self, line: Line, places: list[int], *, everywhere: bool) -> list[int]:
        """Those of `places` where a line has to end so that each holds as much as it can."""
        if everywhere:
            return places
        added: list[int] = []
        start, indent = line.start, line.indent
        for place, following in zip(places, [*places[1:], line.end], strict=True):
            if self._width(Line(indent, start, following)) > WIDTH:
                added.append(place)
                start = place
                indent = next(one.indent for one in self._with(added) if one.start == place)
        if not added:  # one line would do, but for a comment or what cannot be broken
            return [places[-1]]
        return added

    def _with(self, added: Sequence[int]) -> list[Line]:
        other = _Breaks(self.words)
        other.starts = sorted({*self.starts, *added})
        return other.lines()

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

    def _indent(self, start: int, indents: Sequence[int]) -> int:
        """The indentation of the line that starts at `start`, from those of the lines before it."""
        word = self.words[start]
        if word.opener is None:
            return INDENT
        opened = indents[bisect_right(self.starts, word.opener) - 1]
        return opened if word.kind in _CLOSING else opened + INDENT
