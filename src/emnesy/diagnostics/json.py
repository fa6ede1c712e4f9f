"""Diagnostics for programs to read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from emnesy.diagnostics.diagnostic import Diagnostic
from emnesy.diagnostics.source import Span


def to_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON list, one object per diagnostic, on one line.

    Lines and columns count from 1; `end` is the first position after the span.
    """
    return json.dumps([to_object(diagnostic) for diagnostic in diagnostics], ensure_ascii=False)


def to_object(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as plain data."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "span": _span(diagnostic.span),
        "labels": [{"span": _span(label.span), "text": label.text} for label in diagnostic.labels],
        "help": diagnostic.help,
    }


def _span(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "start": {"line": line, "column": column},
        "end": {"line": end_line, "column": end_column},
    }
