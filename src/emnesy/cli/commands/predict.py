"""``emnesy predict``: the most probable symbols of single examples, and their label's probability."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from emnesy.learn.trained import Prediction

_SURE = 0.995  # symbols at least this probable are not worth a remark
_LISTED = 6  # wrong symbols that are named
_MARKS = {True: "#", False: "."}


def command(
    run: RunArgument,
    split: SplitOption = "test",
    count: Annotated[int, typer.Option(min=0, help="So many examples; 0: all.")] = 10,
    example: Annotated[
        list[int] | None, typer.Option(min=0, help="Only this one, by its number; can be repeated.")
    ] = None,
    engine: EngineOption = None,
    engine_option: EngineOptionsOption = None,
    threads: ThreadsOption = None,
    data: DataOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object an example and line.")
    ] = False,
) -> None:
    """Print what a run's networks see in single examples, and what the program makes of it.

    For each example: the most probable symbols, of which the network was least sure and which are wrong
    (where the data set tells); the label that follows from them and its probability under the program, and
    the data set's label with its probability. Like train, this imports the modules that
    the program names.
    """
    from emnesy.learn.accuracy import nameless

    trained = open_run(run, engine, engine_option, threads, data)
    examples = trained.split(as_split(split))
    unnamed = nameless(examples.dataset)
    keys = {spec.predicate: spec.axes for spec in trained.model.interface.priors}
    predictions = trained.predict(examples)
    if example:
        predictions = _only(predictions, set(example), split)
    for prediction in islice(predictions, None if example else count or None):
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(prediction)))
            continue
        typer.echo(f"{split} example {prediction.example}")
        for name, values in prediction.symbols.items():
            _show(name, values)
            least = min(_entries(prediction.symbol_probabilities[name]), key=lambda entry: entry[1])
            if least[1] < _SURE:
                typer.echo(f"    least sure of {_atom(name, keys[name], least[0])}: {least[1]:.3g}")
            if name in prediction.truth and name not in unnamed:
                _show_wrong(name, keys[name], values, prediction.truth[name])
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
    """One name and its values: a grid by rows, truth in it as # and ., anything deeper as JSON."""
    depth = _depth(values)
    if depth == 2:
        words = [[_MARKS[v] if isinstance(v, bool) else _word(v) for v in row] for row in values]
        width = max((len(w) for row in words for w in row), default=1)
        typer.echo(f"  {name}:")
        for row in words:
            typer.echo("    " + " ".join(f"{w:>{width}}" for w in row))
    elif depth == 1:
        typer.echo(f"  {name}: {' '.join(_word(v) for v in values)}")
    else:
        typer.echo(f"  {name}: {_word(values) if depth == 0 else json.dumps(values)}")


def _only(predictions: Iterator[Prediction], wanted: set[int], split: str) -> Iterator[Prediction]:
    left = set(wanted)
    for prediction in predictions:
        if prediction.example in left:
            left.remove(prediction.example)
            yield prediction
        if not left:
            return
    raise typer.BadParameter(
        f"the {split} split has no example {min(left)}", param_hint="--example"
    )


def _show_wrong(name: str, axes: Sequence[Any], values: Any, truth: Any) -> None:
    pairs = zip(_entries(values), _entries(truth), strict=True)
    wrong = [(place, true) for (place, read), (_, true) in pairs if true not in (None, read)]
    if wrong:
        shown = [f"{_atom(name, axes, place)} is {_word(true)}" for place, true in wrong[:_LISTED]]
        more = [f"{len(wrong) - _LISTED} more"] if len(wrong) > _LISTED else []
        typer.echo(f"    wrong: {', '.join(shown + more)}")


def _entries(values: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    if isinstance(values, list):
        for position, entry in enumerate(values):
            yield from _entries(entry, (*place, position))
    else:
        yield place, values


def _atom(name: str, axes: Sequence[Any], place: tuple[int, ...]) -> str:
    keys = [str(axis.labels[p]) for axis, p in zip(axes, place, strict=False)]
    return f"{name}({', '.join(keys)})" if keys else name


def _depth(values: Any) -> int:
    return 1 + max((_depth(v) for v in values), default=0) if isinstance(values, list) else 0


def _word(value: Any) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
