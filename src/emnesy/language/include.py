"""``:- include("file.nesy").``: another file's statements in the directive's place."""

from __future__ import annotations

from pathlib import Path

from emnesy.diagnostics import Diagnostic, ProgramError, Source
from emnesy.language import syntax
from emnesy.language.files import Read, read_text
from emnesy.language.parser import parse
from emnesy.language.terms import Str, Sym


def resolve_includes(program: syntax.Program, read: Read = read_text) -> syntax.Program:
    """`program` with the statements of every included file in place, each file once.

    Paths are relative to the including file; `read` gets them resolved.

    Raises:
        ProgramError: a file is missing, unreadable or wrong, or includes itself.
    """
    root = Path(program.source.name)
    statements = _resolve(program, (root.resolve(),), set(), read)
    return syntax.Program(tuple(statements), program.source)


def _resolve(
    program: syntax.Program, open_files: tuple[Path, ...], seen: set[Path], read: Read
) -> list[syntax.Statement]:
    statements: list[syntax.Statement] = []
    found: list[Diagnostic] = []
    for statement in program.statements:
        if not isinstance(statement, syntax.Directive) or statement.name != "include":
            statements.append(statement)
            continue
        try:
            shown, path = _target(statement, program.source)
            if path in open_files:
                raise ProgramError(
                    Diagnostic(
                        "E0211",
                        f"`{path.name}` includes itself",
                        statement.span,
                        help=" includes ".join(p.name for p in (*open_files, path)),
                    )
                )
            if path not in seen:
                seen.add(path)
                source = Source(str(shown), _text(path, shown, statement, read))
                statements += _resolve(parse(source), (*open_files, path), seen, read)
        except ProgramError as error:
            found.extend(error.diagnostics)
    if found:
        raise ProgramError(*found)
    return statements


def _target(directive: syntax.Directive, source: Source) -> tuple[Path, Path]:
    """The file that a directive names, as it is shown and resolved."""
    term = directive.arguments[0] if len(directive.arguments) == 1 else None
    if not isinstance(term, (Str, Sym)) or directive.options:
        raise ProgramError(
            Diagnostic(
                "E0210",
                "this is not how `include` is written",
                directive.span,
                help='write `:- include("file.nesy").`',
            )
        )
    shown = Path(source.name).parent / (term.value if isinstance(term, Str) else term.name)
    try:
        return shown, shown.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a null character
        raise _unreadable(shown, str(error), directive) from None


def _text(path: Path, shown: Path, directive: syntax.Directive, read: Read) -> str:
    try:
        return read(path)
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    raise _unreadable(shown, reason, directive)


def _unreadable(path: Path, reason: str, directive: syntax.Directive) -> ProgramError:
    return ProgramError(Diagnostic("E0802", f"cannot read `{path}`: {reason}", directive.span))
