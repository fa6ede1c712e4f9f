"""``emnesy predict``: the most probable symbols of single examples, and their label's probability."""

from __future__ import annotations

import dataclasses
import json
from itertools import islice
from typing import Annotated, Any

import typer

from emnesy.cli.options import EngineOptionsOption
from emnesy.cli.reopen import (
    DataOption,
    EngineOption,
    RunArgument,
    SplitOption,
    ThreadsOption,
    as_split,
    open_run,
)


def command(
    run: RunArgument,
    split: SplitOption = "test",
    count: Annotated[int, typer.Option(min=0, help="So many examples; 0: all.")] = 10,
    engine: EngineOption = None,
    engine_option: EngineOptionsOption = None,
    threads: ThreadsOption = None,
    data: DataOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object an example and line.")
    ] = False,
) -> None:
    """Print what a run's networks see in single examples, and what the program makes of it.

    For each example: the most probable symbols, the label that follows from them and its probability under
    the program, and the data set's label with its probability. Like train, this imports the modules that
    the program names.
    """
    trained = open_run(run, engine, engine_option, threads, data)
    predictions = trained.predict(trained.split(as_split(split)))
    for prediction in islice(predictions, count or None):
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(prediction)))
            continue
        typer.echo(f"{split} example {prediction.example}")
        for name, values in prediction.symbols.items():
            _show(name, values)
        for name, values in prediction.label.items():
            _show(f"{name} (predicted)", values)
        typer.echo(f"  probability of the predicted label: {prediction.probability:.6g}")
        if prediction.given is not None and prediction.given_probability is not None:
            if prediction.given == prediction.label:
                typer.echo("  the data set says the same")
            else:
                for name, values in prediction.given.items():
                    _show(f"{name} (data set)", values)
                typer.echo(f"  probability of that label: {prediction.given_probability:.6g}")


def _show(name: str, values: Any) -> None:
    """One name and its values: a grid by rows, anything deeper as JSON."""
    depth = _depth(values)
    if depth == 2:
        words = [[_word(v) for v in row] for row in values]
        width = max((len(w) for row in words for w in row), default=1)
        typer.echo(f"  {name}:")
        for row in words:
            typer.echo("    " + " ".join(f"{w:>{width}}" for w in row))
    elif depth == 1:
        typer.echo(f"  {name}: {' '.join(_word(v) for v in values)}")
    else:
        typer.echo(f"  {name}: {_word(values) if depth == 0 else json.dumps(values)}")


def _depth(values: Any) -> int:
    return 1 + max((_depth(v) for v in values), default=0) if isinstance(values, list) else 0


def _word(value: Any) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
