"""Evidence does not contradict itself."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.language.checks.unit import Unit
from emnesy.language.core import Atom, Evidence


def check_evidence(unit: Unit) -> Iterator[Diagnostic]:
    """E0410."""
    first: dict[Atom, Evidence] = {}
    for evidence in unit.core.evidence:
        other = first.setdefault(evidence.atom, evidence)
        if other.holds != evidence.holds:
            labels = () if other.span is None else (Label(other.span, f"{_word(other)} here"),)
            yield Diagnostic(
                "E0410",
                f"the evidence says that `{evidence.atom.name}` is both true and false",
                evidence.span,
                labels,
            )


def _word(evidence: Evidence) -> str:
    return "true" if evidence.holds else "false"
