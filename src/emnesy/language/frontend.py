"""The front end as a whole: program text to checked core rules."""

from __future__ import annotations

from collections.abc import Mapping

from emnesy.diagnostics import Diagnostic, ProgramError, Source
from emnesy.language.checks import run_checks
from emnesy.language.checks.unit import Unit
from emnesy.language.constants import evaluate_constants
from emnesy.language.core import CoreProgram
from emnesy.language.desugar import desugar
from emnesy.language.include import resolve_includes
from emnesy.language.parser import parse


def analyse(
    source: Source, consts: Mapping[str, int | float | str]
) -> tuple[CoreProgram, tuple[Diagnostic, ...]]:
    """Parse, include, check and desugar a program.

    `consts` overrides named constants. Returns the core program and the warnings, in the order of
    the text.

    Raises:
        ProgramError: with every error found, in the order of the text.
    """
    try:
        return _analyse(source, consts)
    except RecursionError:
        raise ProgramError(
            Diagnostic("E0125", f"terms or bodies of `{source.name}` are nested too deeply",
                       help="break them up into predicates of their own")
        ) from None


def _analyse(
    source: Source, consts: Mapping[str, int | float | str]
) -> tuple[CoreProgram, tuple[Diagnostic, ...]]:
    program = resolve_includes(parse(source))
    found: list[Diagnostic] = []
    constants = evaluate_constants(program.statements, consts, found.append)
    core = desugar(program, constants, found.append)
    found += run_checks(Unit(program, core))
    found.sort(key=lambda d: _place(d, source))
    errors = [d for d in found if d.severity == "error"]
    if errors:  # warnings about a program that is wrong anyway would bury them
        raise ProgramError(*errors)
    return core, tuple(found)


def _place(diagnostic: Diagnostic, source: Source) -> tuple[bool, str, int, str]:
    """Errors without a place first, then those of the program, then those of included files."""
    span = diagnostic.span
    if span is None:
        return (False, "", 0, diagnostic.code)
    name = "" if span.source is source else span.source.name
    return (True, name, span.start, diagnostic.code)
