"""How a run looks on a terminal: live progress there, plain lines anywhere else, on standard
error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.table import Table
from rich.text import Text

from emnesy.learn.evaluate import Evaluation
from emnesy.learn.observer import Observer
from emnesy.learn.progress_state import Progress as State
from emnesy.learn.session import Outcome
from emnesy.learn.stall import Signs

_SHOWN = 6
"""So many of a program's own probabilities stand in the line of an epoch."""


class PlainDisplay(Observer):
    """One line an epoch."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.epochs = 0

    def __enter__(self) -> PlainDisplay:
        return self

    def __exit__(self, *reason: object) -> None:
        pass

    def epoch_begins(self, _epoch: int, epochs: int, _batches: int | None) -> None:
        """Note how many epochs there are."""
        self.epochs = epochs

    def epoch_ends(self, record: dict[str, Any]) -> None:
        """The epoch's line; of thousands of epochs, only those with round numbers."""
        number = record["epoch"]
        if self.epochs > 1000 and number % 10 ** (len(str(number)) - 1):
            return
        self.console.print(
            f"epoch {record['epoch']}/{self.epochs}  {_line(record)}",
            highlight=False,
            soft_wrap=True,
        )
        if restart := record.get("restart"):
            stall = record["stall"]
            why = "stalled" if stall["stalled"] else "too little is explained"
            self.console.print(
                f"{why}: {Signs(stall['information'], stall['gain'])}; "
                f"restart {restart['attempt']}, with seed {restart['seed']}",
                highlight=False,
                soft_wrap=True,
            )


class LiveDisplay(PlainDisplay):
    """A bar for the current epoch under the lines of the earlier ones."""

    _EVERY = 10  # batches between two updates

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            Elapsed(),
            TextColumn("{task.fields[figures]}"),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> LiveDisplay:
        self._bars.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._bars.stop()

    def epoch_begins(self, epoch: int, epochs: int, batches: int | None) -> None:
        """A fresh bar."""
        super().epoch_begins(epoch, epochs, batches)
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(f"epoch {epoch + 1}/{epochs}", total=batches, figures="")

    def batch_ends(self, progress: State) -> None:
        """Move the bar."""
        if self._task is not None and progress.batch % self._EVERY == 0:
            figures = {
                "loss": progress.loss,
                "log_likelihood": progress.log_likelihood,
                "accuracy": progress.accuracy,
                "impossible": progress.impossible,
            }
            self._bars.update(self._task, completed=progress.batch, figures=_line(figures))


def summary_table(outcome: Outcome) -> Table:
    """Accuracies, log-likelihood and times of a finished run."""
    table = _empty_table()
    if outcome.supervised:
        table.add_row("trained on", "true symbols")
    if outcome.evaluation is not None:
        _add_figures(table, outcome.evaluation, "test")
    elif outcome.log_likelihood is not None:
        table.add_row("log-likelihood (train)", f"{outcome.log_likelihood:.4f}")
    _add_probabilities(table, outcome.probabilities)
    if outcome.restarts:
        table.add_row("restarts", str(outcome.restarts))
    for part, seconds in outcome.seconds.items():
        name = {"network": "network", "e_step": "E-step", "total": "total"}[part]
        table.add_row(f"time, {name}", f"{seconds:.1f} s")
    return table


def evaluation_table(found: Evaluation, split: str, probabilities: Mapping[str, float]) -> Table:
    """Accuracies and log-likelihood on a split, and the program's own learned probabilities."""
    table = _empty_table()
    _add_figures(table, found, split)
    _add_probabilities(table, probabilities)
    return table


def _add_probabilities(table: Table, probabilities: Mapping[str, float]) -> None:
    for name, value in probabilities.items():
        table.add_row(Text(f"p({name})"), f"{value:.6f}")


def _empty_table() -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    return table


def _add_figures(table: Table, found: Evaluation, split: str) -> None:
    for name, share in found.accuracy.items():
        table.add_row(f"{name} accuracy", _percent(share))
    if found.accuracy or found.label_accuracy is not None:
        table.add_row(
            f"label accuracy ({found.examples} {split} examples)", _percent(found.label_accuracy)
        )
    for name, value in found.metrics.items():
        table.add_row(name.replace("_", " "), _percent(value))
    if found.log_likelihood is not None:
        table.add_row("log-likelihood", f"{found.log_likelihood:.4f}")
        if not found.accuracy:
            table.add_row(f"{split} examples", str(found.examples))
    if found.impossible:
        table.add_row("impossible labels, left out", str(found.impossible))


def _line(figures: Mapping[str, Any]) -> str:
    parts = [f"loss {figures['loss']:.4f}"]
    if figures["log_likelihood"] is not None:
        parts.append(f"log-likelihood {figures['log_likelihood']:.4f}")
    parts += [f"{name} {_percent(share)}" for name, share in figures["accuracy"].items()]
    if "e_step_share" in figures:
        parts.append(f"E-step {_percent(figures['e_step_share'])} of the time")
    if figures["impossible"]:
        parts.append(f"{figures['impossible']} impossible examples left out")
    for name, value in list(figures.get("probabilities", {}).items())[:_SHOWN]:
        parts.append(f"p({name}) {value:.4f}")
    if valid := figures.get("valid"):
        parts.append(f"valid label accuracy {_percent(valid['label_accuracy'])}")
    return "  ".join(parts)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
