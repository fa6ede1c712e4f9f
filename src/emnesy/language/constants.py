"""Named constants: ``const n = 4.`` and their values from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emnesy.diagnostics import Diagnostic, Label, ProgramError
from emnesy.diagnostics.suggest import did_you_mean
from emnesy.language import syntax
from emnesy.language.fold import FoldError, fold
from emnesy.language.report import Report
from emnesy.language.substitute import with_constants
from emnesy.language.terms import Compound, Float, Int, Sym, Term, Var


def evaluate_constants(
    statements: Iterable[syntax.Statement],
    overrides: Mapping[str, int | float | str],
    report: Report,
) -> dict[str, Term]:
    """The value of every constant. Values may use constants declared before them."""
    declared: dict[str, syntax.Constant] = {}
    values: dict[str, Term] = {}
    for statement in statements:
        if not isinstance(statement, syntax.Constant):
            continue
        name = statement.name
        if name in declared:
            report(
                Diagnostic(
                    "E0205",
                    f"the constant `{name}` is declared twice",
                    statement.span,
                    labels=_label(declared[name], "first declared here"),
                )
            )
            continue
        declared[name] = statement
        values[name] = (
            _from_python(overrides[name])
            if name in overrides
            else _value(statement, values, report)
        )
    for name in overrides:
        if name not in declared:
            known = ", ".join(f"`{n}`" for n in declared)
            report(
                Diagnostic(
                    "E0206",
                    f"the program declares no constant `{name}`",
                    help=did_you_mean(name, declared)
                    or (f"its constants are {known}" if known else "it declares none at all"),
                )
            )
    return values


def _value(statement: syntax.Constant, values: Mapping[str, Term], report: Report) -> Term:
    try:
        value = fold(with_constants(statement.value, values))
    except FoldError as error:
        report(
            Diagnostic(
                "E0207",
                f"the constant `{statement.name}` has no value: {error}",
                statement.value.span,
            )
        )
        return Int(0)
    if isinstance(value, (Compound, Var)):
        report(
            Diagnostic(
                "E0207",
                f"the constant `{statement.name}` is not a number, symbol or string",
                statement.value.span,
                help="its value may use constants declared before it",
            )
        )
        return Int(0)
    return value


def _from_python(value: int | float | str) -> Term:
    if isinstance(value, bool):
        return Sym(str(value).lower())
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ProgramError(
                Diagnostic("E0108", f"the integer {value} does not fit into 64 bits")
            )
        return Int(value)
    return Float(value) if isinstance(value, float) else Sym(value)


def _label(statement: syntax.Constant, text: str) -> tuple[Label, ...]:
    return () if statement.span is None else (Label(statement.span, text),)
