"""Peak resident memory: against graph size, threads, batch and samples.

Every row is a process of its own that compiles the program and answers one batch. What the priors, labels and
posteriors take themselves is in a column of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from report import Table

BENCHMARKS = Path(__file__).resolve().parents[1]


def reset_peak() -> None:
    """Forget how much was resident at most, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak() -> float:
    """The most that this process has had resident since `reset_peak`, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def measure(n: int, batch: int, threads: int) -> dict[str, float]:
    """In a fresh process: MB at most before the program, while compiling it, and in one call."""
    import emnesy
    from workloads.addition import PROGRAM, examples

    emnesy.load(PROGRAM, consts={"n": 1}).compile("bp")
    reset_peak()
    before = peak()
    model = emnesy.load(PROGRAM, consts={"n": n}).compile("bp")
    compiled = peak()
    priors, sums = examples(n, batch)
    reset_peak()
    start = peak()
    answer = model.posterior({"digit": priors}, {"sum": sums}, threads=threads)
    tensors = (priors.nbytes + sums.nbytes + answer["digit"].nbytes) / 1e6
    return {
        "before": before,
        "program": compiled - before,
        "call": peak() - start,
        "tensors": tensors,
    }


def measure_abc(size: int, batch: int, samples: int, threads: int) -> dict[str, float]:
    """The same for simulation of path planning."""
    import numpy as np

    import emnesy
    from workloads.paths import PROGRAM, maps, opinion

    model = emnesy.load(PROGRAM, consts={"size": size}).compile("abc")
    priors = np.repeat(opinion(maps(1, size)), batch, axis=0)
    label = np.repeat(np.eye(size, dtype=np.int64)[None], batch, axis=0)
    reset_peak()
    start = peak()
    answer = model.posterior(
        {"terrain": priors}, {"path": label}, options={"samples": samples}, threads=threads
    )
    tensors = (priors.nbytes + label.nbytes + answer["terrain"].nbytes) / 1e6
    return {"call": peak() - start, "tensors": tensors}


def fresh(call: str, module: str = "tasks.memory") -> dict[str, float]:
    """What a function of a module returns in a new process."""
    code = f"import json, {module} as m; print(json.dumps(m.{call}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=BENCHMARKS
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def simulation() -> Table:
    """Samples are counted as they come."""
    table = Table(
        "Path planning 12 by 12, engine abc, MB",
        "`call`: what one call added at most, its posteriors included.",
    )
    for batch, samples, threads in (
        (1, 1000, 1),
        (1, 100_000, 1),
        (1, 100_000, 2),
        (100, 1000, 1),
    ):
        found = fresh(f"measure_abc(12, {batch}, {samples}, {threads})")
        table.rows.append({"batch": batch, "samples": samples, "threads": threads} | found)
    return table


def run(quick: bool) -> list[Table]:
    """One process for each row."""
    table = Table(
        "Addition, engine bp, MB",
        "`before`: Python and the package, which includes PyTorch where something needs it; `program`: what "
        "reading, grounding and planning added at most; `call`: what one call added at most, its posteriors "
        "included; `tensors`: priors, labels and posteriors.",
    )
    rows = [(100, 100, 1), (1000, 10, 1), (1000, 10, 2), (1000, 10, 4), (100, 1000, 1)]
    rows += [] if quick else [(10000, 10, 1), (100, 10000, 1)]
    for n, batch, threads in rows:
        table.rows.append(
            {"N": n, "batch": batch, "threads": threads}
            | fresh(f"measure({n}, {batch}, {threads})")
        )
    return [table, simulation()]
