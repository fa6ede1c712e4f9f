"""``emnesy why``: the rule instances behind an answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from emnesy.cli.options import (
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
from emnesy.cli.trees import failure_tree, finding_label, finding_tree, print_tree, probability_text

if TYPE_CHECKING:
    from emnesy.explanation.failure import Failure
    from emnesy.explanation.weights import Engine
    from emnesy.explanation.why import Answer
    from emnesy.pipeline import Program


def command(
    file: ProgramArgument,
    atom: Annotated[
        str | None,
        typer.Argument(metavar="[ATOM]", help="For example 'path(1, X)'; default: every query."),
    ] = None,
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    allow_foreign: AllowForeignOption = False,
    depth: Annotated[
        int, typer.Option(min=1, max=100, help="Rules from the atom down, at most.")
    ] = 5,
    most: Annotated[int, typer.Option(min=1, help="Rule instances of each atom, at most.")] = 10,
    engine: EngineOption = None,
    engine_option: EngineOptionsOption = None,
    seed: SeedOption = 0,
    threads: ThreadsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a question.")] = False,
) -> None:
    """Explain an atom: the rule instances that derive it, each with its probability given the evidence.

    Of an atom that holds in no world: which rules could have derived it, and where they fail. Nothing that
    the program names is imported: neural predicates have uniform priors.
    """
    from emnesy.explanation.failure import why_not
    from emnesy.explanation.question import read_atom
    from emnesy.explanation.weights import Engine
    from emnesy.explanation.why import why

    program = checked(read_program(file, const, max_ground=max_ground, allow_foreign=allow_foreign))
    asked = [q.atom for q in program.core.queries] if atom is None else [read_atom(atom, program)]
    if not asked:
        typer.echo("The program has no queries: name an atom to explain.", err=True)
    how = Engine(engine, threads, parse_pairs("--engine-option", engine_option), seed)
    for number, question in enumerate(asked):
        answer = why(program, question, depth=depth, most=most, engine=how)
        failure = None
        if not answer.findings:
            failure = why_not(program, question, answer.instances)
        if as_json:
            typer.echo(json.dumps(_plain(answer, failure), ensure_ascii=False))
            continue
        if answer.model is not None and number == 0:
            say_approximate(answer.model)
        if number:
            typer.echo()
        if failure is not None:
            print_tree(failure_tree(failure))
            continue
        for finding in answer.findings:
            tree = finding_tree(finding)
            if finding.probability == 0:
                said = _ruled_out(program, answer, how)
                tree.label = Text.assemble(finding_label(finding), f"  {said}" if said else "")
            print_tree(tree)


def _ruled_out(program: Program, answer: Answer, engine: Engine) -> str:
    """Why an atom that some rule derives has probability zero."""
    from emnesy.explanation.why import without_evidence
    from emnesy.language.core_text import is_ground

    if not answer.exact:
        return "an estimate: the engine found no world that has it"
    if not is_ground(answer.question):
        return ""
    before = without_evidence(program, answer.question, engine)
    (finding,) = before.findings
    if finding.probability:
        return f"the evidence rules it out; without it {probability_text(finding.probability)}"
    return "what its rules need never holds together" if before.exact else ""


def _plain(answer: Answer, failure: Failure | None) -> dict[str, Any]:
    from emnesy.language.core_text import atom_text

    model = answer.model
    return {
        "atom": atom_text(answer.question),
        "engine": None if model is None else model.engine.name,
        "exact": answer.exact,
        "findings": [asdict(finding) for finding in answer.findings],
        **({"failure": asdict(failure)} if failure is not None else {}),
    }
