"""emnesy: neurosymbolic learning as Expectation-Maximization.

``load`` a program, ``compile`` it, ask for posteriors; `EMLoss` and `LogLikelihood` train networks from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emnesy.diagnostics import DataError, Diagnostic, EmnesyError, EngineError, ProgramError
from emnesy.pipeline import Program, load

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram, Posterior
    from emnesy.ground.python_values import Compound, String
    from emnesy.learn.losses import EMLoss, LogLikelihood

__version__ = "0.1.0"

__all__ = [
    "CompiledProgram",
    "Compound",
    "DataError",
    "Diagnostic",
    "EMLoss",
    "EmnesyError",
    "EngineError",
    "LogLikelihood",
    "Posterior",
    "Program",
    "ProgramError",
    "String",
    "load",
]

_LAZY = {
    "CompiledProgram": "emnesy.compiled",
    "Posterior": "emnesy.compiled",
    "Compound": "emnesy.ground.python_values",
    "String": "emnesy.ground.python_values",
    "EMLoss": "emnesy.learn.losses",
    "LogLikelihood": "emnesy.learn.losses",
}
"""Imported when first used, so that `emnesy check` does not wait for torch."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_LAZY[name]), name)
