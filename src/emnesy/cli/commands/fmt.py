"""``emnesy fmt``."""

from __future__ import annotations

import difflib
import io
from pathlib import Path
from typing import Annotated

import typer

from emnesy.cli.rewrite import File, program_files, read_file
from emnesy.cli.show import show_diagnostics
from emnesy.diagnostics import EmnesyError
from emnesy.language.files import read_source


def command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILES]...",
            help="Programs and folders of programs; - formats the standard input. "
            "Without any, the current folder.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name the files that would change.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing; show what would change.")
    ] = False,
) -> int:
    """Format programs: even spaces, indentation and line lengths.

    Exits with 0, also if files were changed; with --check or --diff with 1 if files would change; with 2
    if a file cannot be read or has syntax errors. Such files stay as they are.
    """
    from emnesy.language.formatting import format_program

    if files == ["-"]:
        return _standard_input(check, diff)
    changed = kept = failed = 0
    paths: list[Path] = []
    for name in files or ["."]:
        try:
            paths += program_files([Path(name)])
        except EmnesyError as error:
            show_diagnostics(error.diagnostics)
            failed += 1
    for path in dict.fromkeys(paths):
        try:
            file = read_file(path)
            text = format_program(file.source)
        except EmnesyError as error:
            show_diagnostics(error.diagnostics)
            failed += 1
            continue
        if file.encoded(text) == path.read_bytes():
            kept += 1
            continue
        changed += 1
        if diff:
            _show_diff(file, text)
        elif check:
            typer.echo(f"Would reformat: {path}")
        else:
            file.write(text)
    typer.echo(_summary(changed, kept, failed, dry=check or diff), err=diff)
    return 2 if failed else int(changed > 0 and (check or diff))


def _standard_input(check: bool, diff: bool) -> int:
    from emnesy.language.formatting import format_program

    try:
        source = read_source("-")
        text = format_program(source)
    except EmnesyError as error:
        show_diagnostics(error.diagnostics)
        return 2
    if diff:
        _show_diff(File(Path("<stdin>"), source.text, False, "\n"), text)
    elif not check:
        typer.echo(text, nl=False)
    return int(text != source.text and (check or diff))


def _show_diff(file: File, text: str) -> None:
    lines = difflib.unified_diff(
        list(io.StringIO(file.text)),
        list(io.StringIO(text)),
        str(file.path),
        str(file.path),
    )
    for line in lines:
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        typer.echo(line + end, nl=False)


def _summary(changed: int, kept: int, failed: int, *, dry: bool) -> str:
    parts = []
    if changed:
        parts.append(f"{_files(changed)} {'would be ' if dry else ''}reformatted")
    if kept:
        parts.append(f"{_files(kept)} {'already formatted' if dry else 'left unchanged'}")
    if failed:
        parts.append(f"{_files(failed)} with errors")
    return ", ".join(parts) or "no programs found"


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"
