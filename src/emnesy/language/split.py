"""A text into its statements, by their final dots, where the text as a whole does not parse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from emnesy.diagnostics import Diagnostic, Source, Span

_PIECES = re.compile(
    r"""(?P<comment>%[^\n]*|/\*(?:.|\n)*?\*/)
      | (?P<open_comment>/\*)
      | (?P<quoted>'(?:[^'\\\n]|\\.|'')*'|"(?:[^"\\\n]|\\.|"")*")
      | (?P<open_quote>['"][^\n]*)
      | (?P<number>\d+\.\d+)
      | (?P<range>\.\.)
      | (?P<end>\.)
      | (?P<space>\s+)
      | (?P<other>[^%/'".\d\s]+|\d+|.)""",
    re.VERBOSE,
)


def split_statements(
    source: Source, report: Callable[[Diagnostic], None]
) -> Iterator[tuple[int, int]]:
    """Start and end of each statement (the dot included; the last one may lack it).

    Unterminated comments, strings and quoted symbols are reported here and their statements left
    out: what follows them cannot be told apart.
    """
    start: int | None = None
    broken = False
    for match in _PIECES.finditer(source.text):
        kind = match.lastgroup
        if kind in ("comment", "space"):
            continue
        if kind == "open_comment":
            report(
                Diagnostic(
                    "E0105", "this comment has no end",
                    Span(source, match.start(), match.end()), help="close it with `*/`",
                )
            )
            return
        if start is None:
            start = match.start()
        if kind == "open_quote":
            quote = match.group()[0]
            what = "string" if quote == '"' else "quoted symbol"
            text = match.group().rstrip()
            report(
                Diagnostic(
                    "E0105", f"this {what} has no end",
                    Span(source, match.start(), match.start() + len(text)),
                    help=f"close it with `{quote}` on the same line",
                )
            )
            broken = True
            if text.endswith("."):  # most likely the end of the statement, swallowed
                start, broken = None, False
        elif kind == "end":
            if not broken:
                yield start, match.end()
            start, broken = None, False
    if start is not None and not broken:
        yield start, len(source.text)
