"""Programs in one layout (``emnesy fmt``): spaces, indentation and line lengths made even.

Tokens stay as they are written: ``\\\\+`` or ``not``, ``0.10``, quotes, parentheses. So do comments, groups
of lines, several statements on a line, and columns that the author lined up.
"""

from __future__ import annotations

from emnesy.deep import run_deep
from emnesy.diagnostics import Source
from emnesy.language.formatting.alignment import Cell, Row, align
from emnesy.language.formatting.breaking import WIDTH, lines_of, text_of
from emnesy.language.formatting.pieces import Piece, pieces_of
from emnesy.language.formatting.spacing import words_of
from emnesy.language.lalr import COMMENT
from emnesy.language.parser import parse, tokens

_MOST_BLANK_LINES = 2
_MOST_ROUNDS = 8


def format_program(source: Source) -> str:
    """The text of a program in the standard layout: another text of the same syntax tree.

    Formatting what it returns changes nothing.

    Raises:
        ProgramError: syntax errors.
    """
    return run_deep(lambda: _format(source))


def _format(source: Source) -> str:
    parse(source)
    text = source.text
    for _ in range(_MOST_ROUNDS):
        before, text = text, _once(Source(source.name, text))
        if text == before:
            break
    else:
        raise AssertionError(f"the layout of `{source.name}` does not settle")
    if text != source.text and _meaning(source) != _meaning(Source(source.name, text)):
        raise AssertionError(f"formatting changed the meaning of `{source.name}`")
    return text


def _meaning(source: Source) -> list[tuple[str, bool]]:
    """All that the parser sees: tokens, and which numbers stand directly behind their sign."""
    text = source.text
    seen: list[tuple[str, bool]] = []
    for piece in pieces_of(text, tokens(source)):
        if not piece.tokens:
            seen.append((text[piece.start : piece.end].rstrip(), False))
        words = words_of(text, [token for token in piece.tokens if token.kind != COMMENT])
        for index, word in enumerate(words):
            signed = word.kind in ("INT", "FLOAT") and words[index - 1].kind == "PREFIX"
            seen.append((word.text, signed and not word.apart))
    return seen


def _once(source: Source) -> str:
    text = source.text
    rows: list[Row] = []
    before: Piece | None = None
    for piece in pieces_of(text, tokens(source)):
        gap = text[before.end if before else 0 : piece.start]
        added = _rows(text, piece)
        if before is not None and "\n" not in gap and _fits(rows[-1], piece, added, before):
            _append(rows, piece, before, added, len(gap))
        else:
            added[0].blank = min(gap.count("\n") - 1, _MOST_BLANK_LINES) if before else 0
            rows += added
        before = piece
    align(rows)
    return "".join("\n" * max(row.blank, 0) + f"{row}\n" for row in rows)


def _rows(text: str, piece: Piece) -> list[Row]:
    """The lines of a piece."""
    if not piece.tokens or piece.is_comment:
        shown = text[piece.start : piece.end].rstrip()
        cell = Cell(shown, source_column=_column(text, piece.start))
        return [Row([cell], whole=not piece.tokens or "\n" in shown)]
    words = words_of(text, piece.tokens)
    lines = lines_of(words)
    rows: list[Row] = []
    for line in lines:
        first, cells = line.start, [Cell("", gap=line.indent)]
        for index in range(line.start + 1, line.end):
            word = words[index]
            key = ""
            if word.kind == COMMENT and word.text.startswith("%"):
                key = "comment"
            elif len(lines) == 1 and word.depth == 0 and word.kind == "IF":
                key = "if"
            elif len(lines) == 1 and words[index - 1].kind == "SEMICOLON" and not word.in_body:
                key = f"alternative{len(cells):03}" if word.depth == 0 else ""
            if key:
                cells[-1].text += text_of(words, type(line)(0, first, index))
                gap = 2 if key == "comment" else 1
                cells.append(Cell("", key, gap, word.gap, _column(text, word.start)))
                first = index
        cells[-1].text += text_of(words, type(line)(0, first, line.end))
        rows.append(Row(cells, whole=len(lines) > 1))
    rows[0].cells[0].source_column = _column(text, piece.start)
    return rows


def _fits(row: Row, piece: Piece, added: list[Row], before: Piece) -> bool:
    """Whether a piece that follows another on its line may stay there."""
    if piece.is_comment:
        return before.tokens != ()
    return not row.whole and not added[0].whole and len(f"{row}  {added[0]}") <= WIDTH


def _append(rows: list[Row], piece: Piece, before: Piece, added: list[Row], gap: int) -> None:
    """Put a piece at the end of the last row."""
    row = rows[-1]
    cell = added[0].cells[0]
    if piece.is_comment:
        key = "comment"
    else:
        row.cells = [*_merged(row)]
        key = f"piece{len(row.cells):03}"
        cell = Cell(str(added[0]), source_column=cell.source_column)
    cell.key, cell.gap, cell.source_gap = key, 1 if before.is_comment else 2, gap
    row.cells.append(cell)


def _merged(row: Row) -> list[Cell]:
    """The cells of a row with several statements: one for each of them."""
    cells: list[Cell] = []
    for cell in row.cells:
        if cells and not cell.key.startswith(("piece", "comment")):
            cells[-1].text += " " * cell.gap + cell.text
        else:
            cells.append(cell)
    return cells


def _column(text: str, offset: int) -> int:
    return offset - (text.rfind("\n", 0, offset) + 1)
