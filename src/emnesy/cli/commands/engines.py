"""``emnesy engines``: what each engine is and can do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from emnesy.engine.registry import EngineInfo


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one object an engine.")] = False,
) -> None:
    """List the inference engines and what each can do."""
    from emnesy.engine.registry import engines

    known = engines().values()
    if as_json:
        typer.echo(json.dumps({info.name: capabilities(info) for info in known}))
        return
    for info in known:
        also = {
            "computed numbers": info.computed_cells,
            "numbers that depend on themselves": info.recursive_numbers,
            "positive cycles": info.positive_cycles,
            "the state of earlier calls": info.state,
        }
        lines = [
            info.summary,
            f"exact: {info.exact}; log-evidence: {info.log_evidence}",
            f"tasks: {', '.join(sorted(info.tasks))}; joint answers: {info.joint}",
            f"also takes: {', '.join(name for name, takes in also.items() if takes) or 'nothing else'}",
            f"options: {', '.join(f'{n}={s.default}' for n, s in info.options.items()) or 'none'}",
        ]
        typer.echo(f"{info.name:<11}" + f"\n{'':<11}".join(lines))


def capabilities(info: EngineInfo) -> dict[str, Any]:
    """All that the registry says of an engine, as plain data."""
    return {
        "summary": info.summary,
        "exact": info.exact,
        "tasks": sorted(info.tasks),
        "computed_cells": info.computed_cells,
        "recursive_numbers": info.recursive_numbers,
        "positive_cycles": info.positive_cycles,
        "evidence": sorted(info.evidence),
        "log_evidence": info.log_evidence,
        "joint": info.joint,
        "exact_samples": info.exact_samples,
        "state": info.state,
        "options": {name: spec.default for name, spec in info.options.items()},
    }
