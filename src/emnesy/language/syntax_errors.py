"""Lark's errors in the words of people who write programs.

Recognisers are tried in order; the first that knows what went wrong writes the diagnostic, and the
last one always does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lark import Token
from lark.exceptions import UnexpectedInput

from emnesy.diagnostics import Diagnostic, Label, Source, Span
from emnesy.language.grammar import is_capital
from emnesy.language.split import Piece, pieces

_OPERAND = {"VARIABLE"}
_DECLARATION = re.compile(
    r"\s*:-\s*(dynamic|discontiguous|multifile|table|initialization|module_transparent)\s+[a-z\[(]"
)
_SPELLINGS = {
    "<=": "`=<`",
    "=>": "`>=`",
    "!=": "`\\=` (terms) or `=\\=` (numbers)",
    "<>": "`\\=` (terms) or `=\\=` (numbers)",
    "&&": "`,`",
    "&": "`,`",
    "||": "`;`",
    "!": "`not`",
    "~": "`not`",
    ":=": "`:-` for a rule, `is` for arithmetic",
    "%": "`mod`",
}


@dataclass(frozen=True)
class Place:
    """A statement that does not parse, and where reading it stopped."""

    source: Source
    start: int
    end: int
    at: int
    found: str  # "" at the end
    expected: frozenset[str]
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]

    @property
    def previous(self) -> Piece | None:
        """The token before the unexpected one."""
        return self.before[-1] if self.before else None

    def span(self, start: int, length: int = 1) -> Span:
        """`length` characters from `start`."""
        return Span(self.source, start, start + length)

    @property
    def here(self) -> Span:
        """The unexpected token."""
        return self.span(self.at, max(len(self.found), 1))

    def line(self, offset: int) -> int:
        """The line of an offset."""
        return self.source.position(offset)[0]


def describe(error: UnexpectedInput, source: Source, start: int, end: int) -> Diagnostic:
    """The diagnostic for the statement at ``start:end``, where Lark stopped with `error`."""
    token = getattr(error, "token", None)
    expected = getattr(error, "accepts", None) or getattr(error, "expected", None)
    expected = expected or getattr(error, "allowed", None) or ()
    if isinstance(token, Token) and token.type == "$END":
        at, found = end, ""
    else:
        at = start + (error.pos_in_stream or 0)
        found = str(token) if token is not None else source.text[at : at + 1]
    all_pieces = list(pieces(source.text, start, end))
    place = Place(
        source,
        start,
        end,
        at,
        found,
        frozenset(expected),
        tuple(p for p in all_pieces if p.end <= at),
        tuple(p for p in all_pieces if p.start >= at),
    )
    for recogniser in _RECOGNISERS:
        diagnostic = recogniser(place)
        if diagnostic is not None:
            return diagnostic
    raise AssertionError("the last recogniser always answers")


def _spelling(place: Place) -> Diagnostic | None:
    text = place.source.text
    for start in (place.at, place.at - 1):
        for wrong, right in _SPELLINGS.items():
            overlaps = start + len(wrong) > place.at
            if start >= place.start and overlaps and text.startswith(wrong, start):
                return Diagnostic(
                    "E0106",
                    f"`{wrong}` is not an operator here",
                    place.span(start, len(wrong)),
                    help=f"write {right}",
                )
    return None


def _prompt(place: Place) -> Diagnostic | None:
    if place.source.text.startswith("?-", place.at):
        return Diagnostic(
            "E0106",
            "`?-` is for a Prolog prompt",
            place.span(place.at, 2),
            help="write `query(atom).`",
        )
    if place.found == "->":
        return Diagnostic(
            "E0106",
            "there is no if-then-else",
            place.span(place.at, 2),
            help="write one rule per case",
        )
    return None


def _cut(place: Place) -> Diagnostic | None:
    match = re.compile(r"!(?=\s*[,.;)])").match(place.source.text, place.at)
    if match is None:
        return None
    return Diagnostic(
        "E0106",
        "there is no cut: all rules that apply count",
        place.here,
        help="say in each rule's body when it applies: `not condition`",
    )


def _declaration(place: Place) -> Diagnostic | None:
    """Prolog's prefix operators after ``:-``, which ProbLog does not read either."""
    match = _DECLARATION.match(place.source.text, place.start, place.end)
    if match is None or place.at < match.start(1):
        return None
    return Diagnostic(
        "E0126",
        f"`:- {match[1]}` is a declaration of Prolog's",
        place.span(match.start(1), len(match[1])),
        help="leave it out: it would change nothing here",
    )


def _colon(place: Place) -> Diagnostic | None:
    match = re.compile(r":\s+-|:(?![:\-])").match(place.source.text, place.at)
    if match is None:
        return None
    right = ":-" if "-" in match.group() else "::` or `:-"
    return Diagnostic(
        "E0106",
        f"`{match.group()}` is not an operator",
        place.span(place.at, len(match.group())),
        help=f"write `{right}`",
    )


