"""The checks, in order. Each is a file with one function of one signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emnesy.diagnostics import Diagnostic
from emnesy.language.checks.aggregates import check_aggregates
from emnesy.language.checks.disjunctions import check_disjunctions
from emnesy.language.checks.evidence import check_evidence
from emnesy.language.checks.foreign import check_foreign
from emnesy.language.checks.names import check_names
from emnesy.language.checks.networks import check_networks
from emnesy.language.checks.probabilities import check_probabilities
from emnesy.language.checks.ranges import check_ranges
from emnesy.language.checks.safety import check_safety
from emnesy.language.checks.singletons import check_singletons
from emnesy.language.checks.statements import check_statements
from emnesy.language.checks.stratification import check_stratification
from emnesy.language.checks.types import check_types
from emnesy.language.checks.unit import Unit
from emnesy.language.checks.unused import check_unused

Check = Callable[[Unit], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    check_names,
    check_statements,
    check_foreign,
    check_safety,
    check_aggregates,
    check_stratification,
    check_ranges,
    check_probabilities,
    check_networks,
    check_evidence,
    check_types,
    check_singletons,
    check_unused,
    check_disjunctions,
)


def run_checks(unit: Unit) -> list[Diagnostic]:
    """Every finding of every check."""
    return [diagnostic for check in CHECKS for diagnostic in check(unit)]
