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


@dataclass
class Figure:
    """Curves on logarithmic axes: name -> points (x, y), drawn with a line of slope one where it helps."""

    title: str
    x: str
    y: str
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    linear: bool = False
    """Also draw the line of a cost that is proportional to x."""

    def draw(self, file: Path) -> None:
        """Write an SVG file; ImportError where there is no matplotlib."""
        import matplotlib

        matplotlib.use("svg")
        matplotlib.rcParams["svg.hashsalt"] = "emnesy"  # the same figure, the same file
        from matplotlib import pyplot
        from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

        figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
        for (name, points), marker in zip(self.curves.items(), "osv^D*XP<>"):  # noqa: B905 (markers run on)
            axes.plot(*zip(*points, strict=True), marker=marker, markersize=4, label=name)
        if self.linear:
            first = next(iter(self.curves.values()))
            (x0, _), (x1, y1) = first[0], first[-1]
            axes.plot([x0, x1], [y1 * x0 / x1, y1], "k:", linewidth=1, label="proportional")
        axes.set(title=self.title, xlabel=self.x, ylabel=self.y, xscale="log", yscale="log")
        ticks = sorted({x for points in self.curves.values() for x, _ in points})
        axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if self._narrow() else (1,)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
        figure.savefig(file, metadata={"Date": None})
        pyplot.close(figure)

    def _narrow(self) -> bool:
        """Do the values span less than two and a half powers of ten?"""
        values = [y for points in self.curves.values() for _, y in points]
        return max(values) < 300 * min(values)


def write(
    folder: Path,
    name: str,
    title: str,
    machine: str,
    tables: Sequence[Table],
    figures: Sequence[Figure] = (),
) -> None:
    """Write `name`.md and `name`.json into `folder`, and the figures as `name`-1.svg and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"# {title}\n\nMeasured on: {machine}\n\n" + "\n".join(t.markdown() for t in tables)
    for number, figure in enumerate(figures, 1):
        try:
            figure.draw(folder / f"{name}-{number}.svg")
        except ImportError:
            text += "\nNo figures: matplotlib is not installed.\n"
            break
        text += f"\n![{figure.title}]({name}-{number}.svg)\n"
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    content: Mapping[str, object] = {
        "task": name,
        "machine": machine,
        "tables": [{"title": t.title, "notes": t.notes, "rows": t.rows} for t in tables],
    }
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
