"""Which tokens of a statement have a space between them, from what they are to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emnesy.language import syntax
from emnesy.language.lalr import COMMENT, Token
from emnesy.language.operators import COMPARISONS

_OPENING = {"LPAR", "LSQB", "AGGREGATE"}
_CLOSING = {"RPAR", "RSQB"}
_OPERAND_ENDS = {"NAME", "QUOTED", "VARIABLE", "INT", "FLOAT", "STRING", *_CLOSING, "CLOSE"}
_KEYWORDS = {"CONST", "OBSERVE", "TYPE"}
_LOOSE = {"COMMA", "SEMICOLON", "IF", "ARROW", "BAR", *_KEYWORDS}
"""A space follows these."""
_DELIMITERS = {"COMMA", "SEMICOLON", "IF", "ARROW", "BAR", "PROBABILITY", "END", *_KEYWORDS}


@dataclass
class Word:
    """A token in its statement."""

    kind: str
    """The terminal; INFIX and PREFIX where a sign is one, CLOSE for the end of an aggregate."""
    text: str
    start: int
    """Its place in the source."""
    gap: int
    """Spaces before it in the source; 0 where a line ends there."""
    apart: bool
    """Whether something stands between it and the token before, in the source."""
    newline: bool
    """Whether a line ends before it in the source."""
    opener: int | None
    """The innermost bracket around it; for a closing bracket, its own."""
    depth: int
    in_body: bool
    compact: bool = False
    space: bool = False


def words_of(text: str, tokens: Sequence[Token]) -> list[Word]:
    """The words of one statement, with the spaces before them."""
    words: list[Word] = []
    brackets: list[int] = []
    in_body = False
    before = ""
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind == "GREATER":
            closes = bool(brackets) and words[brackets[-1]].kind == "AGGREGATE"
            kind = "CLOSE" if closes else "INFIX"
        elif kind == "MINUS":
            kind = "INFIX" if before in _OPERAND_ENDS else "PREFIX"
        gap = text[tokens[index - 1].end : token.start] if index else ""
        closing = kind in _CLOSING or kind == "CLOSE"
        opener = brackets[-1] if brackets else None
        depth = len(brackets) - closing
        shown = text[token.start : token.end].rstrip()
        newline = "\n" in gap
        width = 0 if newline else len(gap)
        words.append(
            Word(kind, shown, token.start, width, bool(gap), newline, opener, depth, in_body)
        )
        if closing:
            brackets.pop()
        elif kind in _OPENING:
            brackets.append(index)
        in_body = in_body or kind == "IF"
        if kind != COMMENT:
            before = kind
    _mark_compact(words)
    for index in range(1, len(words)):
        words[index].space = _spaced(words, index)
    return words


def is_neural(words: Sequence[Word], index: int) -> bool:
    """Whether the ``::`` at `index` follows ``nn(...)``."""
    before = words[index - 1]
    return before.opener is not None and words[before.opener - 1].text == "nn"


def _mark_compact(words: list[Word]) -> None:
    """Operators without spaces: in probabilities, ranges, options and ``name/arity``."""
    start = 0
    for index, word in enumerate(words):
        if word.depth == 0 and word.kind == "PROBABILITY":
            if not is_neural(words, index):
                for inside in words[start : index + 1]:
                    inside.compact = True
        elif word.depth == 0 and word.kind == "SEMICOLON":
            start = index + 1
        elif word.kind == "INFIX" and word.text == "..":
            word.compact = True
            _mark_range(words, index, -1)
            _mark_range(words, index, 1)
    if not words:
        return
    kinds = [word.kind for word in words if word.kind != COMMENT]
    names = [word.text for word in words if word.kind != COMMENT]
    directive = kinds[0] == "IF" and len(names) > 2 and names[1] in syntax.DIRECTIVES
    for word in words:
        inside_directive = directive and word.depth == 1
        if word.kind == "INFIX" and (kinds[0] == "OBSERVE" or inside_directive):
            word.compact = True


def _mark_range(words: list[Word], index: int, step: int) -> None:
    depth = words[index].depth
    index += step
    while 0 <= index < len(words):
        word = words[index]
        if word.depth < depth or (word.depth == depth and word.kind in _DELIMITERS):
            return
        if word.depth == depth and word.kind == "INFIX":
            if word.text in COMPARISONS or word.text in ("is", "in"):
                return
            word.compact = True
        index += step


def _spaced(words: list[Word], index: int) -> bool:
    before, word = words[index - 1], words[index]
    if word.kind == COMMENT:
        return True
    if word.kind in ("COMMA", "END", "CLOSE", *_CLOSING):
        return False
    if before.kind == COMMENT:
        return True
    if before.kind in _OPENING:
        return False
    if before.kind == "PREFIX":
        if before.text in ("-", "+"):
            number = word.kind in ("INT", "FLOAT")
            return (number and word.apart) or word.kind == "PREFIX"
        return True
    if word.kind in ("IF", "ARROW", "BAR") or before.kind in _LOOSE:
        return True
    if word.kind == "SEMICOLON":
        return word.in_body
    if word.kind == "PROBABILITY":
        return not word.compact
    if before.kind == "PROBABILITY":
        return not before.compact
    if word.kind == "INFIX":
        return not word.compact or word.text.isalpha()
    if before.kind == "INFIX":
        sign = word.kind == "PREFIX" and word.text != "-"
        return not before.compact or before.text.isalpha() or sign
    return False
