"""What a clause read as plain terms means: plain terms -> `syntax` statements.

Every function raises `ProgramError` with the diagnostics of one statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn, TypeGuard

from emnesy.diagnostics import Diagnostic, ProgramError, Span
from emnesy.diagnostics.suggest import did_you_mean
from emnesy.language import syntax
from emnesy.language.annotations import annotation
from emnesy.language.core import Atom, Signature
from emnesy.language.operators import ARITHMETIC, COMPARISONS
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, Var

AGGREGATES = ("count", "sum", "min", "max", "avg", "argmin", "argmax", "any", "all")
_ARITY = {"argmin": 2, "argmax": 2, "any": 0, "all": 0}
_NOT_TERMS = {",", *COMPARISONS, "is", "in", "\\+", ";", "->", "::"}
_NO_NAMES = {*_NOT_TERMS, "..", "[|]", "[]"}


def clause(heads: list[Term], body: Term | None, span: Span) -> syntax.Statement:
    """A fact or rule, or one of the statements that look like one (``evidence``, ``query``)."""
    if len(heads) == 1 and body is None and isinstance(heads[0], Compound):
        name, arity = heads[0].functor, len(heads[0].args)
        if name == "evidence" and arity in (1, 2):
            return _evidence(heads[0], span)
        if name == "query" and arity == 1:
            return syntax.QueryStatement(_atom(heads[0].args[0]), span)
    if body is not None and len(heads) == 1 and _is_call(heads[0], "query", "evidence"):
        fail(
            "E0111",
            f"`{heads[0].functor}` cannot have a body",
            heads[0].span,
            "define a predicate with this body and name it in the statement",
        )
    annotated = tuple(_annotated_head(head) for head in heads)
    if len(annotated) > 1:
        plain = next((a for a in annotated if a.annotation is None), None)
        if plain is not None:
            fail(
                "E0112",
                "every alternative of an annotated disjunction needs a probability",
                plain.span,
                f"write `0.5::{plain.head.name}…`, or one rule per head",
            )
    return syntax.Clause(annotated, None if body is None else goal(body), span)


def constraint(body: Term, span: Span) -> syntax.Statement:
    """``:- body.``: a constraint, or a directive where the one goal has a directive's name."""
    if isinstance(body, Compound) and body.functor in syntax.DIRECTIVES:
        return _directive(body, span)
    if isinstance(body, Sym) and body.name in syntax.DIRECTIVES:
        return syntax.Directive(body.name, (), {}, span)
    return syntax.Constraint(goal(body), span)


def constant(term: Term, span: Span) -> syntax.Statement:
    """``const name = value.``"""
    if not _is_call(term, "=") or not isinstance(term.args[0], Sym):
        fail("E0113", "a constant is declared as `const name = value.`", term.span)
    return syntax.Constant(term.args[0].name, plain(term.args[1]), span)


def observe(terms: list[Term], span: Span) -> syntax.Statement:
    """``observe sum/2, valid/0.``"""
    predicates = []
    for term in terms:
        if not _is_call(term, "/"):
            fail(
                "E0114",
                "`observe` names predicates as `name/arity`",
                term.span,
                "write `observe sum/2.`",
            )
        name, arity = term.args
        if not isinstance(name, Sym) or not isinstance(arity, Int):
            fail(
                "E0114",
                "`observe` names predicates as `name/arity`",
                term.span,
                "write `observe sum/2.`",
            )
        predicates.append(syntax.ObservedPredicate(Signature(name.name, arity.value), term.span))
    return syntax.Observe(tuple(predicates), span)


def type_declaration(term: Term, span: Span) -> syntax.Statement:
    """``type p(int, int -> 0..9).``"""
    value: Term | None = None
    if _is_call(term, "->"):
        value = plain(term.args[1])
        term = term.args[0]
    if isinstance(term, Sym):
        return syntax.TypeDeclaration(term.name, (), None, span)
    if not isinstance(term, Compound) or term.functor in _NOT_TERMS | {"/"}:
        fail("E0115", "a type is declared as `type p(int, int -> 0..9).`", term.span)
    return syntax.TypeDeclaration(
        term.functor, tuple(plain(argument) for argument in term.args), value, span
    )


def goal(term: Term) -> syntax.Goal:
    """A body, or a part of one."""
    span = term.span
    if isinstance(term, Compound) and len(term.args) == 2 and term.functor in _NOT_TERMS:
        left, right = term.args
        if term.functor == ",":
            return syntax.Conjunction(tuple(goal(t) for t in _spread(term, ",")), span)
        if term.functor == ";":
            return syntax.Disjunction(tuple(goal(t) for t in _spread(term, ";")), span)
        if term.functor == "in":
            if not _is_call(right, ".."):
                fail("E0116", "`in` is followed by a range", right.span, "write `X in 0..9`")
            return syntax.Comparison("in", plain(left), plain(right), span)
        if term.functor in (*COMPARISONS, "is"):
            return syntax.Comparison(term.functor, plain(left), plain(right), span)
    if _is_call(term, "\\+"):
        return syntax.Negation(goal(term.args[0]), span)
    return syntax.Literal(_atom(term), span)


