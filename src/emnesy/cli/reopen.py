"""A finished run's folder, opened again for the commands that use what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emnesy.cli.options import parse_pairs

if TYPE_CHECKING:
    from emnesy.learn.trained import TrainedRun

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")]
SplitOption = Annotated[str, typer.Option(help="train, valid or test.")]
EngineOption = Annotated[str | None, typer.Option(help="Inference engine; default: the run's own.")]
ThreadsOption = Annotated[
    int | None, typer.Option(min=1, help="Threads of PyTorch and the engine.")
]
DataOption = Annotated[
    list[str] | None, typer.Option(help="key=value: overrides an option of `:- data(...)`.")
]


def open_run(
    path: Path,
    engine: str | None,
    engine_options: Sequence[str] | None,
    threads: int | None,
    data: Sequence[str] | None,
) -> TrainedRun:
    """The run in `path`: its program compiled, its networks with their weights.

    The program is the text that was run: the file itself where it is unchanged, else the folder's copy.
    """
    import torch

    from emnesy.cli.compile import compile_with
    from emnesy.language.files import read_source
    from emnesy.learn.run_folder import EXAMPLES, PROGRAM, WEIGHTS, RunFolder
    from emnesy.learn.trained import TrainedRun
    from emnesy.pipeline import Program, default_threads, functions_for

    _, config = RunFolder.reopen(path)
    original, copy = Path(config["program"]), path / PROGRAM
    unchanged = original.is_file() and original.read_bytes() == copy.read_bytes()
    # The run's own options are those of its own engine.
    own = config["engine_options"] if engine in (None, config["engine"]) else {}
    folder = original.parent if original.parent.is_dir() else path
    source = read_source(original if unchanged else copy)
    foreign = functions_for(source, allowed=True, folder=folder)
    model, interpretations = compile_with(
        Program(source, config["const"], max_ground=config.get("max_ground"), foreign=foreign),
        None if config.get("examples") is None else path / EXAMPLES,
        engine=engine or config["engine"],
        threads=threads,
        options={**own, **parse_pairs("--engine-option", engine_options)},
    )
    torch.set_num_threads(threads or max(1, default_threads() // 2))
    return TrainedRun(
        model,
        folder,
        path / WEIGHTS,
        seed=config["seed"],
        networks=config["network"],
        factories=config.get("factory"),
        data={**config["data"], **parse_pairs("--data", data)},
        threads=threads,
        interpretations=interpretations,
    )


def as_split(name: str) -> str:
    """`name`, if it is one of the splits."""
    from emnesy.learn.splits import SPLITS

    if name not in SPLITS:
        raise typer.BadParameter(f"choose one of {', '.join(SPLITS)}", param_hint="--split")
    return name
