"""The registry of diagnostic codes: the pages in ``pages/``, one Markdown file per code.

A page starts with ``# E0203: short name`` and says what the code means, with a wrong example and how
to put it right. Adding a code is adding a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True)
class Page:
    """What is known about a code."""

    code: str
    title: str
    text: str


@lru_cache(maxsize=1)
def codes() -> tuple[str, ...]:
    """Every registered code, sorted."""
    names = (entry.name for entry in resources.files(__package__).joinpath("pages").iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in names if name.endswith(".md")))


def page(code: str) -> Page:
    """The page of a code.

    Raises:
        KeyError: the code is not registered.
    """
    if code not in codes():
        raise KeyError(code)
    file = resources.files(__package__).joinpath("pages").joinpath(f"{code}.md")
    text = file.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix(f"# {code}: ")
    return Page(code, title, text)
