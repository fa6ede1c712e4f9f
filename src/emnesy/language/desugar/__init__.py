"""The syntax tree into core rules. See the README of `emnesy.language` for what becomes what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

from emnesy.diagnostics import ProgramError
from emnesy.language import syntax
from emnesy.language.core import Atom, CoreProgram, Evidence, Query, Signature, TypeDecl
from emnesy.language.desugar.clauses import clause_rules, constraint_rules
from emnesy.language.desugar.directives import Directives, foreign_functions
from emnesy.language.desugar.scope import Scope, fail
from emnesy.language.fold import FoldError, fold
from emnesy.language.report import Report
from emnesy.language.substitute import variables
from emnesy.language.symbols import symbol_order
from emnesy.language.terms import Compound, Int, Term

_MOST_INSTANCES = 1_000_000


def desugar(program: syntax.Program, constants: Mapping[str, Term], report: Report) -> CoreProgram:
    """The core program. Statements with errors are reported and left out."""
    foreign = foreign_functions(program, report)
    scope = Scope(constants, report, foreign)
    directives = Directives()
    evidence: list[Evidence] = []
    queries: list[Query] = []
    observed: dict[Signature, None] = {}
    types: list[TypeDecl] = []

    def take(statement: syntax.Statement) -> None:
        if isinstance(statement, syntax.Clause):
            clause_rules(statement, scope)
        elif isinstance(statement, syntax.Constraint):
            constraint_rules(statement, scope)
        elif isinstance(statement, syntax.EvidenceStatement):
            for atom in _instances(statement.atom, scope):
                if any(True for argument in atom.args for _ in variables(argument)):
                    raise fail(
                        "E0406",
                        "evidence is about ground atoms, without variables",
                        atom.span,
                        "to condition on a whole rule, write a constraint",
                    )
                evidence.append(Evidence(atom, statement.holds, statement.span))
        elif isinstance(statement, syntax.QueryStatement):
            queries.extend(Query(a, statement.span) for a in _instances(statement.atom, scope))
        elif isinstance(statement, syntax.Observe):
            observed.update((one.signature, None) for one in statement.predicates)
        elif isinstance(statement, syntax.TypeDeclaration):
            types.append(_type(statement, scope))
        elif isinstance(statement, syntax.Directive):
            directives.add(statement, scope)

    for statement in program.statements:
        _guarded(take, statement, report)
    return CoreProgram(
        constants=dict(constants),
        rules=tuple(scope.rules),
        evidence=tuple(evidence),
        queries=tuple(queries),
        observed=tuple(observed),
        types=tuple(types),
        networks=directives.networks,
        data=directives.data,
        foreign=foreign,
        train_options=directives.train_options,
        engine=directives.engine,
        engine_options=directives.engine_options,
        symbol_order=symbol_order(program, constants),
    )


def _guarded(
    take: Callable[[syntax.Statement], None], statement: syntax.Statement, report: Report
) -> None:
    try:
        take(statement)
    except ProgramError as error:
        for diagnostic in error.diagnostics:
            report(diagnostic)


def _type(statement: syntax.TypeDeclaration, scope: Scope) -> TypeDecl:
    keys = scope.terms(statement.keys)
    if statement.value is None:
        return TypeDecl(Signature(statement.name, len(keys)), None, keys, statement.span)
    arguments = (*keys, scope.term(statement.value))
    return TypeDecl(Signature(statement.name, len(arguments)), len(keys), arguments, statement.span)


def _instances(atom: Atom, scope: Scope) -> list[Atom]:
    """The atoms that an atom with ranges stands for, arithmetic evaluated."""
    choices: list[list[Term]] = []
    count = 1
    for argument in scope.terms(atom.args):
        try:
            term = fold(argument)
        except FoldError as error:
            raise fail("E0313", f"this argument has no value: {error}", argument.span) from None
        if isinstance(term, Compound) and term.functor == "..":
            low, high = term.args
            if not isinstance(low, Int) or not isinstance(high, Int):
                raise fail("E0312", "the ends of this range are not integers", term.span)
            count *= max(0, high.value - low.value + 1)
            if count > _MOST_INSTANCES:
                raise fail("E0312", f"this stands for more than {_MOST_INSTANCES} atoms", atom.span)
            choices.append([Int(v, term.span) for v in range(low.value, high.value + 1)])
        else:
            choices.append([term])
    return [Atom(atom.name, args, atom.span) for args in product(*choices)]
