"""Colour for `render`: ANSI's sixteen colours, which every theme defines."""

from __future__ import annotations

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "text": "1",
    "place": "0",
    "gutter": "34",
    "label": "34",
    "help": "1;36",
}


def ansi(role: str, text: str) -> str:
    """`text` with the escape codes of its role."""
    return f"\x1b[{_STYLES[role]}m{text}\x1b[0m" if text else text