def plain(term: Term) -> Term:
    """`term`, where no goals, aggregates or declarations hide in it."""
    if type(term) is not Compound:
        return term
    for part in _walk(term):
        if type(part) is not Compound:
            continue
        if part.functor.endswith("<>"):
            fail(
                "E0117",
                f"the aggregate `{part.functor[:-1]}…>` stands outside of a rule's head",
                part.span,
                "aggregates are arguments of a head: `total(sum<X>) :- item(X).`",
            )
        if part.functor in _NOT_TERMS and part.functor != ",":
            fail("E0118", f"`{part.functor}` does not belong inside of a term", part.span)
    return term


def fail(code: str, message: str, span: Span | None, help: str | None = None) -> NoReturn:
    """Raise one diagnostic."""
    raise ProgramError(Diagnostic(code, message, span, help=help))


def _annotated_head(term: Term) -> syntax.AnnotatedHead:
    if not _is_call(term, "::"):
        return syntax.AnnotatedHead(_head(term), None, term.span)
    left, right = term.args
    return syntax.AnnotatedHead(_head(right), annotation(plain(left)), term.span)


def _head(term: Term) -> syntax.HeadAtom:
    if not isinstance(term, Compound):
        return syntax.HeadAtom(_atom(term).name, (), term.span)
    args: list[Term | syntax.Aggregate] = []
    for argument in term.args:
        if isinstance(argument, Compound) and argument.functor.endswith("<>"):
            args.append(_aggregate(argument))
        else:
            args.append(plain(argument))
    _check_name(term.functor, sum(type(a) is not syntax.Aggregate for a in args), term.span)
    return syntax.HeadAtom(term.functor, tuple(args), term.span)


def _aggregate(term: Compound) -> syntax.Aggregate:
    name = term.functor[:-2]
    if name not in AGGREGATES:
        fail(
            "E0119",
            f"unknown aggregate `{name}`",
            term.span,
            did_you_mean(name, AGGREGATES) or f"aggregates are {', '.join(AGGREGATES)}",
        )
    arity = _ARITY.get(name, 1)
    if len(term.args) != arity:
        shape = {0: f"{name}<>", 1: f"{name}<E>", 2: f"{name}<T, E>"}[arity]
        fail(
            "E0120",
            f"`{name}` takes {_count(arity)}, not {len(term.args)}",
            term.span,
            f"write `{shape}`",
        )
    return syntax.Aggregate(name, tuple(plain(a) for a in term.args), term.span)


def _atom(term: Term) -> Atom:
    if isinstance(term, Sym) and term.name != "[]":
        return Atom(term.name, (), term.span)
    if isinstance(term, Compound):
        _check_name(term.functor, len(term.args), term.span)
        return Atom(term.functor, tuple([plain(a) for a in term.args]), term.span)
    if isinstance(term, Var):
        fail(
            "E0104",
            f"`{term.name.partition('#')[0]}` is a variable, not a predicate",
            term.span,
            "names of predicates start with a lower-case letter",
        )
    what = {Int: "a number", Float: "a number", Str: "a string"}.get(type(term), "a list")
    fail("E0121", f"expected a predicate here, found {what}", term.span)


def _check_name(name: str, arity: int, span: Span | None) -> None:
    if name in _NO_NAMES or ((name, arity) in ARITHMETIC and not name.isalpha()):
        what = "a list" if name == "[|]" else f"`{name}`"
        fail("E0121", f"expected a predicate here, found {what}", span)


def _evidence(term: Compound, span: Span) -> syntax.Statement:
    target, holds = term.args[0], True
    if len(term.args) == 2:
        value = term.args[1]
        if not isinstance(value, Sym) or value.name not in ("true", "false"):
            fail("E0122", "the second argument of `evidence` is `true` or `false`", value.span)
        holds = value.name == "true"
    if _is_call(target, "\\+"):
        target, holds = target.args[0], not holds
    return syntax.EvidenceStatement(_atom(target), holds, span)


def _directive(term: Compound, span: Span) -> syntax.Statement:
    arguments: list[Term] = []
    options: dict[str, Term] = {}
    for argument in term.args:
        if _is_call(argument, "="):
            key, value = argument.args
            if not isinstance(key, Sym):
                fail("E0123", "an option is written `key=value`", argument.span)
            if key.name in options:
                fail("E0124", f"the option `{key.name}` is given twice", argument.span)
            options[key.name] = plain(value)
        elif options:
            fail("E0123", "arguments come before options", argument.span)
        else:
            arguments.append(plain(argument))
    return syntax.Directive(term.functor, tuple(arguments), options, span)


def _is_call(term: Term, *names: str) -> TypeGuard[Compound]:
    return isinstance(term, Compound) and term.functor in names


def _spread(term: Term, functor: str) -> Iterator[Term]:
    """The items of a right-nested chain, those of chains within its items too."""
    stack = [term]
    while stack:
        item = stack.pop()
        if isinstance(item, Compound) and item.functor == functor and len(item.args) == 2:
            stack.extend(reversed(item.args))
        else:
            yield item


def _walk(term: Term) -> Iterator[Term]:
    stack = [term]
    while stack:
        item = stack.pop()
        yield item
        if isinstance(item, Compound):
            stack.extend(item.args)


def _count(number: int) -> str:
    return {0: "no argument", 1: "one argument"}.get(number, f"{number} arguments")
