"""Timing: several ways to do one thing, in one process, taking turns."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import emnesy

# A way to do the work once. What it returns is dropped.
Work = Callable[[], object]


SLOW = 0.5


class Ways:
    """The ways to do a thing: those that can be had here, and why the others cannot."""

    def __init__(self) -> None:
        self.works: dict[str, Work] = {}
        self.notes: list[str] = []

    def add(self, name: str, build: Callable[[], Work]) -> None:
        """Add a way, unless its library is not installed or the engine refuses the program."""
        try:
            self.works[name] = build()
        except (ImportError, emnesy.EngineError) as error:
            text = str(error).splitlines()[0]
            self.notes.append(f"{name}: not here ({text})")
            print(f"   {self.notes[-1]}", flush=True)

    @property
    def note(self) -> str:
        """What is missing, as text for a table."""
        return " ".join(f"{n}." for n in dict.fromkeys(self.notes))


def speedup(times: Mapping[str, Timing], slow: str, fast: str) -> str | None:
    """How many times slower one way is than another: of the best times, in brackets of the medians."""
    if slow not in times or fast not in times:
        return None
    best = times[slow].best / times[fast].best
    return f"{best:.2f} ({times[slow].median / times[fast].median:.2f})"


@dataclass(frozen=True)
class Timing:
    """Seconds of one call."""

    best: float
    median: float


def alternate(
    works: Mapping[str, Work],
    *,
    repeats: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time each way `repeats` times, in turns, so that a slow spell of the machine hits all alike.

    A turn lasts about `seconds` and counts as one measurement: the mean of its calls. Ways that take longer
    than `SLOW` a call get three turns. `clock` is what counts: `time.process_time` for work in one thread.
    """
    calls, turns = {}, {}
    for name, work in works.items():
        work()  # warm caches and thread pools
        start = clock()
        work()
        once = clock() - start
        calls[name] = max(1, round(seconds / max(once, 1e-7)))
        turns[name] = repeats if once < SLOW else min(repeats, 3)
    measured: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(repeats):
        for name, work in works.items():
            if turn >= turns[name]:
                continue
            start = clock()
            for _ in range(calls[name]):
                work()
            measured[name].append((clock() - start) / calls[name])
    return {name: Timing(min(m), statistics.median(m)) for name, m in measured.items()}


def machine() -> str:
    """The processor and the versions that the figures depend on."""
    import numpy
    import torch

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        if names:
            model = f"{names[0].partition(':')[2].strip()}, {len(names)} threads"
    return (
        f"{model}; {platform.system()}; Python {platform.python_version()}, "
        f"PyTorch {torch.__version__}, NumPy {numpy.__version__}"
    )
