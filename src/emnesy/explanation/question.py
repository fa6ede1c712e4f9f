"""An atom that somebody asks about, read as the program's own text is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emnesy.diagnostics import Diagnostic, ProgramError, Source
from emnesy.language import syntax
from emnesy.language.checks.names import check_names
from emnesy.language.checks.unit import Unit
from emnesy.language.core import Atom, Query
from emnesy.language.fold import FoldError, fold
from emnesy.language.include import resolve_includes
from emnesy.language.parser import parse
from emnesy.language.substitute import with_constants

if TYPE_CHECKING:
    from emnesy.pipeline import Program


def read_atom(text: str, program: Program) -> Atom:
    """``path(1, X)`` as an atom of `program`, its named constants replaced.

    Raises `ProgramError`: syntax errors, E0830 for anything but one atom, E0202 and E0203 for a predicate
    that the program does not have.
    """
    return program.deep(lambda: _read_atom(text, program))


def _read_atom(text: str, program: Program) -> Atom:
    source = Source("the atom", f"query({text.strip().removesuffix('.')}).")
    statements = parse(source).statements
    if len(statements) != 1 or not isinstance(statements[0], syntax.QueryStatement):
        raise ProgramError(
            Diagnostic(
                "E0830",
                f"`{text}` is no atom",
                help="write one atom, such as `path(1, 5)` or `path(1, X)`",
            )
        )
    written = statements[0].atom
    core = program.core
    try:
        args = tuple(fold(with_constants(argument, core.constants)) for argument in written.args)
    except FoldError as error:
        raise ProgramError(
            Diagnostic("E0830", f"an argument of `{text}` has no value: {error}", written.span)
        ) from None
    atom = Atom(written.name, args, written.span)
    whole = resolve_includes(program.syntax)
    unit = Unit(replace(whole, statements=(*whole.statements, *statements)),
                replace(core, queries=(Query(atom, atom.span),)))  # fmt: skip
    wrong = [d for d in check_names(unit) if d.span is not None and d.span.source is source]
    if wrong:
        raise ProgramError(*wrong)
    return atom
