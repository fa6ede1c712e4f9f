"""Variables that occur once in their statement: most often a typing error."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic
from emnesy.language import syntax
from emnesy.language.checks.unit import Unit, warning
from emnesy.language.substitute import variables
from emnesy.language.symbols import statement_terms
from emnesy.language.terms import Compound, Var


def check_singletons(unit: Unit) -> Iterator[Diagnostic]:
    """W0301. Variables that start with `_` are meant to occur once."""
    for statement in unit.program.statements:
        if not isinstance(statement, (syntax.Clause, syntax.Constraint)):
            continue
        if (
            isinstance(statement, syntax.Clause)
            and statement.body is None
            and len(statement.heads) == 1
            and statement.heads[0].annotation is None
        ):
            continue  # a fact; its variables are unsafe, which says more
        single: dict[str, Var | None] = {}
        for term in statement_terms(statement):
            if type(term) is Var:
                single[term.name] = None if term.name in single else term
            elif type(term) is Compound:
                for var in variables(term):
                    single[var.name] = None if var.name in single else var
        for annotated in statement.heads if isinstance(statement, syntax.Clause) else ():
            output = getattr(annotated.annotation, "output", None)
            if isinstance(output, Var):
                single[output.name] = None if output.name in single else output
        for name, one in single.items():
            if one is not None and not name.startswith("_"):
                yield warning(
                    "W0301",
                    f"`{name}` occurs only once in this statement",
                    one.span,
                    f"write `_{name}` or `_` if that is meant",
                )