def _brackets(place: Place) -> Diagnostic | None:
    pairs = {")": "(", "]": "["}
    still_open: list[Piece] = []
    for piece in (*place.before, *place.after):
        if piece.text in "([" and piece.text:
            still_open.append(piece)
        elif piece.text in pairs:
            if not still_open:
                return Diagnostic(
                    "E0103", f"this `{piece.text}` closes nothing", place.span(piece.start)
                )
            opened = still_open.pop()
            if opened.text != pairs[piece.text]:
                return Diagnostic(
                    "E0103",
                    f"`{opened.text}` is closed by `{piece.text}`",
                    place.span(piece.start),
                    (Label(place.span(opened.start), "opened here"),),
                )
    if not still_open:
        return None
    opened = still_open[-1]
    closing = {"(": ")", "[": "]"}[opened.text]
    labels: tuple[Label, ...] = ()
    if place.at != opened.start and place.found:
        labels = (Label(place.here, f"a `{closing}` is missing before this"),)
    return Diagnostic(
        "E0103",
        f"this `{opened.text}` is never closed",
        place.span(opened.start),
        labels,
        help=f"add the missing `{closing}`",
    )


def _upper_case(place: Place) -> Diagnostic | None:
    name = place.previous
    if name is None or place.found != "(" or not re.fullmatch(r"[^\W\d]\w*", name.text):
        return None
    if name.text[0] != "_" and not is_capital(name.text[0]):
        return None
    lower = name.text.lstrip("_")
    lower = lower[:1].lower() + lower[1:]
    return Diagnostic(
        "E0104",
        f"`{name.text}` is a variable, not a predicate",
        place.span(name.start, len(name.text)),
        help=f"names of predicates start with a lower-case letter: `{lower or 'p'}(…)`",
    )


def _leading_dot(place: Place) -> Diagnostic | None:
    text = place.source.text
    if place.found != "." and not text.startswith("..", place.at):
        return None
    if re.compile(r"\.\d").match(text, place.at):
        return Diagnostic(
            "E0102",
            "a number starts with a digit",
            place.span(place.at, 2),
            help=f"write `0{text[place.at : place.at + 2]}…`",
        )
    if not place.before:
        return Diagnostic(
            "E0102", "this dot ends nothing", place.here, help="one dot ends a statement"
        )
    return None


def _no_operand(place: Place) -> Diagnostic | None:
    """Something has to follow the previous token, and the statement or bracket ends instead."""
    previous = place.previous
    if previous is None or not place.expected & _OPERAND or place.found not in ("", ".", ")", "]"):
        return None
    if place.found == "]" and previous.text == "[":
        return None
    what = "a body" if previous.text in (":-", "<-") else "something"
    where = f"expected {what} after `{previous.text}`"
    return Diagnostic("E0102", where, place.span(previous.start, len(previous.text)))


def _no_end(place: Place) -> Diagnostic | None:
    previous = place.previous
    if previous is None or place.expected & _OPERAND:
        return None
    gap = place.span(previous.start, len(previous.text))
    if not place.found:
        return Diagnostic(
            "E0101",
            "expected `.` at the end of the statement",
            gap,
            help="every statement ends with a dot",
        )
    new_line = place.line(previous.start) != place.line(place.at)
    starts = re.match(r"[A-Za-z_'\"\d]|:-", place.found) is not None
    if new_line and starts:
        return Diagnostic(
            "E0101",
            "expected `.` at the end of the statement",
            gap,
            (Label(place.here, "a new statement seems to begin here"),),
            "every statement ends with a dot",
        )
    return None


def _no_annotation_mark(place: Place) -> Diagnostic | None:
    numbers = all(re.fullmatch(r"[\d.]+|/", p.text) for p in place.before)
    if place.before and numbers and re.match(r"[a-z']", place.found):
        return Diagnostic(
            "E0102",
            "expected `::` between a probability and its head",
            place.here,
            help=f"write `{place.previous.text if place.previous else '0.5'}::{place.found}`",
        )
    return None


def _head_list(place: Place) -> Diagnostic | None:
    seen = {piece.text for piece in place.before}
    if place.found == "," and not seen & {":-", "<-"} and "IF" in place.expected:
        return Diagnostic(
            "E0102",
            "a rule has one head",
            place.here,
            help="write one rule per head, or `;` between the alternatives of an "
            "annotated disjunction",
        )
    return None


def _second_arrow(place: Place) -> Diagnostic | None:
    if place.found not in (":-", "<-") or not place.before:
        return None
    return Diagnostic(
        "E0102",
        f"a second `{place.found}` in one statement",
        place.here,
        help="is the `.` of the statement before it missing?",
    )


def _character(place: Place) -> Diagnostic | None:
    if place.found and not re.match(r"[\w()\[\],.;|'\"<>=+*/\\:\-%\s]", place.found, re.ASCII):
        help_text = "write other names in single quotes: `'é'`" if place.found.isalpha() else None
        if place.found in "‘’“”":
            help_text = "write straight quotes: `'` or `\"`"
        return Diagnostic(
            "E0106", f"unexpected character `{place.found}`", place.here, help=help_text
        )
    return None


def _anything(place: Place) -> Diagnostic:
    found = f"`{place.found}`" if place.found else "the end"
    if place.expected & _OPERAND:
        return Diagnostic("E0102", f"expected a term, found {found}", place.here)
    expected = "an operator, `,` or `.`" if "END" in place.expected else "an operator, `,` or `)`"
    return Diagnostic("E0102", f"expected {expected}, found {found}", place.here)


_RECOGNISERS: tuple[Callable[[Place], Diagnostic | None], ...] = (
    _declaration,
    _cut,
    _spelling,
    _prompt,
    _colon,
    _upper_case,
    _brackets,
    _leading_dot,
    _no_operand,
    _no_end,
    _no_annotation_mark,
    _head_list,
    _second_arrow,
    _character,
    _anything,
)
