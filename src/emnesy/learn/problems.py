"""Short ways to raise a `DataError`."""

from __future__ import annotations

from collections.abc import Iterable

from emnesy.diagnostics import DataError, Diagnostic, Span
from emnesy.diagnostics.suggest import did_you_mean


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
    listed = "there are " + ", ".join(names) if names else "there are none"
    advice = did_you_mean(name, names) or listed
    return problem(code, f"unknown {what} {name}", help=advice, span=span)
