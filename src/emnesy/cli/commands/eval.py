"""``emnesy eval``: how good a finished run's networks are on a split of its data."""

from __future__ import annotations

import json
from typing import Annotated

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
    engine: EngineOption = None,
    engine_option: EngineOptionsOption = None,
    threads: ThreadsOption = None,
    data: DataOption = None,
    pictures: Annotated[
        bool, typer.Option(help="Draw into the run's folder (needs matplotlib).")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON with the figures, nothing else.")
    ] = False,
) -> None:
    """Evaluate what a run has learned: accuracies, log-likelihood, the data set's own metrics, pictures.

    Like train, this imports the modules that the program names.
    """
    from rich.console import Console

    from emnesy.learn.display import evaluation_table
    from emnesy.learn.run_folder import RunFolder
    from emnesy.learn.splits import describe
    from emnesy.pictures.run import run_title

    trained = open_run(run, engine, engine_option, threads, data)
    examples = trained.split(as_split(split))
    found = trained.evaluate(examples)
    folder, config = RunFolder.reopen(run)
    notes = trained.draw(folder, examples, found, run_title(config)) if pictures else []
    if as_json:
        typer.echo(
            json.dumps({"split": split, **found.summary(), **trained.learned_probabilities()})
        )
        for note in notes:
            typer.echo(note, err=True)
        return
    console = Console()
    console.print(f"{split}: {describe(examples)}", highlight=False, soft_wrap=True)
    console.print(evaluation_table(found, split, trained.model.probabilities))
    for note in notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
