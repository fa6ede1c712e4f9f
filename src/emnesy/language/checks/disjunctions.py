"""Separate probabilistic facts that look like one annotated disjunction."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.language import syntax
from emnesy.language.checks.unit import Unit
from emnesy.language.fold import FoldError, fold
from emnesy.language.terms import Float, Int, Sym

_Fact = tuple[syntax.HeadAtom, float]


def check_disjunctions(unit: Unit) -> Iterator[Diagnostic]:
    """W0403: neighbouring facts of one predicate that differ in one symbol and whose different

    probabilities sum to exactly one.
    """
    run: list[_Fact] = []
    for statement in (*unit.program.statements, None):
        fact = _fact(statement)
        if fact is not None and run and _differs_once(run[-1][0], fact[0]):
            run.append(fact)
            continue
        if len(run) > 1 and abs(sum(p for _, p in run) - 1) < 1e-9 and len({p for _, p in run}) > 1:
            yield Diagnostic(
                "W0403",
                f"these facts of `{run[0][0].signature}` are independent choices, although "
                "they sum to 1",
                run[1][0].span,
                tuple(Label(head.span, "the first of them") for head, _ in run[:1] if head.span),
                "write `;` instead of `.` between them if exactly one is true",
                "warning",
            )
        run = [] if fact is None else [fact]


def _fact(statement: syntax.Statement | None) -> _Fact | None:
    if not isinstance(statement, syntax.Clause) or statement.body or len(statement.heads) != 1:
        return None
    annotation = statement.heads[0].annotation
    if not isinstance(annotation, syntax.Fixed):
        return None
    try:
        value = fold(annotation.probability)
    except FoldError:
        return None
    return (statement.heads[0].head, value.value) if isinstance(value, (Int, Float)) else None


def _differs_once(first: syntax.HeadAtom, second: syntax.HeadAtom) -> bool:
    if first.signature != second.signature:
        return False
    pairs = [(a, b) for a, b in zip(first.args, second.args, strict=True) if a != b]
    return len(pairs) == 1 and all(isinstance(a, Sym) for a in pairs[0])
