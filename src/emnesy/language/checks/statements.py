"""Statements of other systems: what is one here in another form, and what is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from emnesy.diagnostics import Diagnostic
from emnesy.language import syntax
from emnesy.language.checks.unit import Unit, error, warning
from emnesy.language.core import Atom, CoreProgram, Match
from emnesy.language.terms import Compound, Str, Sym

_NO_LIBRARIES = "there are no libraries here; what the program uses it has to define"
_IGNORED = {
    "discontiguous": "clauses of one predicate may stand anywhere",
    "dynamic": "facts do not change while a program runs",
    "ensure_loaded": _NO_LIBRARIES,
    "initialization": "nothing is run: `query(atom).` says what is asked",
    "module": "there are no modules here",
    "multifile": "clauses of one predicate may stand in several files",
    "set_prolog_flag": "there are no flags here",
    "style_check": "`emnesy check` decides by itself what to warn of",
    "table": "recursion ends without it",
    "use_module": _NO_LIBRARIES,
}
_LOADING = ("consult", "ensure_loaded", "load_files", "use_module")
_STATEMENTS = ("query", "evidence")


def check_statements(unit: Unit) -> Iterator[Diagnostic]:
    """E0215, E0216, W0202."""
    for atom in prolog_directives(unit):
        if atom.name in _STATEMENTS:
            written = atom.span.text if atom.span is not None else f"{atom.name}(…)"
            yield error(
                "E0215",
                f"`:- {atom.name}(…)` states nothing: what follows `:-` is a condition that never holds",
                atom.span,
                f"write `{written}.`",
            )
        elif atom.name in _LOADING and not _is_library(atom):
            yield error(
                "E0215",
                f"`:- {atom.name}(…)` does not load a file",
                atom.span,
                f'write `:- include("{_file(atom)}").`',
            )
        else:
            yield warning(
                "W0202",
                f"`:- {atom.name}(…)` is Prolog's, and ignored",
                atom.span,
                _IGNORED.get(atom.name, _NO_LIBRARIES),
            )
    for signature, heads in unit.definitions.items():
        takes = {"query": (1,), "evidence": (1, 2)}.get(signature.name)
        if takes is not None and signature.arity not in takes and signature not in unit.uses:
            yield error(
                "E0216",
                f"`{signature}` is no statement, and no rule uses it as a predicate",
                heads[0].span,
                "write `query(atom).`"
                if signature.name == "query"
                else "write `evidence(atom).`, `evidence(atom, true).` or `evidence(atom, false).`",
            )


def prolog_directives(unit: Unit) -> list[Atom]:
    """The goals of constraints that are directives of Prolog or ProbLog and no predicates of the program."""
    found = []
    for statement in unit.program.statements:
        if not isinstance(statement, syntax.Constraint):
            continue
        goal = statement.body
        if not isinstance(goal, syntax.Literal) or goal.atom.signature in unit.definitions:
            continue
        if goal.atom.args and goal.atom.name in (*_IGNORED, *_LOADING, *_STATEMENTS):
            found.append(goal.atom)
    return found


def without_prolog_directives(unit: Unit) -> CoreProgram:
    """The core program without the constraints that are none."""
    ignored = {_place(atom) for atom in prolog_directives(unit)}
    if not ignored:
        return unit.core
    return replace(
        unit.core,
        rules=tuple(
            rule
            for rule in unit.core.rules
            if rule.heads
            or not any(isinstance(one, Match) and _place(one.atom) in ignored for one in rule.body)
        ),
    )


def _place(atom: Atom) -> tuple[int, int]:
    return (0, 0) if atom.span is None else (id(atom.span.source), atom.span.start)


def _file(atom: Atom) -> str:
    first = atom.args[0]
    return first.name if isinstance(first, Sym) else first.value if isinstance(first, Str) else "…"


def _is_library(atom: Atom) -> bool:
    first = atom.args[0]
    return isinstance(first, Compound) and first.functor == "library"
