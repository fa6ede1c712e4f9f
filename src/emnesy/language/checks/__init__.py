"""The checks, in order. Each is a file with one function of one signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emnesy.diagnostics import Diagnostic
from emnesy.language.checks.unit import Unit

Check = Callable[[Unit], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = ()


def run_checks(unit: Unit) -> list[Diagnostic]:
    """Every finding of every check."""
    return [diagnostic for check in CHECKS for diagnostic in check(unit)]
