"""``emnesy graph``: a picture of a program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from typing import Literal as OneOf

import typer

from emnesy.cli.options import AllowForeignOption, ConstantsOption, MaxGroundOption, ProgramArgument
from emnesy.cli.program import checked, read_program
from emnesy.diagnostics import DataError, Diagnostic


def command(
    file: ProgramArgument,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="The picture: .svg, .png or .dot."),
    ],
    const: ConstantsOption = None,
    max_ground: MaxGroundOption = None,
    allow_foreign: AllowForeignOption = False,
    kind: Annotated[
        OneOf["dependency", "factor"],
        typer.Option(help="Predicates and what they need, or variables and factors."),
    ] = "dependency",
) -> None:
    """Draw a program: which predicate needs which, or the factor graph that engines run on.

    Needs Graphviz, and `pip install 'emnesy[graph]'`. Nothing that the program names is imported.
    """
    from emnesy.explanation.dependency_graph import dependency_graph
    from emnesy.explanation.diagram import counted
    from emnesy.explanation.drawing import draw, form_of
    from emnesy.explanation.factor_graph import factor_graph

    form = form_of(output)
    program = checked(read_program(file, const, max_ground=max_ground, allow_foreign=allow_foreign))
    title = "standard input" if file == "-" else Path(file).name
    diagram = (
        dependency_graph(program.core, title)
        if kind == "dependency"
        else factor_graph(program, title)
    )
    if not diagram.nodes:
        raise DataError(Diagnostic("E0823", f"there is nothing to draw in `{title}`"))
    draw(diagram, output, form=form)
    nodes, edges = counted(len(diagram.nodes), "node"), counted(len(diagram.edges), "edge")
    typer.echo(f"{output}: {nodes}, {edges}")
