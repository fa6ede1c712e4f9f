"""What is trained, and which of its figures count."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Protocol:
    """One row of a table: a command line of `emnesy train`, to be repeated with several seeds."""

    name: str
    """Also the folder of its results."""
    title: str
    program: str
    """Path below the project's root."""
    arguments: tuple[str, ...] = ()
    """Of `emnesy train`, without the program, the seed, threads and the output."""
    notes: str = ""

    @property
    def command(self) -> tuple[str, ...]:
        """All that is fixed for every seed."""
        return ("emnesy", "train", self.program, *self.arguments)

    def but(self, *arguments: str) -> Protocol:
        """The same with more arguments."""
        return replace(self, arguments=(*self.arguments, *arguments))

    def supervised(self) -> Protocol:
        """The ceiling: the same networks, data and options, trained on the true symbols."""
        return replace(
            self,
            name=f"{self.name}-supervised",
            title=f"{self.title}, supervised",
            arguments=(*self.arguments, "--supervised"),
            notes="the ceiling",
        )


@dataclass(frozen=True)
class Family:
    """Protocols that stand in one table."""

    title: str
    protocols: tuple[Protocol, ...]
    figures: Mapping[str, str]
    """Column -> where the figure stands in the last line of ``emnesy train --json``: keys joined by dots."""
    notes: str = ""


@dataclass(frozen=True)
class Run:
    """One seed's results, as its file has them."""

    command: tuple[str, ...]
    seed: int
    result: Mapping[str, Any]
    """The last line of ``emnesy train --json``."""
    wall: float
    cpu: float
    """Seconds of the whole process: imports, data, training, evaluation, pictures."""
    commit: str = ""
    threads: int = 1

    def figure(self, where: str) -> float | None:
        """The figure at `where`, see `Family.figures`; None where the run has none."""
        found: Any = self.result
        for key in where.split("."):
            found = found.get(key) if isinstance(found, Mapping) else None
        return float(found) if isinstance(found, (int, float)) else None

    def text(self) -> str:
        """The file's text."""
        content = {
            "command": shlex.join(self.command),
            "seed": self.seed,
            "threads": self.threads,
            "commit": self.commit,
            "seconds": {"wall": self.wall, "cpu": self.cpu},
            "result": self.result,
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, text: str) -> Run:
        """What `text` wrote."""
        content = json.loads(text)
        seconds = content["seconds"]
        return cls(
            tuple(shlex.split(content["command"])),
            content["seed"],
            content["result"],
            seconds["wall"],
            seconds["cpu"],
            content["commit"],
            content["threads"],
        )
