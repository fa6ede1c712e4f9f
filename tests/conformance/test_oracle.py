"""ProbLog, live, on every program that says `% oracle problog`."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.corpus import header_of, name_of, with_oracle
from conformance.oracle import ImpossibleEvidenceError, problog_queries
from conformance.regenerate import rewritten

TOLERANCE = 1e-6
"""The agreement promised to users; the stored figures have twelve digits."""


@pytest.mark.parametrize("path", with_oracle(), ids=name_of)
def test_stored_expectations_are_problogs(path: Path) -> None:
    header, text = header_of(path), path.read_text(encoding="utf-8")
    if header.errors:
        with pytest.raises(ImpossibleEvidenceError):
            problog_queries(text)
        return
    answers = problog_queries(text)
    assert answers.keys() == header.queries.keys()
    for atom, probability in header.queries.items():
        assert answers[atom] == pytest.approx(probability, abs=TOLERANCE), atom
    assert rewritten(text) == text, "run `python -m conformance.regenerate`"
