"""What each terminal of the grammar is to a highlighter, and where it may stand.

One list for the Pygments lexer and the TextMate grammar. The regular expressions are those of
`grammars/nesy.lark`; the context (is an operand or an operator expected?) stands for what the parser's
states tell the real lexer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from lark import Lark

from emnesy.language import syntax
from emnesy.language.grammar import grammar_text
from emnesy.language.statements import AGGREGATES


class Role(Enum):
    """What a token is."""

    COMMENT = "comment"
    KEYWORD = "keyword"
    """A word that makes a statement: ``const``, ``query``, ``network`` after ``:-``."""
    AGGREGATE = "aggregate"
    WORD_OPERATOR = "word operator"
    OPERATOR = "operator"
    ARROW = "arrow"
    """``:-`` and ``::``, between the parts of a clause."""
    PUNCTUATION = "punctuation"
    FUNCTOR = "functor"
    """A name before its arguments."""
    SYMBOL = "symbol"
    VARIABLE = "variable"
    FLOAT = "float"
    INTEGER = "integer"
    STRING = "string"
    QUOTED = "quoted symbol"


class Context(Enum):
    """Where a token may stand."""

    STATEMENT = "at the start of a statement"
    DIRECTIVE = "after the arrow that starts a statement"
    OPERAND = "where an operand is expected"
    OPERATOR = "after an operand"


STATEMENT, DIRECTIVE = Context.STATEMENT, Context.DIRECTIVE
OPERAND, OPERATOR = Context.OPERAND, Context.OPERATOR


@dataclass(frozen=True)
class Rule:
    """Texts that match `pattern` where `contexts` allow have the role; `after` is the context behind them."""

    role: Role
    pattern: str
    contexts: tuple[Context, ...]
    after: Context


CALLED = r"(?=\s*\()"
_OLD_IF = r"<-(?![\dA-Z_(])"
"""The parser knows whether ``<-`` ends a head; here, what follows looks like a body or a number."""


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The rules in the order in which they are tried. Comments and space are not among them."""
    lark = Lark(grammar_text(), parser=None, lexer="basic", maybe_placeholders=False)
    terminal = {t.name: t.pattern.to_regexp() for t in lark.terminals}
    operands, later = (STATEMENT, DIRECTIVE, OPERAND), (DIRECTIVE, OPERAND, OPERATOR)
    directives = "|".join(syntax.DIRECTIVES)
    word = r"(?=[^\W\d_])"

    def several(*names: str) -> str:
        return "|".join(terminal[name] for name in names)

    return (
        Rule(Role.KEYWORD, several("CONST", "OBSERVE", "TYPE"), (STATEMENT,), OPERAND),
        Rule(Role.KEYWORD, rf"(?:query|evidence)\b{CALLED}", (STATEMENT,), OPERATOR),
        Rule(Role.KEYWORD, rf"(?:{directives})\b{CALLED}", (DIRECTIVE,), OPERATOR),
        Rule(Role.KEYWORD, rf"nn\b{CALLED}", operands, OPERATOR),
        Rule(Role.AGGREGATE, rf"(?:{'|'.join(AGGREGATES)})(?=<(?![=<]))", (OPERAND,), OPERATOR),
        Rule(Role.WORD_OPERATOR, rf"{word}(?:{terminal['PREFIX']})", operands, OPERAND),
        Rule(Role.WORD_OPERATOR, rf"{word}(?:{terminal['INFIX']})", (OPERATOR,), OPERAND),
        Rule(Role.FUNCTOR, rf"(?:{terminal['NAME']}){CALLED}", operands, OPERATOR),
        Rule(Role.SYMBOL, terminal["NAME"], operands, OPERATOR),
        Rule(Role.QUOTED, terminal["QUOTED"], operands, OPERATOR),
        Rule(Role.VARIABLE, terminal["VARIABLE"], operands, OPERATOR),
        Rule(Role.FLOAT, terminal["FLOAT"], operands, OPERATOR),
        Rule(Role.INTEGER, terminal["INT"], operands, OPERATOR),
        Rule(Role.STRING, terminal["STRING"], operands, OPERATOR),
        Rule(Role.ARROW, f"{_OLD_IF}|{terminal['IF']}", (STATEMENT,), DIRECTIVE),
        Rule(Role.ARROW, f"{_OLD_IF}|{several('IF', 'PROBABILITY', 'ARROW')}", later, OPERAND),
        Rule(Role.OPERATOR, several("PREFIX", "MINUS"), operands, OPERAND),
        Rule(Role.OPERATOR, several("INFIX", "MINUS", "GREATER"), later, OPERAND),
        Rule(Role.PUNCTUATION, several("COMMA", "SEMICOLON", "BAR"), (STATEMENT, *later), OPERAND),
        Rule(Role.PUNCTUATION, several("LPAR", "LSQB"), (STATEMENT, *later), OPERAND),
        Rule(Role.PUNCTUATION, several("RPAR", "RSQB"), (STATEMENT, *later), OPERATOR),
        Rule(Role.PUNCTUATION, terminal["END"], (STATEMENT, *later), STATEMENT),
    )
