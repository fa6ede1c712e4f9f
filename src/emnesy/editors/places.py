"""Places in texts: character offsets here, lines and code units in the Language Server Protocol.

Lines end where the protocol says, at ``\\n``, ``\\r\\n`` and ``\\r``. (pygls ends them where
`str.splitlines` does: at form feeds and Unicode's separators too.)
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from lsprotocol import types as lsp
from pygls.workspace import PositionCodec

_LINE_END = re.compile(r"\r\n|\n|\r")


class Text:
    """A text, and its places in a client's units."""

    def __init__(self, text: str, codec: PositionCodec) -> None:
        self.text = text
        self._codec = codec

    @cached_property
    def _lines(self) -> tuple[list[int], list[int]]:
        """Where each line starts, and where it ends without its line end."""
        ends = list(_LINE_END.finditer(self.text))
        return [0, *(m.end() for m in ends)], [*(m.start() for m in ends), len(self.text)]

    def offset(self, position: lsp.Position) -> int:
        """Where a position is. One beyond its line is at the line's end, as the protocol says."""
        starts, ends = self._lines
        if position.line >= len(starts):
            return len(self.text)
        start, end = starts[position.line], ends[position.line]
        line = self.text[start:end]
        if line.isascii():
            return min(start + position.character, end)
        units = 0
        for index, character in enumerate(line):
            if units >= position.character:
                return start + index
            units += self._codec.client_num_units(character)
        return end

    def position(self, offset: int) -> lsp.Position:
        """The position of an offset."""
        starts, _ = self._lines
        line = bisect_right(starts, offset) - 1
        before = self.text[starts[line] : offset]
        return lsp.Position(line, self._codec.client_num_units(before))

    def range(self, start: int, end: int) -> lsp.Range:
        """The characters from `start` (included) to `end` (excluded)."""
        return lsp.Range(self.position(start), self.position(end))

    def changed(self, change: lsp.TextDocumentContentChangeEvent) -> Text:
        """The text after a change."""
        text = change.text
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            start, end = self.offset(change.range.start), self.offset(change.range.end)
            text = self.text[:start] + text + self.text[end:]
        return Text(text, self._codec)
