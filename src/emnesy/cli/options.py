"""Options that several commands share, and reading the program they name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from emnesy.diagnostics import Diagnostic, ProgramError, Source

Constants = dict[str, "int | float | str"]

ProgramArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="A .nesy program; - reads the standard input.")
]
ConstantsOption = Annotated[
    list[str] | None,
    typer.Option("-c", "--const", metavar="NAME=VALUE", help="Override a named constant."),
]


def parse_constants(assignments: Iterable[str] | None) -> Constants:
    """``["n=15", "kind=small"]`` -> ``{"n": 15, "kind": "small"}``.

    Raises:
        ProgramError: an assignment is not ``name=value``, or a name comes twice.
    """
    constants: Constants = {}
    for assignment in assignments or ():
        name, equals, text = assignment.partition("=")
        name, text = name.strip(), text.strip()
        if not equals or not name.isidentifier() or not text:
            raise ProgramError(
                Diagnostic("E0803", f"`-c {assignment}` does not set a constant",
                           help="write `-c name=value`, for example `-c n=15`")
            )
        if name in constants:
            raise ProgramError(Diagnostic("E0803", f"`-c` sets the constant `{name}` twice"))
        constants[name] = parse_value(text)
    return constants


def parse_value(text: str) -> int | float | str:
    """A number where `text` reads as one, else the text; quotes around it are taken off."""
    for number in (int, float):
        try:
            value = number(text)
        except ValueError:
            continue
        if value - value == 0:  # not `inf`, not `nan`: those are names here
            return value
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def read_program(name: str) -> Source:
    """The text of a program file.

    Raises:
        ProgramError: it is missing, unreadable or not UTF-8.
    """
    import sys

    try:
        if name == "-":
            return Source("<stdin>", sys.stdin.buffer.read().decode("utf-8-sig"))
        return Source(name, Path(name).read_text(encoding="utf-8-sig"))
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
