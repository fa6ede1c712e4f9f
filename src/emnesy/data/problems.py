"""What data modules say of options they cannot use."""

from __future__ import annotations

from emnesy.diagnostics import DataError, Diagnostic


def bad_option(problem: str, remedy: str | None = None) -> DataError:
    """E0623, to be raised."""
    return DataError(Diagnostic("E0623", problem, help=remedy))
