"""The front end as a whole: program text to checked core rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from emnesy.deep import run_deep
from emnesy.diagnostics import Diagnostic, ProgramError, Source, Span
from emnesy.garbage import collection_paused
from emnesy.language.checks import run_checks
from emnesy.language.checks.statements import without_prolog_directives
from emnesy.language.checks.stratification import may_deny_itself
from emnesy.language.checks.unit import Unit
from emnesy.language.constants import evaluate_constants
from emnesy.language.core import CoreProgram
from emnesy.language.desugar import desugar
from emnesy.language.files import Read, read_text
from emnesy.language.include import resolve_includes
from emnesy.language.parser import parse
from emnesy.language.split import split_statements
from emnesy.language.universal import without_all


class Analysis(NamedTuple):
    """What the front end finds out about a program without errors. Warnings are in the order of the text."""

    core: CoreProgram
    warnings: tuple[Diagnostic, ...]
    may_deny_itself: bool
    """Whether a predicate depends on its own negation: whether an atom does, grounding finds out."""


def analyse(
    source: Source, consts: Mapping[str, int | float | str], read: Read = read_text
) -> Analysis:
    """Parse, include, check and desugar a program. `consts` overrides named constants, `read` reads files.

    Raises:
        ProgramError: with every error found, in the order of the text.
    """
    try:
        with collection_paused():
            return run_deep(lambda: _analyse(source, consts, read))
    except RecursionError:
        raise nested_too_deeply(source) from None


def nested_too_deeply(source: Source) -> ProgramError:
    """The error for a program on which the compiler's recursion runs out, at its longest statement."""
    start, end = max(
        split_statements(source, lambda _: None),
        key=lambda place: place[1] - place[0],
        default=(0, len(source.text)),
    )
    return ProgramError(
        Diagnostic(
            "E0125",
            f"a term or body of `{source.name}` is nested too deeply",
            Span(source, start, end),
            help="break it up into predicates of their own",
        )
    )


def _analyse(source: Source, consts: Mapping[str, int | float | str], read: Read) -> Analysis:
    program = resolve_includes(parse(source), read)
    found: list[Diagnostic] = []
    constants = evaluate_constants(program.statements, consts, found.append)
    core = desugar(program, constants, found.append)
    unit = Unit(program, core)
    found += run_checks(unit)
    found.sort(key=lambda d: _place(d, source))
    errors = [d for d in found if d.severity == "error"]
    if errors:  # warnings about a program that is wrong anyway would bury them
        raise ProgramError(*errors)
    core = without_all(without_prolog_directives(unit))
    return Analysis(core, tuple(found), may_deny_itself(unit))


def _place(diagnostic: Diagnostic, source: Source) -> tuple[bool, str, int, str]:
    """Errors without a place first, then those of the program, then those of included files."""
    span = diagnostic.span
    if span is None:
        return (False, "", 0, diagnostic.code)
    name = "" if span.source is source else span.source.name
    return (True, name, span.start, diagnostic.code)
