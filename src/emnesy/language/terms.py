"""Terms, shared by the syntax tree and the core rules. Frozen; spans do not take part in equality."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from emnesy.diagnostics.source import Span
from emnesy.language.node import node


@node
class Var:
    """A variable. Each `_` gets a name of its own that starts with ``_``."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Int:
    """A 64-bit integer."""

    value: int
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Float:
    """A double."""

    value: float
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Sym:
    """A symbol (a Prolog atom): ``sun``, ``'New York'``, ``[]``."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Str:
    """A double-quoted string."""

    value: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Compound:
    """A functor with arguments.

    Arithmetic is a compound whose functor is the operator (``+``, ``mod``, unary ``-``); a tuple
    ``(a, b)`` is ``','(a, b)``; a list is ``'[|]'(head, tail)`` down to ``Sym("[]")``; a range
    ``L..H`` is ``'..'(L, H)``.
    """

    functor: str
    args: tuple[Term, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


Term: TypeAlias = Var | Int | Float | Sym | Str | Compound


def list_items(term: Term) -> tuple[Term, ...] | None:
    """The items of a proper list, or None for other terms."""
    items = []
    while isinstance(term, Compound) and term.functor == "[|]":
        items.append(term.args[0])
        term = term.args[1]
    return tuple(items) if isinstance(term, Sym) and term.name == "[]" else None
