"""Arithmetic on terms without variables: constants, literal probabilities, domains, options.

Only what does not depend on the grounder: everything else is evaluated per rule instance there,
with the same results (integers stay integers, ``/`` always gives a float, ``//`` and ``mod`` round
towards minus infinity as ProbLog's do).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emnesy.language.terms import Compound, Float, Int, Sym, Term, list_items


class FoldError(ArithmeticError):
    """The expression has no value; the text says why."""


def _integers(function: Callable[[int, int], int]) -> Callable[[Any, Any], int]:
    def checked(left: Any, right: Any) -> int:
        if not isinstance(left, int) or not isinstance(right, int):
            raise FoldError("needs integers")
        return function(left, right)

    return checked


def _power(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int):
        if abs(left) > 1 and right > 63:
            raise OverflowError
        return left**right if right >= 0 else float(left) ** right
    return math.pow(left, right)


def _shift(function: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def checked(left: int, right: int) -> int:
        if not 0 <= right <= 63:
            raise FoldError("shifts by 0 to 63 bits only")
        return function(left, right)

    return checked


_BINARY: dict[str, Callable[[Any, Any], int | float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "mod": operator.mod,
    "rem": _integers(lambda a, b: abs(a) % abs(b) * (1 if a >= 0 else -1)),
    "**": _power,
    "^": _power,
    "/\\": _integers(operator.and_),
    "\\/": _integers(operator.or_),
    "xor": _integers(operator.xor),
    "<<": _integers(_shift(operator.lshift)),
    ">>": _integers(_shift(operator.rshift)),
    "min": min,
    "max": max,
}
_UNARY: dict[str, Callable[[Any], int | float]] = {
    "-": operator.neg,
    "+": operator.pos,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "floor": math.floor,
    "ceil": math.ceil,
    "ceiling": math.ceil,
    "round": round,
    "integer": round,
    "truncate": math.trunc,
    "float": float,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
}


def fold(term: Term) -> Term:
    """`term` with its arithmetic evaluated where it has no variables or symbols.

    Raises:
        FoldError: division by zero, overflow of 64 bits, a function outside of its domain.
    """
    if not isinstance(term, Compound):
        return term
    items = list_items(term) if term.functor == "[|]" else None
    if items is not None:
        result: Term = Sym("[]", term.span)
        for item in reversed(items):
            result = Compound("[|]", (fold(item), result), term.span)
        return result
    args = tuple(fold(argument) for argument in term.args)
    values = [argument.value for argument in args if isinstance(argument, (Int, Float))]
    function: Callable[..., int | float] | None = None
    if len(values) == len(args):
        table: dict[str, Any] = _UNARY if len(args) == 1 else _BINARY if len(args) == 2 else {}
        function = table.get(term.functor)
    if function is None:
        return term if args == term.args else replace(term, args=args)
    try:
        value = function(*values)
    except ZeroDivisionError:
        raise FoldError("division by zero") from None
    except OverflowError:
        raise FoldError("the result does not fit") from None
    except ValueError:
        raise FoldError(f"`{term.functor}` is not defined there") from None
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FoldError("the result does not fit")
        return Float(value, term.span)
    if not -(2**63) <= value < 2**63:
        raise FoldError("the result does not fit into 64 bits")
    return Int(int(value), term.span)
