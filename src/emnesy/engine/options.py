"""Engine options by name: which exist, of which type, in which range; seeds and threads of calls."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.diagnostics.suggest import did_you_mean

MOST_THREADS = 1 << 16


@dataclass(frozen=True)
class OptionSpec:
    """One option of an engine: its default, what it does, and which values it takes."""

    default: int | float | str
    summary: str
    allowed: Callable[[Any], bool]
    range: str
    """`allowed` in words: "at least 1"."""


def whole(default: int, summary: str, least: int) -> OptionSpec:
    """An option that is a whole number, of 32 bits in the core."""
    return OptionSpec(
        default,
        summary,
        lambda v: least <= v < 1 << 31,
        f"at least {least}, less than 2^31",
    )


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
        if not _fits(spec, value):
            raise EngineError(
                Diagnostic(
                    "E0712",
                    f"option `{name}` of engine `{engine}` cannot be {value!r}",
                    help=f"{name}: {spec.range}",
                )
            )
        values[name] = value
    return values


def check_seed(seed: int) -> None:
    """Raise `EngineError` E0717 unless `seed` is a whole number of 64 bits, not negative."""
    if type(seed) is not int:  # almost always
        seed = _index("seed", seed)
    if not 0 <= seed < 1 << 64:
        raise _no_number("seed", seed, "at least 0, less than 2^64")


def check_threads(threads: int) -> None:
    """Raise `EngineError` E0717 unless `threads` is a number of threads that a machine may have."""
    if type(threads) is not int:
        threads = _index("threads", threads)
    if not 1 <= threads <= MOST_THREADS:
        raise _no_number("threads", threads, f"from 1 to {MOST_THREADS:,}")


def _index(what: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise _no_number(what, value, "a whole number") from None


def _no_number(what: str, value: Any, range: str) -> EngineError:
    return EngineError(
        Diagnostic("E0717", f"`{what}` cannot be {value!r}", help=f"{what}: {range}")
    )


def _fits(spec: OptionSpec, value: Any) -> bool:
    real = isinstance(spec.default, float)
    if isinstance(value, bool) != isinstance(spec.default, bool):
        return False
    if not isinstance(value, (int, float) if real else type(spec.default)):
        return False
    beyond_floats = real and isinstance(value, int) and abs(value) > sys.float_info.max
    return not beyond_floats and spec.allowed(value)
