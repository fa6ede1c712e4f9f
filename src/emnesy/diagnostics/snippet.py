"""One source line and the marks below it."""

from __future__ import annotations

import unicodedata

from emnesy.diagnostics.source import Span

_WIDEST = 120
_TAB = "    "


def underline(span: Span, mark: str) -> tuple[str, str]:
    """The line on which `span` starts, and a line of marks that lies below it in a terminal.

    Tabs become spaces, what does not print a question mark; a long line is cut around the span. A
    span that goes on below is marked to the end of its first line.
    """
    number, column = span.source.position(span.start)
    line = span.source.line(number).rstrip("\r")
    first = column - 1
    last = min(first + max(span.end - span.start, 1), max(len(line), first + 1))
    before, inside, after = line[:first], line[first:last], line[last:]
    before, inside, after = (_printable(part) for part in (before, inside, after))
    before, inside, after = before, inside.rstrip() or inside, after
    if _width(before) + _width(inside) + _width(after) > _WIDEST:
        before, inside, after = _cut(before, inside, after)
    text = (before + inside + after).rstrip()
    return text, " " * _width(before) + mark * max(_width(inside), 1)


def _cut(before: str, inside: str, after: str) -> tuple[str, str, str]:
    room = _WIDEST // 3
    if len(before) > room:
        before = "…" + before[-room:]
    if len(inside) > _WIDEST - len(before):
        inside, after = inside[: _WIDEST - len(before)] + "…", ""
    spare = max(_WIDEST - len(before) - len(inside), 0)
    if len(after) > spare:
        after = after[:spare] + "…"
    return before, inside, after


def _printable(text: str) -> str:
    return "".join(
        _TAB if c == "\t" else c if c.isprintable() or unicodedata.combining(c) else "?"
        for c in text
    )


def _width(text: str) -> int:
    """Terminal columns."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
