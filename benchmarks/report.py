"""What a benchmark task hands back, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Cell = str | int | float | None


@dataclass
class Table:
    """Rows of one measurement. Columns are named with their unit; the first rows' keys are the header."""

    title: str
    notes: str = ""
    rows: list[dict[str, Cell]] = field(default_factory=list)

    def add_note(self, note: str) -> None:
        """Say something once more; what is said already is not repeated."""
        if note and note not in self.notes:
            self.notes = f"{self.notes} {note}".strip()

    def markdown(self) -> str:
        """The table in Markdown."""
        header = list(self.rows[0]) if self.rows else []
        lines = [f"### {self.title}", ""]
        if self.notes:
            lines += [self.notes, ""]
        lines += ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
        lines += ["| " + " | ".join(_text(row.get(h)) for h in header) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def _text(cell: Cell) -> str:
    if cell is None:
        return "–"
    return (
        f"{cell:.3g}"
        if isinstance(cell, float) and abs(cell) < 1000
        else f"{cell:.0f}"
        if isinstance(cell, float)
        else str(cell)
    )


def write(folder: Path, name: str, title: str, machine: str, tables: Sequence[Table]) -> None:
    """Write `name`.md and `name`.json into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"# {title}\n\nMeasured on: {machine}\n\n" + "\n".join(t.markdown() for t in tables)
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    content: Mapping[str, object] = {
        "task": name,
        "machine": machine,
        "tables": [{"title": t.title, "notes": t.notes, "rows": t.rows} for t in tables],
    }
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
