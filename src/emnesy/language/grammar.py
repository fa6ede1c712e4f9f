"""The Lark grammar, wherever it lies: in the wheel (``emnesy/grammars``) or in the repository."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

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
