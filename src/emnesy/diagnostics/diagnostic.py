"""Diagnostics as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from emnesy.diagnostics.source import Span


@dataclass(frozen=True)
class Label:
    """A secondary place that a diagnostic points to, with what it says there."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One finding: a registered code, a one-line message that stands alone, where, and what to do."""

    code: str
    message: str
    span: Span | None = None
    labels: tuple[Label, ...] = ()
    help: str | None = None
    severity: OneOf["error", "warning"] = "error"


class EmnesyError(Exception):
    """Base of every error that emnesy raises for a user's mistake; never a bug's traceback.

    Carries one or more diagnostics; ``str()`` renders them.
    """

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        from emnesy.diagnostics.render import render

        return "\n".join(render(d) for d in self.diagnostics)


class ProgramError(EmnesyError):
    """The program is wrong: syntax, names, safety, probabilities, grounding."""


class EngineError(EmnesyError):
    """The engine cannot do what was asked; the message names those that can."""


class DataError(EmnesyError, ValueError):
    """Tensors, labels or data sets do not fit the program: shape, dtype, range, NaN, device."""
