"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from emnesy.diagnostics import DataError, Diagnostic, ProgramError

Constants = dict[str, "int | float | str"]

ProgramArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="A .nesy program; - reads the standard input.")
]
ConstantsOption = Annotated[
    list[str] | None,
    typer.Option("-c", "--const", metavar="NAME=VALUE", help="Override a named constant."),
]

MaxGroundOption = Annotated[
    int | None,
    typer.Option(min=1, help="Most atoms and rules of the ground program (default 20,000,000)."),
]
EngineOption = Annotated[str | None, typer.Option(help="Inference engine (see `emnesy engines`).")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Engine threads.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of engines that sample.")]
AllAtomsOption = Annotated[
    bool, typer.Option("--all", help="Also atoms that no query asks for, and choices behind them.")
]
EngineOptionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--engine-option",
        metavar="KEY=VALUE",
        help="An option of the engine (docs/engines.md); can be repeated.",
    ),
]
AllowForeignOption = Annotated[
    bool,
    typer.Option(
        "--allow-foreign",
        help="Import and call the Python functions that the program names by `:- foreign(...)`.",
    ),
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
                Diagnostic(
                    "E0803",
                    f"`-c {assignment}` does not set a constant",
                    help="write `-c name=value`, for example `-c n=15`",
                )
            )
        if name in constants:
            raise ProgramError(Diagnostic("E0803", f"`-c` sets the constant `{name}` twice"))
        constants[name] = parse_value(text)
    return constants


def parse_pairs(option: str, given: Iterable[str] | None) -> dict[str, Any]:
    """``name=value`` texts as a mapping; values are numbers, true, false or text.

    Raises:
        DataError: a text is not ``name=value``; `option` is the one it was given to.
    """
    result = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise DataError(
                Diagnostic(
                    "E0810",
                    f"`{option} {text}` sets no option",
                    help=f"write {option} name=value",
                )
            )
        result[name.strip()] = parse_option_value(value.strip())
    return result


def parse_option_value(text: str) -> int | float | str | bool:
    """Like `parse_value`, and true and false."""
    return text == "true" if text in ("true", "false") else parse_value(text)


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
