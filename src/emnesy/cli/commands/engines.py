"""``emnesy engines``: what each engine is and can do."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one object an engine.")] = False,
) -> None:
    """List the inference engines and what each can do."""
    from rich.console import Console
    from rich.table import Table

    from emnesy.engine.registry import engines

    known = engines().values()
    if as_json:
        typer.echo(
            json.dumps(
                {
                    info.name: {
                        "summary": info.summary,
                        "exact": info.exact,
                        "tasks": sorted(info.tasks),
                        "computed_cells": info.computed_cells,
                        "positive_cycles": info.positive_cycles,
                    }
                    for info in known
                }
            )
        )
        return
    table = Table("engine", "what it is", "exact", "tasks", "computed numbers", "positive cycles")
    for info in known:
        table.add_row(
            info.name,
            info.summary,
            info.exact,
            ", ".join(sorted(info.tasks)),
            "yes" if info.computed_cells else "no",
            "yes" if info.positive_cycles else "no",
        )
    Console().print(table)
