"""A text into its statements, by their final dots, where the text as a whole does not parse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emnesy.diagnostics import Diagnostic, Source, Span

_PIECES = re.compile(
    r"""(?P<skip>\s+|%[^\n]*|/\*(?:.|\n)*?\*/)
      | (?P<open_comment>/\*)
      | (?P<quoted>'(?:[^'\\\n]|\\.|'')*'|"(?:[^"\\\n]|\\.|"")*")
      | (?P<open_quote>['"][^\n]*)
      | (?P<word>\w+(?:\.\d+(?:[eE][+-]?\d+)?)?)
      | (?P<range>\.\.)
      | (?P<end>\.)
      | (?P<other>:-|<-|::|->|[()\[\],;|]|[^\w\s()\[\],;|'".%]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Piece:
    """A token, more or less: enough to tell statements and brackets."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def pieces(text: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """The tokens of a text, without comments and space."""
    for match in _PIECES.finditer(text, start, len(text) if end is None else end):
        if match.lastgroup and match.lastgroup != "skip":
            yield Piece(match.lastgroup, match.group(), match.start())


def split_statements(
    source: Source, report: Callable[[Diagnostic], None]
) -> Iterator[tuple[int, int]]:
    """Start and end of each statement (the dot included; the last one may lack it).

    Unterminated comments, strings and quoted symbols are reported here and their statements left
    out: what follows them cannot be told apart.
    """
    start: int | None = None
    broken = False
    for piece in pieces(source.text):
        if piece.kind == "open_comment":
            report(
                Diagnostic(
                    "E0105",
                    "this comment has no end",
                    Span(source, piece.start, piece.end),
                    help="close it with `*/`",
                )
            )
            return
        if start is None:
            start = piece.start
        if piece.kind == "open_quote":
            quote, text = piece.text[0], piece.text.rstrip()
            what = "string" if quote == '"' else "quoted symbol"
            report(
                Diagnostic(
                    "E0105",
                    f"this {what} has no end",
                    Span(source, piece.start, piece.start + len(text)),
                    help=f"close it with `{quote}` on the same line",
                )
            )
            broken = True
            if text.endswith("."):  # most likely the end of the statement, swallowed
                start, broken = None, False
        elif piece.kind == "end":
            if not broken:
                yield start, piece.end
            start, broken = None, False
    if start is not None and not broken:
        yield start, len(source.text)
