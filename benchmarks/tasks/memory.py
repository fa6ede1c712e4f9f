"""Peak resident memory: against graph size, threads and batch.

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
        code = (
            f"import json, tasks.memory as m; print(json.dumps(m.measure({n}, {batch}, {threads})))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=BENCHMARKS
        )
        found = json.loads(done.stdout.splitlines()[-1])
        table.rows.append({"N": n, "batch": batch, "threads": threads} | found)
    return [table]
