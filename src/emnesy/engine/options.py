"""Engine options by name: which exist, of which type, in which range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.diagnostics.suggest import did_you_mean


@dataclass(frozen=True)
class OptionSpec:
    """One option of an engine: its default, what it does, and which values it takes."""

    default: int | float | str
    summary: str
    allowed: Callable[[Any], bool]
    range: str
    """`allowed` in words: "at least 1"."""


def read_options(
    engine: str, specs: Mapping[str, OptionSpec], given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """All options with the defaults filled in; `EngineError` for unknown ones and values out of range."""
    values = {name: spec.default for name, spec in specs.items()}
    if not given:
        return values
    for name, value in given.items():
        if name not in specs:
            raise EngineError(
                Diagnostic(
                    "E0711",
                    f"engine `{engine}` has no option `{name}`",
                    help=did_you_mean(name, specs) or f"options: {', '.join(specs) or 'none'}",
                )
            )
        spec = specs[name]
        wanted = (int, float) if isinstance(spec.default, float) else type(spec.default)
        mixed = isinstance(value, bool) != isinstance(spec.default, bool)
        if mixed or not isinstance(value, wanted) or not spec.allowed(value):
            raise EngineError(
                Diagnostic(
                    "E0712",
                    f"option `{name}` of engine `{engine}` cannot be {value!r}",
                    help=f"{name}: {spec.range}",
                )
            )
        values[name] = value
    return values
