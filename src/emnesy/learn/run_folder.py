"""The folder of a run: what was run, how it went, and what came out of it.

``config.json`` (all settings), ``program.nesy`` (the text), ``examples.pl`` (the interpretations, if it
learns from a file of these), ``metrics.jsonl`` (one object an epoch,
then one of the test split), ``checkpoint.safetensors`` (to resume from), ``weights.safetensors``
(the networks), and pictures (`emnesy.pictures`).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import nn

from emnesy.learn.checkpoint import write_atomically
from emnesy.learn.problems import problem
from emnesy.learn.run_settings import checked_settings

CONFIG, PROGRAM, METRICS = "config.json", "program.nesy", "metrics.jsonl"
EXAMPLES = "examples.pl"
CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "weights.safetensors"


class RunFolder:
    """One run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(
        cls,
        program: Path,
        out: Path | None,
        config: Mapping[str, Any],
        examples: Path | None = None,
    ) -> RunFolder:
        """A new folder, `out` or ``runs/<program>-<timestamp>``, with the settings, the text and
        the interpretations in it.

        A finished run in `out` is
        replaced. Errors: `DataError` E0671 where the folder cannot be made or holds an unfinished run.
        """
        path = out or _fresh(Path("runs") / f"{program.stem}-{time.strftime('%Y%m%d-%H%M%S')}")
        if (path / CONFIG).exists() and not (path / WEIGHTS).exists():
            raise problem(
                "E0671",
                f"{path} holds an unfinished run",
                help=f"continue it with --resume {path}, delete it, or choose another folder",
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise problem("E0671", f"cannot make the folder {path}: {error.strerror}") from error
        folder = cls(path)
        pictures = [
            p for name in ("curves", "confusion-*", "examples-*") for p in path.glob(f"{name}.png")
        ]
        # Of the finished run that is replaced here:
        for stale in (
            *(path / name for name in (WEIGHTS, METRICS, CHECKPOINT, EXAMPLES)),
            *pictures,
        ):
            stale.unlink(missing_ok=True)
        folder._write(PROGRAM, program.read_bytes())
        if examples is not None:
            folder._write(EXAMPLES, examples.read_bytes())
        folder._write(CONFIG, json.dumps(config, indent=2, default=str).encode() + b"\n")
        return folder

    @classmethod
    def reopen(cls, path: Path) -> tuple[RunFolder, dict[str, Any]]:
        """The folder of an earlier run and its settings (E0670 where it is none)."""
        try:
            config = json.loads((path / CONFIG).read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or error
            raise problem(
                "E0670",
                f"{path} is not the folder of a run: {CONFIG}: {reason}",
                help="--resume takes a folder that `emnesy train` made",
            ) from error
        return cls(path), checked_settings(str(path / CONFIG), config)

    def write_metrics(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Replace ``metrics.jsonl``: after a resume it holds each epoch once."""
        lines = [json.dumps(finite(record)) + "\n" for record in records]
        self._write(METRICS, "".join(lines).encode())

    def write_weights(self, networks: nn.Module) -> Path:
        """Write the networks' parameters and buffers, by ``network.parameter``."""
        state = {k: v.detach().cpu().contiguous() for k, v in networks.state_dict().items()}
        self._write(WEIGHTS, save(state))
        return self.path / WEIGHTS

    def read_metrics(self) -> list[dict[str, Any]]:
        """The lines of ``metrics.jsonl``; none where there is no such file."""
        try:
            lines = (self.path / METRICS).read_text("utf-8").splitlines()
            return [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return []

    def _write(self, name: str, data: bytes) -> None:
        write_atomically(self.path / name, data)


def finite(value: Any) -> Any:
    """`value` with NaN and infinities as None, which JSON has."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: finite(entry) for key, entry in value.items()}
    return value


def _fresh(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate
