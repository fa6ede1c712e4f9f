"""``emnesy map``: the most probable world."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from emnesy.cli.options import (
    AllAtomsOption,
    AllowForeignOption,
    ConstantsOption,
    EngineOption,
    EngineOptionsOption,
    MaxGroundOption,
    ProgramArgument,
    SeedOption,
    ThreadsOption,
    parse_pairs,
)
from emnesy.cli.program import checked, read_program, say_approximate

if TYPE_CHECKING:
    from emnesy.explanation.most_probable import MostProbable


def command(
    file: ProgramArgument,
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    allow_foreign: AllowForeignOption = False,
    choices: Annotated[
        bool, typer.Option("--choices", help="Also what each choice of the program takes.")
    ] = False,
    all_atoms: AllAtomsOption = False,
    engine: EngineOption = None,
    engine_option: EngineOptionsOption = None,
    seed: SeedOption = 0,
    threads: ThreadsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Print the most probable world, given the program's evidence: which query atoms hold in it.

    Nothing that the program names is imported: neural predicates have uniform priors.
    """
    from emnesy.explanation.most_probable import bind_maximizer, most_probable

    program = checked(
        read_program(
            file, const, max_ground=max_ground, keep_all=all_atoms, allow_foreign=allow_foreign
        )
    )
    options = parse_pairs("--engine-option", engine_option)
    model = bind_maximizer(program, engine, threads, options)
    answer = most_probable(model, seed=seed, all_atoms=all_atoms)
    say_approximate(model)
    if as_json:
        typer.echo(json.dumps(_plain(answer, model.engine.name), ensure_ascii=False))
        return
    truth = {**answer.world.queries, **answer.world.atoms}
    width = max(map(len, truth), default=0)
    for atom, holds in truth.items():
        typer.echo(f"{atom + ':':<{width + 2}}{'true' if holds else 'false'}")
    if choices or not truth:
        for choice in answer.choices:
            typer.echo(f"choice: {choice.takes or 'none of ' + ', '.join(choice.among)}")
    given = answer.given_evidence
    known = answer.conditioned and given is not None
    typer.echo(
        f"probability {_number(answer)}" + (f", given the evidence {given:.6g}" if known else "")
    )


def _number(answer: MostProbable) -> str:
    if answer.probability > 0:
        return f"{answer.probability:.6g}"
    return f"exp({answer.log_probability:.6g})"


def _plain(answer: MostProbable, engine: str) -> dict[str, object]:
    return {
        "queries": dict(answer.world.queries),
        **({"atoms": dict(answer.world.atoms)} if answer.world.atoms else {}),
        "probability": answer.probability,
        "log_probability": answer.log_probability,
        "given_evidence": answer.given_evidence,
        "engine": engine,
        "exact": answer.exact,
        "choices": [{"takes": c.takes, "among": list(c.among)} for c in answer.choices],
    }
