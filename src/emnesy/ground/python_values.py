"""Terms as Python's values and back, for functions that are called with them.

| term | value |
|---|---|
| integer, float | `int`, `float` |
| symbol | `str`; ``true`` and ``false`` are `bool` |
| string | `String`, a `str` |
| list | `list` |
| tuple ``(a, b)`` | `tuple` |
| other compound term | `Compound` |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emnesy.deep import on_large_stack
from emnesy.language import terms
from emnesy.language.terms import Float, Int, Str, Sym, Term

if TYPE_CHECKING:
    from emnesy import _core

INTEGER, FLOAT, SYMBOL, STRING, COMPOUND, CELL = range(6)
"""Kinds of values, as in cpp/include/emnesy/value.hpp."""

_LEAST, _GREATEST = -(2**63), 2**63 - 1
_DEEPEST = 10_000  # ValueTable::max_depth
_EMPTY = Sym("[]")


class String(str):
    """A double-quoted string of the language; a plain `str` is a symbol."""

    __slots__ = ()


@dataclass(frozen=True)
class Compound:
    """A compound term of the language, ``functor(arguments, ...)``."""

    functor: str
    arguments: tuple[Any, ...]


class NoTerm(Exception):  # noqa: N818  (says of a value what is wrong with it; the caller knows where)
    """A value that no term of the language stands for."""


def term_at(values: _core.ValueTable, value: int) -> Term:
    """A ground value as a term; `TypeError` for computed numbers."""
    items: list[int] = []
    while values.kind(value) == COMPOUND and values.text(value) == "[|]":
        head, value = values.arguments(value)  # lists may be long, so they do not recurse
        items.append(head)
    kind = values.kind(value)
    last: Term
    if kind == COMPOUND:
        arguments = tuple(term_at(values, a) for a in values.arguments(value))
        last = terms.Compound(values.text(value), arguments)
    elif kind == CELL:
        raise TypeError("a computed number is no ground term")
    elif kind in (SYMBOL, STRING):
        last = (Sym if kind == SYMBOL else Str)(values.text(value))
    else:
        number = values.number(value)
        last = Int(int(number)) if kind == INTEGER else Float(float(number))
    for item in reversed(items):
        last = terms.Compound("[|]", (term_at(values, item), last))
    return last


def put(values: _core.ValueTable, term: Term) -> int:
    """The value of a ground term in a table."""
    if isinstance(term, Int):
        return values.integer(term.value)
    if isinstance(term, Float):
        return values.real(term.value)
    if isinstance(term, Sym):
        return values.symbol(term.name)
    if isinstance(term, Str):
        return values.string(term.value)
    if isinstance(term, terms.Var):
        raise TypeError("a variable is no ground term")
    if len(term.args) != 2:
        return values.compound(term.functor, [put(values, argument) for argument in term.args])
    items, rest = _items(term)  # lists may be long, so they do not recurse
    found = put(values, rest)
    for item in reversed(items):
        found = values.compound(term.functor, [put(values, item), found])
    return found


def to_python(term: Term) -> Any:
    """A ground term as a value of Python's; see the module's table."""
    if isinstance(term, Int | Float):
        return term.value
    if isinstance(term, Str):
        return String(term.value)
    if isinstance(term, Sym):
        if term == _EMPTY:
            return []
        return term.name == "true" if term.name in ("true", "false") else term.name
    if isinstance(term, terms.Var):
        raise TypeError("a variable is no ground term")
    if term.functor in ("[|]", ",") and len(term.args) == 2:
        items, rest = _items(term)
        if term.functor == ",":
            return tuple(to_python(item) for item in (*items, rest))
        if rest == _EMPTY:
            return [to_python(item) for item in items]
    return Compound(term.functor, tuple(to_python(a) for a in term.args))


def to_term(value: Any) -> Term:
    """What a function gave, as a term. NumPy's scalars are numbers too.

    Raises:
        NoTerm: nothing in the language stands for it: NaN, integers of more than 64 bits, None, sets, …
    """
    try:
        return _term(value)[0]
    except RecursionError:
        if not on_large_stack():
            raise
        raise NoTerm("a value that is nested too deeply") from None


def _items(term: terms.Compound) -> tuple[list[Term], Term]:
    """The items of a list or tuple, and what stands after the last pair."""
    items: list[Term] = []
    rest: Term = term
    while isinstance(rest, terms.Compound) and rest.functor == term.functor and len(rest.args) == 2:
        items.append(rest.args[0])
        rest = rest.args[1]
    return items, rest


def _term(value: Any) -> tuple[Term, int]:
    """The term and how deeply it is nested; a list is as deep as it is long."""
    if isinstance(value, bool | np.bool_):
        return Sym("true" if value else "false"), 0
    if isinstance(value, int | np.integer):
        number = int(value)
        if not _LEAST <= number <= _GREATEST:
            raise NoTerm(f"{_short(number)}, which has more than 64 bits")
        return Int(number), 0
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            raise NoTerm(f"{float(value)}, which is no number here")
        return Float(float(value)), 0
    if isinstance(value, str):
        return (Str if isinstance(value, String) else Sym)(_text(value)), 0
    if isinstance(value, list):
        return _pairs("[|]", value, _EMPTY)
    if isinstance(value, tuple) and len(value) > 1:
        return _pairs(",", value[:-1], value[-1])
    if isinstance(value, Compound):
        arguments = value.arguments
        if not (isinstance(value.functor, str) and isinstance(arguments, tuple) and arguments):
            raise NoTerm("a Compound that is no Compound(name, (argument, …))")
        parts = [_term(argument) for argument in value.arguments]
        term = terms.Compound(_text(value.functor), tuple(part for part, _ in parts))
        return term, _bounded(1 + max(depth for _, depth in parts))
    if value is None:
        raise NoTerm("None inside a value; None alone means that there is no value")
    raise NoTerm(f"a value of type {_type(value)}, which no term stands for")


def _pairs(functor: str, items: Any, last: Any) -> tuple[Term, int]:
    term, depth = (last, 0) if last is _EMPTY else _term(last)
    for item in reversed(items):
        head, inner = _term(item)
        term, depth = terms.Compound(functor, (head, term)), _bounded(1 + max(depth, inner))
    return term, depth


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NoTerm("a text with half a surrogate pair, which is no Unicode") from None
    return str.__str__(value)


def _bounded(depth: int) -> int:
    if depth > _DEEPEST:
        raise NoTerm(
            f"a value nested more than {_DEEPEST:,} deep (a list is as deep as it is long)"
        )
    return depth


def _short(number: int) -> str:
    if number.bit_length() > 400:  # Python refuses to write numbers of thousands of digits
        return f"an integer of {number.bit_length():,} bits"
    return str(number)


def _type(value: Any) -> str:
    kind = type(value)
    if isinstance(value, tuple):
        return "tuple with fewer than two items"
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
