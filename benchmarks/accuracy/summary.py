"""The tables of a family: one row a protocol, then every seed."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Mapping, Sequence

from accuracy.protocol import Family, Protocol, Run
from report import Cell, Table


def tables(family: Family, runs: Mapping[str, Sequence[Run]]) -> list[Table]:
    """`runs`: protocol's name -> its runs. Protocols without one are left out, and the notes say so."""
    done = [p for p in family.protocols if runs.get(p.name)]
    missing = [p.name for p in family.protocols if not runs.get(p.name)]
    overview = Table(
        "Mean and standard deviation over the seeds, in %",
        f"{family.notes} CPU seconds are those of the whole process on one thread; wall seconds depend on "
        "what else ran.".strip(),
    )
    overview.rows = [_row(family, p, runs[p.name]) for p in done]
    if missing:
        overview.add_note(f"Not run yet: {', '.join(missing)}.")
    return [overview, *(_seeds(family, p, runs[p.name]) for p in done)]


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation (of a sample) of shares, in per cent."""
    mean = f"{100 * statistics.fmean(values):.2f}"
    return f"{mean} ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else mean


def _row(family: Family, protocol: Protocol, runs: Sequence[Run]) -> dict[str, Cell]:
    row: dict[str, Cell] = {"protocol": protocol.title, "seeds": len(runs)}
    for column, where in family.figures.items():
        values = [v for run in runs if (v := run.figure(where)) is not None]
        row[column] = spread(values) if len(values) == len(runs) else None
    row["CPU s"] = f"{statistics.fmean(r.cpu for r in runs):.0f}"
    row["wall s"] = f"{statistics.fmean(r.wall for r in runs):.0f}"
    row["notes"] = protocol.notes
    return row


def _seeds(family: Family, protocol: Protocol, runs: Sequence[Run]) -> Table:
    table = Table(protocol.title, f"`{shlex.join(protocol.command)}`")
    for run in runs:
        row: dict[str, Cell] = {"seed": run.seed}
        for column, where in family.figures.items():
            value = run.figure(where)
            row[column] = None if value is None else f"{100 * value:.2f}"
        row.update({"CPU s": f"{run.cpu:.0f}", "wall s": f"{run.wall:.0f}", "commit": run.commit})
        table.rows.append(row)
    return table
