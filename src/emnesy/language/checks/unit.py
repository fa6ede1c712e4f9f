"""What a check looks at."""

from __future__ import annotations

from dataclasses import dataclass

from emnesy.language import syntax
from emnesy.language.core import CoreProgram


@dataclass(frozen=True)
class Unit:
    """One program in both forms: as written (included files in place), and as core rules.

    Statements that did not desugar are missing from `core`.
    """

    program: syntax.Program
    core: CoreProgram
