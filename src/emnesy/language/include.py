"""``:- include("file.nesy").``: another file's statements in the directive's place."""

from __future__ import annotations

from pathlib import Path

from emnesy.diagnostics import Diagnostic, ProgramError, Source
from emnesy.language import syntax
from emnesy.language.parser import parse
from emnesy.language.terms import Str, Sym


def resolve_includes(program: syntax.Program) -> syntax.Program:
    """`program` with the statements of every included file in place, each file once.

    Paths are relative to the including file.

    Raises:
        ProgramError: a file is missing, unreadable or wrong, or includes itself.
    """
    root = Path(program.source.name)
    statements = _resolve(program, (root.resolve(),), set())
    return syntax.Program(tuple(statements), program.source)


def _resolve(
    program: syntax.Program, open_files: tuple[Path, ...], seen: set[Path]
) -> list[syntax.Statement]:
    statements: list[syntax.Statement] = []
    found: list[Diagnostic] = []
    for statement in program.statements:
        if not isinstance(statement, syntax.Directive) or statement.name != "include":
            statements.append(statement)
            continue
        try:
            shown = _target(statement, program.source)
            path = shown.resolve()
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
                statements += _resolve(parse(_read(shown, statement)), (*open_files, path), seen)
        except ProgramError as error:
            found.extend(error.diagnostics)
    if found:
        raise ProgramError(*found)
    return statements


def _target(directive: syntax.Directive, source: Source) -> Path:
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
    return Path(source.name).parent / (term.value if isinstance(term, Str) else term.name)


def _read(path: Path, directive: syntax.Directive) -> Source:
    try:
        return Source(str(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    raise ProgramError(Diagnostic("E0802", f"cannot read `{path}`: {reason}", directive.span))
