"""Operators, their priorities (Prolog's), and which functors are arithmetic.

One table for the parser, the printer and the checks. A lower priority binds tighter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf


@dataclass(frozen=True)
class Infix:
    """An infix operator: `left` and `right` are the greatest priorities its operands may have."""

    priority: int
    kind: OneOf["yfx", "xfx", "xfy"]

    @property
    def left(self) -> int:
        """Greatest priority of the left operand."""
        return self.priority if self.kind == "yfx" else self.priority - 1

    @property
    def right(self) -> int:
        """Greatest priority of the right operand."""
        return self.priority if self.kind == "xfy" else self.priority - 1


COMPARISONS = ("=:=", "=\\=", "<", "=<", ">", ">=", "=", "\\=", "==", "\\==")
"""Operators of `core.Compare`."""

INFIX: dict[str, Infix] = {
    **{name: Infix(700, "xfx") for name in (*COMPARISONS, "is", "in")},
    "..": Infix(600, "xfx"),
    **{name: Infix(500, "yfx") for name in ("+", "-", "/\\", "\\/", "xor")},
    **{name: Infix(400, "yfx") for name in ("*", "/", "//", "mod", "rem", "<<", ">>")},
    "**": Infix(200, "xfx"),
    "^": Infix(200, "xfy"),
}

PREFIX: dict[str, int] = {"not": 900, "\\+": 900, "-": 200, "+": 200}
"""Prefix operators; all take an operand of the same priority (fy)."""

ARITHMETIC: frozenset[tuple[str, int]] = frozenset(
    {(name, 2) for name, infix in INFIX.items() if infix.priority <= 500}
    | {(name, 1) for name in ("-", "+", "abs", "sign", "sqrt", "exp", "log")}
    | {(name, 1) for name in ("floor", "ceil", "ceiling", "round", "truncate", "integer", "float")}
    | {(name, 2) for name in ("min", "max")}
)
"""``(functor, arity)`` of every function that arithmetic knows; an atom's argument with one of these

at its root is evaluated. The grounder's table is the same (a test says so).
"""

CONNECTIVES = {",": 1000, ";": 1100}
"""What holds goals together."""
