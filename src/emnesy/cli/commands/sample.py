"""``emnesy sample``: worlds drawn from a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated
from typing import Literal as OneOf

import typer

from emnesy.cli.options import (
    AllAtomsOption,
    AllowForeignOption,
    ConstantsOption,
    EngineOption,
    EngineOptionsOption,
    MaxGroundOption,
    ProgramArgument,
    ThreadsOption,
    parse_pairs,
)
from emnesy.cli.program import checked, read_program

if TYPE_CHECKING:
    from emnesy.explanation.worlds import World

SEPARATOR = "----------------"


def command(
    file: ProgramArgument,
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    allow_foreign: AllowForeignOption = False,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many worlds.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same worlds.")] = 0,
    style: Annotated[
        OneOf["text", "json", "examples"],
        typer.Option(
            "--format",
            help="What holds; one object a world; or interpretations for `emnesy train --examples`.",
        ),
    ] = "text",
    all_atoms: AllAtomsOption = False,
    engine: EngineOption = None,
    engine_option: EngineOptionsOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Draw worlds from a program, given its evidence: the query atoms that hold in each.

    Worlds are independent and distributed exactly as the program says; engines that cannot do that
    refuse. Nothing that the program names is imported: neural predicates have uniform priors.
    """
    from emnesy.explanation.sampling import bind_sampler, sample

    program = checked(
        read_program(
            file, const, max_ground=max_ground, keep_all=all_atoms, allow_foreign=allow_foreign
        )
    )
    if not program.core.queries and not all_atoms:
        typer.echo("The program has no queries: add `query(atom).`, or give --all.", err=True)
        return
    options = parse_pairs("--engine-option", engine_option)
    model = bind_sampler(program, engine, threads, options)
    worlds = sample(model, count, seed=seed, all_atoms=all_atoms)
    for number, world in enumerate(worlds):
        if style == "json":
            typer.echo(json.dumps(world_object(world), ensure_ascii=False))
            continue
        if number:
            typer.echo(SEPARATOR)
        typer.echo(_as_examples(world) if style == "examples" else _as_facts(world))


def world_object(world: World) -> dict[str, object]:
    """A world as plain data."""
    return {
        "queries": dict(world.queries),
        **({"atoms": dict(world.atoms)} if world.atoms else {}),
        "log_probability": world.log_probability,
    }


def _as_facts(world: World) -> str:
    return "\n".join(f"{atom}." for atom in world.true) or "% no query atom holds"


def _as_examples(world: World) -> str:
    truth = {**world.queries, **world.atoms}
    return "\n".join(
        f"evidence({atom}, {'true' if holds else 'false'})." for atom, holds in truth.items()
    )
