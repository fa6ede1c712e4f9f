"""The engines, found in this folder: every module that defines ``ENGINE``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from typing import Literal as OneOf

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.diagnostics.suggest import did_you_mean
from emnesy.engine.options import OptionSpec

if TYPE_CHECKING:
    from emnesy.engine.base import CompiledEngine, Task
    from emnesy.pipeline import Program

Evidence = OneOf["program", "constraints", "labels", "missing"]

ALL_EVIDENCE: frozenset[Evidence] = frozenset({"program", "constraints", "labels", "missing"})
"""``evidence(...)`` statements, ``:- ...`` constraints, labels that differ from example to example, and
labels that only some examples have."""


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
    recursive_numbers: bool = False
    """Takes numbers that depend on themselves: shortest paths in graphs with cycles."""
    evidence: frozenset[Evidence] = ALL_EVIDENCE
    """Which evidence it conditions on; per example where the kind is."""
    log_evidence: str = "exact"
    """What the log-evidence is, in words: "exact", "Bethe's approximation with loops", "an estimate"."""
    joint: str = "always"
    """When `map` and `sample` answer for all choices at once, not one by one, in words."""
    exact_samples: bool = False
    """Given the program's own evidence, its samples are exact though its posteriors are estimates."""
    state: bool = False
    """Can continue from what an earlier call on the same examples left."""
    options: Mapping[str, OptionSpec] = field(default_factory=dict)
    configure: Callable[[Program, Mapping[str, Any]], CompiledEngine] | None = None
    """The same, for engines some of whose options say what is compiled; None: all options are of the call."""

    @property
    def always_exact(self) -> bool:
        """Never an approximation: it answers exactly or refuses."""
        return self.exact == "always"

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


def require_task(name: str, task: Task) -> None:
    """Raise `EngineError` E0707 unless the engine of that name answers this task."""
    info = engines().get(name)
    if info is None or task in info.tasks:
        return
    raise EngineError(
        Diagnostic(
            "E0707",
            f"engine `{name}` does not answer task `{task}`",
            help=f"engines that do: {able(lambda other: task in other.tasks)}",
        )
    )


def able(predicate: Callable[[EngineInfo], bool]) -> str:
    """The names of the engines for which `predicate` holds, for messages."""
    return " or ".join(f"`{info.name}`" for info in engines().values() if predicate(info)) or "none"
