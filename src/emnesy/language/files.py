"""Reading program files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from emnesy.diagnostics import Diagnostic, ProgramError, Source

Read: TypeAlias = Callable[[Path], str]
"""The text of the file at a path. Raises OSError, or UnicodeDecodeError where it is no text."""


def read_text(path: Path) -> str:
    """The text of a file on disk."""
    return path.read_text(encoding="utf-8-sig")


def read_source(name: str | Path) -> Source:
    """The text of a program file; ``-`` is the standard input.

    Raises:
        ProgramError: it is missing, unreadable or not UTF-8.
    """
    import sys

    name = str(name)
    try:
        if name == "-":
            return Source("<stdin>", sys.stdin.buffer.read().decode("utf-8-sig"))
        return Source(name, read_text(Path(name)))
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8 text"
    except ValueError as error:  # a null character in the name
        reason = str(error)
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, FileNotFoundError):
            raise ProgramError(
                Diagnostic("E0801", f"there is no file `{name}`", help=_similar(Path(name)))
            ) from None
    raise ProgramError(Diagnostic("E0802", f"cannot read `{name}`: {reason}"))


def _similar(path: Path) -> str | None:
    from emnesy.diagnostics.suggest import closest

    try:
        found = closest(path.name, [p.name for p in path.parent.iterdir()])
    except OSError:
        return f"there is no folder `{path.parent}` either"
    return None if found is None else f"did you mean `{path.parent / found}`?"
