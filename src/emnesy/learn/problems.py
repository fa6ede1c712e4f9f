"""Short ways to raise a `DataError`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from emnesy.diagnostics import DataError, Diagnostic, Span


def problem(
    code: str, message: str, *, help: str | None = None, span: Span | None = None
) -> DataError:
    """A `DataError` with one diagnostic, to be raised."""
    return DataError(Diagnostic(code, message, span=span, help=help))


def unknown_name(
    code: str,
    what: str,
    name: str,
    known: Iterable[str],
    *,
    span: Span | None = None,
) -> DataError:
    """`name` is none of the `known` names: a `DataError` that suggests the nearest or lists
    them.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        advice = f"did you mean {near[0]}?"
    elif names:
        advice = "there are " + ", ".join(names)
    else:
        advice = "there are none"
    return problem(code, f"unknown {what} {name}", help=advice, span=span)
