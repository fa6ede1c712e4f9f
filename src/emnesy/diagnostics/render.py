"""A diagnostic as text with the source lines it is about.

    error[E0203]: unknown predicate `edgee/2`
      --> graph.nesy:4:15
       |
     4 | path(X, Y) :- edgee(X, Y).
       |               ^^^^^^^^^^^
       = help: did you mean `edge/2`?

Plain text stands alone; `paint` adds colour around its parts (see `colour`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from emnesy.diagnostics.diagnostic import Diagnostic
from emnesy.diagnostics.snippet import underline
from emnesy.diagnostics.source import Source, Span

Paint: TypeAlias = Callable[[str, str], str]
"""``(role, text) -> text``; the roles are error, warning, place, gutter, label, help and text."""


def plain(role: str, text: str) -> str:
    """No colour."""
    del role
    return text


def render(diagnostic: Diagnostic, paint: Paint = plain) -> str:
    """The diagnostic, its snippets and its help; no newline at the end."""
    level = diagnostic.severity
    lines = [paint(level, f"{level}[{diagnostic.code}]") + paint("text", f": {diagnostic.message}")]
    spans = _blocks(diagnostic)
    width = max((len(str(_line(s))) for s, _, _ in spans), default=1)
    gutter = " " * (width + 2) + paint("gutter", "|")
    last: Source | None = None
    for index, (span, mark, text) in enumerate(spans):
        number = _line(span)
        if span.source is not last:
            arrow = "-->" if index == 0 else ":::"
            place = diagnostic.span if index == 0 and diagnostic.span is not None else span
            line, column = place.source.position(place.start)
            lines.append(
                " " * (width + 1)
                + paint("gutter", arrow)
                + " "
                + paint("place", f"{place.source.name}:{line}:{column}")
            )
            lines.append(gutter)
            last = span.source
        elif number > _line(spans[index - 1][0]) + 1:
            lines.append(" " * width + paint("gutter", " ..."))
        code, marks = underline(span, mark)
        if (
            index == 0
            or span.source is not spans[index - 1][0].source
            or (number != _line(spans[index - 1][0]))
        ):
            lines.append(paint("gutter", f" {number:>{width}} |") + (f" {code}" if code else ""))
        role = level if mark == "^" else "label"
        lines.append(f"{gutter} {paint(role, marks + (f' {text}' if text else ''))}")
    if diagnostic.help is not None:
        lines.append(
            " " * (width + 2)
            + paint("gutter", "=")
            + " "
            + paint("help", "help")
            + f": {diagnostic.help}"
        )
    return "\n".join(lines)


def render_line(diagnostic: Diagnostic) -> str:
    """One line: ``file:line:column: error[E0203]: message``."""
    head = f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    span = diagnostic.span
    if span is None:
        return head
    line, column = span.source.position(span.start)
    return f"{span.source.name}:{line}:{column}: {head}"


def _blocks(diagnostic: Diagnostic) -> list[tuple[Span, str, str]]:
    """Every place to show, in the order of the text, the main one's file first."""
    if diagnostic.span is None:
        return [(label.span, "-", label.text) for label in diagnostic.labels]
    main = diagnostic.span
    places = [(main, "^", "")] + [(label.span, "-", label.text) for label in diagnostic.labels]
    return (
        sorted(
            places, key=lambda p: (p[0].source is not main.source, p[0].source.name, _line(p[0]))
        )
        if len(places) > 1
        else places
    )


def _line(span: Span) -> int:
    return span.source.position(span.start)[0]
