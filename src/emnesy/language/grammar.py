"""The Lark grammar, wherever it lies: in the wheel (``emnesy/grammars``) or in the repository."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lark import Lark, Token

_NAME = "nesy.lark"


def grammar_path() -> Path:
    """Where the grammar lies. In an editable install that is the repository's ``grammars/``."""
    import emnesy

    roots = [Path(p) for p in emnesy.__path__]
    folders = [root / "grammars" for root in roots]
    folders += [root.parent.parent / "grammars" for root in roots]
    for folder in folders:
        if (folder / _NAME).is_file():
            return folder / _NAME
    raise FileNotFoundError(f"the grammar {_NAME} is missing from this installation of emnesy")


@lru_cache(maxsize=1)
def grammar_text() -> str:
    """The grammar's text."""
    return grammar_path().read_text(encoding="utf-8")


def make_lark() -> Lark:
    """Lark's own parser of the grammar: the reference for `lalr`, and its voice where a text is wrong."""
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        maybe_placeholders=False,
        lexer_callbacks={"NAME": _name_or_variable},
    )


def is_capital(character: str) -> bool:
    """Whether a name that starts with it is a variable, as in Prolog: capitals of every script.

    Of ASCII's the grammar knows; regular expressions of `re` have no class for the others.
    """
    return character.isupper() or character.istitle()


def _name_or_variable(token: Token) -> Token:
    return token.update(type="VARIABLE") if is_capital(token[0]) else token
