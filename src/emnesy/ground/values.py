"""Values of ground terms as Python objects: their order, their text, terms under a substitution."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from emnesy.language.core import Value
from emnesy.language.terms import Float, Int, Str, Sym, Term, Var


def value_order(value: Value, order: Mapping[str, int]) -> tuple[Any, ...]:
    """Sorts numbers by value, then symbols in the order in which the program states them."""
    if isinstance(value, tuple):
        return (2, len(value), tuple(value_order(v, order) for v in value))
    if isinstance(value, str):
        return (1, order.get(value, math.inf), value)
    return (0, value, isinstance(value, int))


def format_value(value: Value) -> str:
    """A value as a program would write it."""
    if isinstance(value, tuple):
        return f"({', '.join(format_value(v) for v in value)})"
    return str(value)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
}


def evaluate(term: Term, substitution: Mapping[str, Value]) -> Any:
    """The value of a head argument or input argument under a ground substitution."""
    if isinstance(term, Var):
        return substitution[term.name]
    if isinstance(term, Int | Float | Str):
        return term.value
    if isinstance(term, Sym):
        return term.name
    arguments = [evaluate(argument, substitution) for argument in term.args]
    if term.functor in _OPERATORS and len(arguments) == 2:
        return _OPERATORS[term.functor](*arguments)
    return tuple(arguments) if term.functor == "," else (term.functor, *arguments)
