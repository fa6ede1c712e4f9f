"""How a run went: accuracies and the log-likelihood, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emnesy.pictures.style import BLACK, GREY, LINES, drawing

Records = Sequence[Mapping[str, Any]]


def draw_curves(records: Records, path: str | Path, title: str) -> bool:
    """Draw the lines of a ``metrics.jsonl``; False, and no picture, where there is no epoch among them.

    Attempts that were given up (`emnesy.learn.stall`) come one after the other, restarts are marked.
    """
    epochs = [record for record in records if "epoch" in record]
    if not epochs:
        return False
    test: Mapping[str, Any] = next((record["test"] for record in records if "test" in record), {})
    with drawing(path, 6.6, 2.7) as figure:
        figure.suptitle(title, fontsize=9)
        left, right = figure.subplots(1, 2)
        for axes in (left, right):
            axes.set_xlabel("epoch" if len(_restarts(epochs)) == 0 else "epoch, all attempts")
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(axis="y", linewidth=0.4, color="0.88")
            axes.set_axisbelow(True)
            for number, place in enumerate(_restarts(epochs)):
                label = "" if number else "restart"
                axes.axvline(place + 0.5, color=GREY, linewidth=0.9, linestyle=":", label=label)
        _accuracies(left, epochs, test)
        _likelihood(right, epochs, test)
    return True


def _restarts(epochs: Records) -> list[int]:
    return [number for number, record in enumerate(epochs, 1) if "restart" in record]


def _accuracies(axes: Any, epochs: Records, test: Mapping[str, Any]) -> None:
    numbers = np.arange(1, len(epochs) + 1)
    names = list(dict.fromkeys(name for record in epochs for name in record["accuracy"]))
    drawn = [(f"{name}, training", [r["accuracy"].get(name) for r in epochs]) for name in names]
    valid = [(record.get("valid") or {}).get("label_accuracy") for record in epochs]
    if any(value is not None for value in valid):
        drawn.append(("whole labels, validation", valid))
    for (name, values), colour in zip(drawn, LINES, strict=False):
        style = "--" if name.endswith("validation") else "-"
        _plot(axes, _floats(values), style, color=colour, label=name)
    marks = {name: test.get("accuracy", {}).get(name) for name in names}
    colours = dict(zip(names, LINES, strict=False))
    marks["whole labels"], colours["whole labels"] = test.get("label_accuracy"), BLACK
    for name, share in marks.items():
        if share is not None:
            axes.plot(
                [numbers[-1]],
                [share],
                "D" if name == "whole labels" else "o",
                color=colours.get(name, BLACK),
                markerfacecolor="white",
                markersize=5,
                label=f"{name}, test",
                clip_on=False,
                zorder=5,
            )
    axes.set_title("Accuracy")
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best")
    else:
        axes.text(0.5, 0.5, "nothing was compared", ha="center", transform=axes.transAxes)


def _plot(axes: Any, values: Any, style: str, **look: Any) -> None:
    """A line over the epochs that have a value: validation may be looked at now and then only."""
    (known,) = np.nonzero(np.isfinite(values))
    axes.plot(known + 1, values[known], style, **look, **_dots(known))


def _likelihood(axes: Any, epochs: Records, test: Mapping[str, Any]) -> None:
    numbers = np.arange(1, len(epochs) + 1)
    lines = {
        "training": ("-", _floats([record["log_likelihood"] for record in epochs])),
        "validation": (
            "--",
            _floats([(record.get("valid") or {}).get("log_likelihood") for record in epochs]),
        ),
    }
    for (name, (style, values)), colour in zip(lines.items(), LINES, strict=False):
        if np.isfinite(values).any():
            _plot(axes, values, style, color=colour, label=name)
    if test.get("log_likelihood") is not None:
        axes.plot(
            [numbers[-1]],
            [test["log_likelihood"]],
            "D",
            color=BLACK,
            markerfacecolor="white",
            markersize=5,
            label="test",
            clip_on=False,
            zorder=5,
        )
    axes.set_title("Mean log-likelihood of a label")
    axes.set_ylabel("nats")
    tested = _floats([test.get("log_likelihood")])
    _keep_in_view(axes, np.concatenate([*(values for _, values in lines.values()), tested]))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best")


def _keep_in_view(axes: Any, values: Any) -> None:
    """Let single estimates that an approximate engine got quite wrong not squeeze all others flat."""
    seen = values[np.isfinite(values)]
    if not len(seen):
        return
    usual = 10 * max(1.0, float(np.median(np.abs(seen))))
    inside = seen[np.abs(seen) <= usual]
    low, high = float(inside.min()), float(inside.max())
    margin = 0.05 * max(high - low, 1e-3)
    axes.set_ylim(low - margin, high + margin)
    if len(inside) == len(seen):
        return
    for line in axes.lines:
        drawn = np.asarray(line.get_ydata(), np.float64)
        line.set_ydata(np.where(np.abs(drawn) <= usual, drawn, np.nan))
    left_out = len(seen) - len(inside)
    axes.set_xlabel(f"{axes.get_xlabel()} ({left_out} wild estimates left out)")


def _floats(values: Sequence[Any]) -> Any:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _dots(numbers: Any) -> dict[str, Any]:
    return {"marker": ".", "markersize": 4} if len(numbers) <= 30 else {}
