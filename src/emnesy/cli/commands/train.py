"""``emnesy train``: train the networks of a program from its data."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from emnesy.cli.options import (
    ConstantsOption,
    EngineOptionsOption,
    MaxGroundOption,
    parse_constants,
    parse_option_value,
    parse_pairs,
)
from emnesy.diagnostics import DataError, Diagnostic

if TYPE_CHECKING:
    from emnesy.learn.run_folder import RunFolder
    from emnesy.learn.session import Outcome

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def command(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The program; not needed with --resume.")
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            help="Learn from the interpretations in this file, separated by lines of ---."
        ),
    ] = None,
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    engine: Annotated[str | None, typer.Option(help="Inference engine.")] = None,
    engine_option: EngineOptionsOption = None,
    seed: Annotated[
        int, typer.Option(min=0, max=(1 << 31) - 1, help="The same seed gives the same run.")
    ] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Threads of PyTorch (default: half the cores) and the engine (all).",
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=0, help="Passes over the training data.")
    ] = None,
    batch_size: Annotated[str | None, typer.Option(help="Examples a step, full, or auto.")] = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate (the highest of its schedule).")
    ] = None,
    supervised: Annotated[
        bool,
        typer.Option("--supervised", help="Train on the data set's true symbols: the ceiling."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run, in place of a finished one; default: a new one in runs/."
        ),
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue the run in this folder.")] = None,
    train_options: Annotated[
        list[str] | None, typer.Option("--train", help="key=value: overrides `:- train(...)`.")
    ] = None,
    data: Annotated[
        list[str] | None, typer.Option(help="key=value: overrides an option of `:- data(...)`.")
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="name.key=value: overrides an option of `:- network(name, ...)`; "
            "name=module:factory: another network."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON with the figures, nothing else.")
    ] = False,
) -> None:
    """Train the networks of a program from what it observes.

    The program says where networks and data come from (:- network(...), :- data(...)) and may set defaults
    (:- train(...)). The run's folder gets its settings, metrics, checkpoint, weights and pictures.
    Ctrl-C saves; --resume continues to the same result as an uninterrupted run.
    """
    options, factories = _by_network(network)
    config = {
        "examples": None if examples is None else str(examples.resolve()),
        "const": parse_constants(const),
        "max_ground": max_ground,
        "engine": engine,
        "engine_options": parse_pairs("--engine-option", engine_option),
        "seed": seed,
        "threads": threads,
        "train": {
            **parse_pairs("--train", train_options),
            **_given(
                epochs=epochs,
                lr=lr,
                supervised=supervised or None,
                batch_size=None if batch_size is None else parse_option_value(batch_size),
            ),
        },
        "data": parse_pairs("--data", data),
        "network": options,
        "factory": factories,
    }
    console = Console(stderr=True)
    if resume is not None:
        file, config, folder = _reopen(resume, file, config)
    elif file is None:
        raise typer.BadParameter("a program or --resume is needed", param_hint="FILE")
    else:
        folder = None
    outcome, folder = _run(file, config, folder, out, console)
    if not outcome.finished:
        console.print(
            f"Stopped in epoch {outcome.epochs + 1}. Continue with: "
            f"emnesy train --resume {folder.path}",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(INTERRUPTED)
    _report(outcome, folder, console, as_json)


def _run(
    file: Path, config: dict[str, Any], folder: RunFolder | None, out: Path | None, console: Console
) -> tuple[Outcome, RunFolder]:
    import emnesy
    from emnesy.cli.compile import compile_with
    from emnesy.learn.display import LiveDisplay, PlainDisplay
    from emnesy.learn.run_folder import RunFolder
    from emnesy.learn.session import Session, Settings

    resuming = folder is not None
    threads = config["threads"]
    examples = _examples(config, folder)
    model, interpretations = compile_with(
        emnesy.load(file, config["const"], max_ground=config.get("max_ground"), allow_foreign=True),
        examples,
        engine=config["engine"],
        threads=threads,
        options=config["engine_options"],
    )
    settings = Settings(
        config["seed"],
        threads,
        config["train"],
        config["data"],
        config["network"],
        config["factory"],
    )
    display = (LiveDisplay if console.is_terminal else PlainDisplay)(console)
    session = Session(model, file, settings, observer=display, interpretations=interpretations)
    if folder is None:
        made = {"program": str(file.resolve()), **config, "supervised": session.options.supervised}
        folder = RunFolder.create(file, out, made, examples)
    session.use(folder)
    for line in [*session.descriptions, f"run folder: {folder.path}"]:
        console.print(line, highlight=False, soft_wrap=True)
    if resuming:
        session.trainer.resume(folder.path)
    with display:
        return session.run(), folder


def _examples(config: Mapping[str, Any], folder: RunFolder | None) -> Path | None:
    """The file of interpretations: a run's own copy, once there is one."""
    from emnesy.learn.run_folder import EXAMPLES

    if config.get("examples") is None:
        return None
    return Path(config["examples"]) if folder is None else folder.path / EXAMPLES


def _report(outcome: Outcome, folder: RunFolder, console: Console, as_json: bool) -> None:
    from emnesy.learn.display import summary_table

    if as_json:
        for note in outcome.notes:
            console.print(note, highlight=False, markup=False, soft_wrap=True)
        sys.stdout.write(json.dumps(outcome.summary()) + "\n")
        return
    output = Console()
    output.print(summary_table(outcome))
    for note in (*outcome.notes, f"weights and metrics: {folder.path}"):
        output.print(note, highlight=False, markup=False, soft_wrap=True)


def _reopen(
    path: Path, file: Path | None, config: dict[str, Any]
) -> tuple[Path, dict[str, Any], RunFolder]:
    """The program, settings and folder of an earlier run; options given again replace the earlier ones."""
    from emnesy.learn.run_folder import PROGRAM, RunFolder

    folder, before = RunFolder.reopen(path)
    original = file or Path(before["program"])
    copy = path / PROGRAM
    if not original.is_file():
        original = copy
    elif copy.is_file() and original.read_bytes() != copy.read_bytes():
        raise _error(
            "E0672",
            f"{original} has changed since the run in {path} began",
            f"resume with the program as it was, {copy}, or start a new run",
        )
    merged = dict(before)
    for part in ("const", "engine_options", "train", "data", "network", "factory"):
        merged[part] = {**before.get(part, {}), **config[part]}
    if config["examples"] is not None:
        raise _error("E0672", f"the run in {path} has its examples already", "leave --examples out")
    for part in ("engine", "threads", "max_ground"):
        merged[part] = config[part] if config[part] is not None else before.get(part)
    return original, merged, folder


def _by_network(given: Sequence[str] | None) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Options of networks, and factories in place of those that the program names."""
    options: dict[str, dict[str, Any]] = {}
    factories: dict[str, str] = {}
    for name, value in parse_pairs("--network", given).items():
        network, dot, key = name.partition(".")
        if network and key:
            options.setdefault(network, {})[key] = value
        elif network and not dot and isinstance(value, str) and ":" in value:
            factories[network] = value
        else:
            raise _error(
                "E0810",
                f"`--network {name}={value}` names neither an option nor a factory",
                "write --network network.option=value or --network network=module:factory",
            )
    return options, factories


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _error(code: str, message: str, help: str | None) -> DataError:
    return DataError(Diagnostic(code, message, help=help))
