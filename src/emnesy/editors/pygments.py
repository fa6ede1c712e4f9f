"""The Pygments lexer, found by Pygments under the alias ``nesy``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, default
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from emnesy.editors.tokens import Context, Role, rules
from emnesy.language.grammar import is_capital

TYPES: dict[Role, Any] = {
    Role.COMMENT: Comment,
    Role.KEYWORD: Keyword,
    Role.AGGREGATE: Name.Builtin,
    Role.WORD_OPERATOR: Operator.Word,
    Role.OPERATOR: Operator,
    Role.ARROW: Operator,
    Role.PUNCTUATION: Punctuation,
    Role.FUNCTOR: Name.Function,
    Role.SYMBOL: String.Symbol,
    Role.VARIABLE: Name.Variable,
    Role.FLOAT: Number.Float,
    Role.INTEGER: Number.Integer,
    Role.STRING: String.Double,
    Role.QUOTED: String.Symbol,
}


def _states() -> dict[str, list[Any]]:
    space: list[Any] = [
        (r"\s+", Whitespace),
        (r"%[^\n]*", Comment.Single),
        (r"/\*(?:.|\n)*?\*/", Comment.Multiline),
    ]
    states: dict[str, list[Any]] = {context.name: [*space] for context in Context}
    for rule in rules():
        for context in rule.contexts:
            turn = ("#pop", rule.after.name) if rule.after is not context else None
            entry = (rule.pattern, TYPES[rule.role])
            states[context.name].append(entry if turn is None else (*entry, turn))
    states[Context.OPERATOR.name].append(default(("#pop", Context.OPERAND.name)))
    states["root"] = [default(("#pop", Context.STATEMENT.name))]
    return states


class NesyLexer(RegexLexer):  # type: ignore[misc]
    """Highlights ``.nesy`` programs."""

    name = "nesy"
    aliases: ClassVar[list[str]] = ["nesy", "emnesy"]
    filenames: ClassVar[list[str]] = ["*.nesy"]
    mimetypes: ClassVar[list[str]] = ["text/x-nesy"]
    tokens: ClassVar[dict[str, list[Any]]] = _states()

    def get_tokens_unprocessed(
        self, text: str, stack: tuple[str, ...] = ("root",)
    ) -> Iterator[tuple[int, Any, str]]:
        """Offsets, types and texts. Names that start with a capital outside of ASCII are variables."""
        symbols = (TYPES[Role.SYMBOL], TYPES[Role.FUNCTOR])
        for offset, kind, value in super().get_tokens_unprocessed(text, stack):
            variable = kind in symbols and is_capital(value[:1])
            yield offset, TYPES[Role.VARIABLE] if variable else kind, value
