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
        counts: dict[str, tuple[Var, int]] = {}
        for term in statement_terms(statement):
            if not isinstance(term, (Var, Compound)):
                continue
            for var in variables(term):
                counts[var.name] = (var, counts.get(var.name, (var, 0))[1] + 1)
        for annotated in statement.heads if isinstance(statement, syntax.Clause) else ():
            output = getattr(annotated.annotation, "output", None)
            if isinstance(output, Var):
                counts[output.name] = (output, counts.get(output.name, (output, 0))[1] + 1)
        for name, (var, count) in counts.items():
            if count == 1 and not name.startswith("_"):
                yield warning(
                    "W0301",
                    f"`{name}` occurs only once in this statement",
                    var.span,
                    f"write `_{name}` or `_` if that is meant",
                )
