"""Where the names of a program are defined and used: predicates, named constants, networks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal as OneOf

from emnesy.deep import run_deep
from emnesy.diagnostics import ProgramError, Source, Span
from emnesy.language import syntax
from emnesy.language.core import Atom, Signature
from emnesy.language.files import Read, read_text
from emnesy.language.include import resolve_includes
from emnesy.language.parser import parse_leniently
from emnesy.language.symbols import statement_terms
from emnesy.language.terms import Compound, Int, Sym, Term

_NAME = re.compile(r"'(?:[^'\\\n]|\\.|'')*'|\w+")


@dataclass(frozen=True)
class Symbol:
    """What a name stands for. `arity` is that of a predicate."""

    kind: OneOf["predicate", "constant", "network"]
    name: str
    arity: int = 0

    def __str__(self) -> str:
        return f"{self.name}/{self.arity}" if self.kind == "predicate" else self.name


@dataclass(frozen=True)
class Occurrence:
    """A place where a symbol's name stands, and the statement around it."""

    symbol: Symbol
    span: Span
    statement: syntax.Statement
    defines: bool = False


@dataclass(frozen=True)
class Index:
    """The occurrences of a program, included files and what can be read of a wrong program too."""

    program: syntax.Program
    """As written."""
    statements: tuple[syntax.Statement, ...] = field(repr=False)
    """Those of included files in their places."""

    @classmethod
    def of(cls, source: Source, read: Read = read_text) -> Index:
        """The index of a program; statements with syntax errors are left out. `read` reads included files."""
        try:
            program, _ = run_deep(lambda: parse_leniently(source))
        except RecursionError:
            program = syntax.Program((), source)
        try:
            return cls(program, run_deep(lambda: resolve_includes(program, read)).statements)
        except (ProgramError, RecursionError):  # the diagnostics say so
            return cls(program, program.statements)

    @property
    def source(self) -> Source:
        """The program's own text."""
        return self.program.source

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """In the order of the text."""
        constants = {s.name for s in self.statements if isinstance(s, syntax.Constant)}
        return tuple(
            occurrence
            for statement in self.statements
            for occurrence in _occurrences(statement, constants)
        )

    @cached_property
    def by_symbol(self) -> dict[Symbol, list[Occurrence]]:
        """The occurrences of each symbol."""
        found: dict[Symbol, list[Occurrence]] = {}
        for occurrence in self.occurrences:
            found.setdefault(occurrence.symbol, []).append(occurrence)
        return found

    def prepared(self) -> Index:
        """Itself, with all that it finds out when asked."""
        _ = self.by_symbol
        return self

    def at(self, offset: int) -> Occurrence | None:
        """The name at an offset of the program's own text, or just before it."""
        return next(
            (
                one
                for one in self.occurrences
                if one.span.source is self.source and one.span.start <= offset <= one.span.end
            ),
            None,
        )

    def definitions(self, symbol: Symbol) -> list[Occurrence]:
        """The heads, declarations or directives that define it."""
        return [one for one in self.by_symbol.get(symbol, ()) if one.defines]


def _occurrences(statement: syntax.Statement, constants: set[str]) -> Iterator[Occurrence]:
    def predicate(span: Span | None, signature: Signature, defines: bool = False) -> Occurrence:
        return Occurrence(Symbol("predicate", *signature), _name(span), statement, defines)

    if isinstance(statement, syntax.Clause):
        for alternative in statement.heads:
            yield predicate(alternative.head.span, alternative.head.signature, True)
            if isinstance(alternative.annotation, syntax.Neural):
                yield _network(alternative.annotation, statement)
        if statement.body is not None:
            yield from (predicate(a.span, a.signature) for a in _atoms(statement.body))
    elif isinstance(statement, syntax.Constraint):
        yield from (predicate(a.span, a.signature) for a in _atoms(statement.body))
    elif isinstance(statement, (syntax.EvidenceStatement, syntax.QueryStatement)):
        yield predicate(statement.atom.span, statement.atom.signature)
    elif isinstance(statement, syntax.Observe):
        yield from (predicate(p.span, p.signature) for p in statement.predicates)
    elif isinstance(statement, syntax.TypeDeclaration):
        arity = len(statement.keys) + (statement.value is not None)
        yield predicate(_after_first_word(statement), Signature(statement.name, arity))
    elif isinstance(statement, syntax.Constant):
        place = _name(_after_first_word(statement))
        yield Occurrence(Symbol("constant", statement.name), place, statement, True)
    elif statement.name == "foreign" and statement.arguments:
        declared = statement.arguments[0]
        if isinstance(declared, Compound) and declared.functor == "/":
            name, count = declared.args
            if isinstance(name, Sym) and isinstance(count, Int):
                yield predicate(name.span, Signature(name.name, count.value), True)
    elif statement.name == "network" and statement.arguments:
        name = statement.arguments[0]
        if isinstance(name, Sym) and name.span is not None:
            yield Occurrence(Symbol("network", name.name), name.span, statement, True)
    for term in statement_terms(statement):
        for symbol in _symbols(term):
            if symbol.name in constants and symbol.span is not None:
                yield Occurrence(Symbol("constant", symbol.name), symbol.span, statement)


def _atoms(goal: syntax.Goal) -> Iterator[Atom]:
    stack = [goal]
    while stack:
        part = stack.pop()
        if isinstance(part, syntax.Literal):
            yield part.atom
        elif isinstance(part, syntax.Negation):
            stack.append(part.goal)
        elif isinstance(part, (syntax.Conjunction, syntax.Disjunction)):
            stack.extend(reversed(part.goals))


def _symbols(term: Term) -> Iterator[Sym]:
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Sym):
            yield part
        elif isinstance(part, Compound):
            stack.extend(reversed(part.args))


def _network(annotation: syntax.Neural, statement: syntax.Statement) -> Occurrence:
    span = _span(annotation.span)
    inside = span.source.text.index("(", span.start) + 1
    place = _name(Span(span.source, inside, span.end))
    return Occurrence(Symbol("network", annotation.network), place, statement)


def _after_first_word(statement: syntax.Statement) -> Span:
    span = _span(statement.span)
    word = _name(span)
    return Span(span.source, word.end, span.end)


def _name(span: Span | None) -> Span:
    """The first name in a place."""
    place = _span(span)
    found = _NAME.search(place.source.text, place.start, place.end)
    return Span(place.source, found.start(), found.end()) if found else place


def _span(span: Span | None) -> Span:
    if span is None:
        raise AssertionError("what is read from a text has a place")
    return span
