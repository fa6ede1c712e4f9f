"""Run benchmark tasks and write their tables to benchmarks/results/.

A task is a module of `benchmarks/tasks/` with a docstring (its first line is the title), and a function
``run(quick: bool) -> list[Table | Figure]``. Nothing else is to be registered.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path

# One thread everywhere; before NumPy and PyTorch are imported.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))


def task_names() -> list[str]:
    """The tasks there are."""
    return sorted(module.name for module in pkgutil.iter_modules([str(FOLDER / "tasks")]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "tasks",
        nargs="*",
        default=task_names(),
        metavar="TASK",
        help=f"default: all of {', '.join(task_names())}",
    )
    parser.add_argument(
        "--quick", action="store_true", help="few repeats: a check, not a measurement"
    )
    parser.add_argument("--out", type=Path, default=FOLDER / "results")
    options = parser.parse_args()
    unknown = set(options.tasks) - set(task_names())
    if unknown:
        parser.error(
            f"no such task: {', '.join(sorted(unknown))} (there are {', '.join(task_names())})"
        )

    import torch

    from measure import machine
    from report import Figure, Table, write

    torch.set_num_threads(1)
    for name in options.tasks:
        task = importlib.import_module(f"tasks.{name}")
        title = (task.__doc__ or name).splitlines()[0].rstrip(".")
        print(f"== {title}", flush=True)
        results = task.run(options.quick)
        tables = [result for result in results if isinstance(result, Table)]
        figures = [result for result in results if isinstance(result, Figure)]
        for table in tables:
            print(table.markdown(), flush=True)
        write(options.out, name, title, machine(), tables, figures)


if __name__ == "__main__":
    main()
