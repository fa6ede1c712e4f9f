"""Arithmetic over computed cells, one column a world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CellRef:
    """The number that a computed cell has in a world."""

    cell: int


@dataclass(frozen=True)
class Operation:
    """An arithmetic operator over symbolic terms."""

    functor: str
    arguments: tuple[Symbolic, ...]


Symbolic: TypeAlias = "float | int | CellRef | Operation"


def _bits(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A bitwise operation on numbers that are integers; NaN where one is not."""

    def apply(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = (a == np.floor(a)) & (b == np.floor(b))
        left, right = (np.where(whole, x, 0).astype(np.int64) for x in (a, b))
        return np.where(whole, operation(left, right), np.nan)

    return apply


_UNARY: dict[str, Callable[[Any], Any]] = {
    "-": np.negative,
    "+": np.positive,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "ceiling": np.ceil,
    "round": np.round,  # half to even, as Python and ProbLog
    "integer": np.round,
    "truncate": np.trunc,
    "float": np.positive,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": np.floor_divide,
    "mod": np.mod,
    "rem": np.fmod,
    "**": np.power,
    "^": np.power,
    "/\\": _bits(np.bitwise_and),
    "\\/": _bits(np.bitwise_or),
    "xor": _bits(np.bitwise_xor),
    "<<": _bits(np.left_shift),
    ">>": _bits(np.right_shift),
    "min": np.minimum,
    "max": np.maximum,
}


def evaluate_symbolic(term: Symbolic, cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """The term's number in each world; `cells` is (cells, worlds), NaN where a cell has no number.

    Returns (worlds,); NaN where the term has no value (an undefined cell, a division by zero).
    """
    if isinstance(term, CellRef):
        number: NDArray[np.float64] = cells[term.cell]
        return number
    if not isinstance(term, Operation):
        return np.full(cells.shape[1], float(term))
    arguments = [evaluate_symbolic(argument, cells) for argument in term.arguments]
    table: dict[str, Callable[..., Any]] = _UNARY if len(arguments) == 1 else _BINARY
    with np.errstate(all="ignore"):
        value: NDArray[np.float64] = np.asarray(table[term.functor](*arguments), np.float64)
    return np.where(np.isfinite(value), value, np.nan)


def is_integral(term: Symbolic, cell_is_integral: Callable[[int], bool]) -> bool:
    """Does the term always give an integer?"""
    if isinstance(term, CellRef):
        return cell_is_integral(term.cell)
    if isinstance(term, Operation):
        keeps = term.functor in {"+", "-", "*", "//", "mod", "rem", "min", "max", "abs", "sign"}
        rounds = term.functor in {"floor", "ceil", "ceiling", "round", "integer", "truncate"}
        rounds = rounds or term.functor in {"/\\", "\\/", "xor", "<<", ">>"}
        return rounds or (keeps and all(is_integral(a, cell_is_integral) for a in term.arguments))
    return isinstance(term, int)
