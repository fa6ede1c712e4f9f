"""The Lark grammar, wherever it lies: in the wheel (``emnesy/grammars``) or in the repository."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer

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


def make_lark(transformer: Transformer[Token, Any]) -> Lark:
    """A parser for whole programs that calls `transformer` as it goes (no tree is kept)."""
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        transformer=transformer,
        propagate_positions=False,
        maybe_placeholders=False,
        start="start",
    )
