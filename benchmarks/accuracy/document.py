"""Bring the accuracies in docs/benchmarks.md up to what benchmarks/results/accuracy/ holds.

A table of the document that begins with the column `protocol` takes its rows from the overview of the family
which has a protocol of that title, and of the columns those that it names itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results" / "accuracy"

Row = Mapping[str, object]
_TABLE = re.compile(r"^\| protocol \|.*\n\|[-|]+\n(?:\|.*\n)+", re.MULTILINE)


def overviews(folder: Path) -> list[list[Row]]:
    """The first table of each family, as rows of column -> text."""
    files = sorted(folder.glob("*.json"))
    return [json.loads(f.read_text(encoding="utf-8"))["tables"][0]["rows"] for f in files]


def refreshed(text: str, families: Iterable[list[Row]]) -> str:
    """`text` with the rows of its tables as the families have them now.

    Errors: `ValueError` for a table whose protocols no family has, and for columns that its family lacks.
    """
    by_title = {row["protocol"]: rows for rows in families for row in rows}

    def table(match: re.Match[str]) -> str:
        header, rule, *lines = match[0].splitlines()
        columns = _cells(header)
        titles = [_cells(line)[0] for line in lines]
        rows = next((by_title[title] for title in titles if title in by_title), None)
        if rows is None:
            raise ValueError(f"no results of the protocols {', '.join(titles)}")
        if missing := [c for c in columns if c not in rows[0]]:
            raise ValueError(f"the results of {titles[0]} have no column {', '.join(missing)}")
        body = ["| " + " | ".join(str(row[c]) for c in columns) + " |" for row in rows]
        return "\n".join([header, rule, *body]) + "\n"

    return _TABLE.sub(table, text)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def main() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(refreshed(text, overviews(RESULTS)), encoding="utf-8")


if __name__ == "__main__":
    main()
