"""The engines, found in this folder: every module that defines ``ENGINE``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.diagnostics.suggest import did_you_mean

if TYPE_CHECKING:
    from emnesy.engine.base import CompiledEngine, Task
    from emnesy.pipeline import Program


@dataclass(frozen=True)
class EngineInfo:
    """What an engine is and can do; the CLI, the docs and the conformance matrix read it."""

    name: str
    summary: str
    exact: str
    """When its answers are exact, in words: "always", "on trees"."""
    tasks: frozenset[Task]
    computed_cells: bool
    """Takes programs whose aggregates or recursion compute numbers."""
    positive_cycles: bool
    """Gives positive cycles their least-model meaning."""
    compile: Callable[[Program], CompiledEngine]
    """Takes from the program the stage that the engine runs on."""
    configure: Callable[[Program, Mapping[str, Any]], CompiledEngine] | None = None
    """The same, for engines some of whose options say what is compiled; None: all options are of the call."""

    def bind(self, program: Program, options: Mapping[str, Any] | None = None) -> CompiledEngine:
        """The engine for this program; `EngineError` where it cannot take it."""
        if self.configure is None:
            return self.compile(program)
        return self.configure(program, options or {})


@cache
def engines() -> Mapping[str, EngineInfo]:
    """All engines by name."""
    import emnesy.engine as package

    found: dict[str, EngineInfo] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        info = getattr(importlib.import_module(f"emnesy.engine.{module.name}"), "ENGINE", None)
        if isinstance(info, EngineInfo):
            found[info.name] = info
    return found


def engine(name: str) -> EngineInfo:
    """The engine of that name; `EngineError` with a suggestion otherwise."""
    known = engines()
    if name in known:
        return known[name]
    raise EngineError(
        Diagnostic(
            "E0701",
            f"there is no engine `{name}`",
            help=did_you_mean(name, known) or f"engines: {', '.join(known)}",
        )
    )


def able(predicate: Callable[[EngineInfo], bool]) -> str:
    """The names of the engines for which `predicate` holds, for messages."""
    return " or ".join(f"`{info.name}`" for info in engines().values() if predicate(info)) or "none"
