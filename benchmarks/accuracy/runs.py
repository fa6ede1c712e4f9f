"""One seed of a protocol: `emnesy train` in a process of its own, on one thread, and the files it leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from accuracy.protocol import Protocol, Run

ROOT = Path(__file__).resolve().parents[2]
_MAIN = [sys.executable, "-c", "import sys; from emnesy.cli.main import main; sys.exit(main())"]
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\r")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def file_of(folder: Path, protocol: Protocol, seed: int) -> Path:
    """Where the results of a seed are kept; its log stands beside it."""
    return folder / protocol.name / f"seed-{seed}.json"


def kept(folder: Path, protocol: Protocol) -> list[Run]:
    """The runs there are with these settings, by seed. Those of other settings are not looked at."""
    files = (folder / protocol.name).glob("seed-*.json")
    runs = [Run.read(file.read_text(encoding="utf-8")) for file in files]
    return sorted((r for r in runs if r.command == protocol.command), key=lambda r: r.seed)


def train(protocol: Protocol, seed: int, folder: Path) -> Run:
    """Train, and keep the figures and the log below `folder`. Errors: `RuntimeError` with the log's end."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "run"
        arguments = [*protocol.command[1:], "--seed", str(seed), "--threads", "1", "--json"]
        with (Path(place) / "out").open("w+") as output, (Path(place) / "err").open("w+") as errors:
            started = time.perf_counter()
            process = subprocess.Popen(
                [*_MAIN, *arguments, "--out", str(out)],
                stdout=output,
                stderr=errors,
                cwd=ROOT,
                env={**os.environ, **_ONE_THREAD, "COLUMNS": "200"},
            )
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
            process.returncode = os.waitstatus_to_exitcode(status)
            wall = round(time.perf_counter() - started, 1)
            output.seek(0)
            errors.seek(0)
            printed, log = output.read(), scrubbed(errors.read(), out)
    if process.returncode != 0:
        raise RuntimeError(f"{protocol.name}, seed {seed}, failed:\n{log[-2000:]}")
    result = json.loads(printed.strip().splitlines()[-1])
    cpu = round(usage.ru_utime + usage.ru_stime, 1)
    run = Run(protocol.command, seed, result, wall, cpu, commit_here())
    file = file_of(folder, protocol, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    header = "$ " + " ".join([protocol.command[0], *arguments]) + "\n"
    file.with_suffix(".log").write_text(header + log + json.dumps(result) + "\n", encoding="utf-8")
    file.write_text(run.text(), encoding="utf-8")
    return run


def scrubbed(log: str, out: Path) -> str:
    """A log without control sequences, and without where things lie on this machine."""
    places = {str(out): "RUN", str(ROOT): "."}
    if data := os.environ.get("EMNESY_DATA"):
        places[str(Path(data).resolve())] = places[data.rstrip("/")] = "$EMNESY_DATA"
    places[str(Path.home())] = "~"
    log = _CONTROL.sub("", log)
    for place, name in places.items():
        if place != "/":
            log = log.replace(place, name)
    lines = [line.rstrip() for line in log.splitlines()]
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("run folder:"))


def commit_here() -> str:
    """The commit that is checked out, with a + where files of the package differ from it."""
    try:
        git = ["git", "-C", str(ROOT)]
        commit = subprocess.check_output([*git, "rev-parse", "--short=10", "HEAD"], text=True)
        changed = subprocess.check_output(
            [*git, "status", "--porcelain", "--untracked-files=no", "src", "cpp", "programs"],
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit.strip() + ("+" if changed.strip() else "")
