"""Sources, spans and diagnostics, and their renderers."""

from emnesy.diagnostics.diagnostic import (
    DataError,
    Diagnostic,
    EmnesyError,
    EngineError,
    Label,
    ProgramError,
)
from emnesy.diagnostics.source import Source, Span

__all__ = [
    "DataError",
    "Diagnostic",
    "EmnesyError",
    "EngineError",
    "Label",
    "ProgramError",
    "Source",
    "Span",
]
