"""Columns of neighbouring lines: lined up where the author lined them up.

A line is a row of cells. The cells behind `cell.key` of neighbouring lines begin in one column if at least
two did so in the source with more space than is needed; neighbours that were also set apart, or that stick
out a little, join them. So an edit that makes one line longer moves the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from emnesy.language.formatting.breaking import WIDTH

_STICKS_OUT = 10


@dataclass
class Cell:
    """A part of a line, with the space before it."""

    text: str
    key: str = ""
    """What separates it from the cell before; cells of one key can be lined up."""
    gap: int = 0
    """Spaces before it."""
    source_gap: int = 0
    source_column: int = 0


@dataclass
class Row:
    """A line of text, under a number of blank lines."""

    cells: list[Cell] = field(default_factory=list)
    blank: int = 0
    whole: bool = False
    """Whether no other statement may share the line."""

    def column(self, index: int) -> int:
        """Where the cell at `index` begins."""
        return sum(cell.gap + len(cell.text) for cell in self.cells[:index]) + self.cells[index].gap

    def __str__(self) -> str:
        return "".join(" " * cell.gap + cell.text for cell in self.cells).rstrip()


def align(rows: Sequence[Row]) -> None:
    """Widen the gaps of `rows` that are to be lined up."""
    keys = dict.fromkeys(cell.key for row in rows for cell in row.cells if cell.key)
    for key in sorted(keys, key=_order):
        places = [_place(row, key) for row in rows]
        for start, end in _groups(rows, places):
            members = [(rows[i], places[i]) for i in range(start, end)]
            goal = max(row.column(place) for row, place in members)
            widths = [len(str(row)) + goal - row.column(place) for row, place in members]
            if key != "comment" and max(widths) > WIDTH:
                continue
            for row, place in members:
                row.cells[place].gap += goal - row.column(place)


def _order(key: str) -> tuple[int, str]:
    return (("alternative", "if", "piece", "comment").index(key.rstrip("0123456789")), key)


def _place(row: Row, key: str) -> int:
    return next((i for i, cell in enumerate(row.cells) if cell.key == key), -1)


def _groups(rows: Sequence[Row], places: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of rows that are lined up."""
    groups: list[tuple[int, int]] = []
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and _together(rows, places, end) and _same(rows, places, end):
            end += 1
        if end - start > 1 and any(_set_apart(rows, places, i) for i in range(start, end)):
            groups.append((start, end))
        start = end
    taken = {i for start, end in groups for i in range(start, end)}
    return [_extended(rows, places, group, taken) for group in groups]


def _extended(
    rows: Sequence[Row], places: Sequence[int], group: tuple[int, int], taken: set[int]
) -> tuple[int, int]:
    start, end = group
    column = rows[start].cells[places[start]].source_column

    def joins(index: int) -> bool:
        if index in taken or places[index] < 0:
            return False
        sticks_out = rows[index].cells[places[index]].source_column - column
        if not (_set_apart(rows, places, index) or 0 <= sticks_out <= _STICKS_OUT):
            return False
        taken.add(index)
        return True

    while start > 0 and _together(rows, places, start) and joins(start - 1):
        start -= 1
    while end < len(rows) and _together(rows, places, end) and joins(end):
        end += 1
    return start, end


def _together(rows: Sequence[Row], places: Sequence[int], index: int) -> bool:
    """Whether the row at `index` and the one above it both have the cell, and are neighbours."""
    return rows[index].blank <= 0 and places[index] >= 0 and places[index - 1] >= 0


def _same(rows: Sequence[Row], places: Sequence[int], index: int) -> bool:
    here, above = rows[index].cells[places[index]], rows[index - 1].cells[places[index - 1]]
    return here.source_column == above.source_column


def _set_apart(rows: Sequence[Row], places: Sequence[int], index: int) -> bool:
    cell = rows[index].cells[places[index]]
    return cell.source_gap > (2 if cell.key.startswith(("piece", "comment")) else 1)
