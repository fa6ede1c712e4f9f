"""Timing: several ways to do one thing, in one process, taking turns."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# A way to do the work once. What it returns is dropped.
Work = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """Seconds of one call."""

    best: float
    median: float


def alternate(works: Mapping[str, Work], *, repeats: int, seconds: float) -> dict[str, Timing]:
    """Time each way `repeats` times, in turns, so that a slow spell of the machine hits all alike.

    A turn lasts about `seconds` and counts as one measurement: the mean of its calls.
    """
    calls = {}
    for name, work in works.items():
        work()  # warm caches and thread pools
        start = time.perf_counter()
        work()
        once = time.perf_counter() - start
        calls[name] = max(1, round(seconds / max(once, 1e-7)))
    measured: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            for _ in range(calls[name]):
                work()
            measured[name].append((time.perf_counter() - start) / calls[name])
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
