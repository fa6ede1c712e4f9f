"""Lark's reductions into terms with spans, and clauses handed to `statements`.

One instance serves every parse (Lark binds it when the tables are made), so `parser` holds a lock
while `source` and `report` are those of its text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lark import Token, Transformer

from emnesy.diagnostics import Diagnostic, ProgramError, Source, Span
from emnesy.language import statements, syntax
from emnesy.language.arrange import Operator, PriorityClash, apply_prefix, arrange
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, Var

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_LIMIT = 2**63


class Reader(Transformer):  # type: ignore[misc,type-arg]
    """See the module."""

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)
        self.source = Source("<none>", "")
        self.offset = 0
        self.report: Callable[[Diagnostic], None] = lambda _: None
        self._anonymous = 0

    # --- statements ---------------------------------------------------------------------------

    def start(self, children: list[Any]) -> list[syntax.Statement]:
        return [child for child in children if child is not None]

    def fact(self, children: list[Any]) -> syntax.Statement | None:
        heads, end = children
        return self._statement(statements.clause, heads, None, self._until(heads[0], end))

    def rule(self, children: list[Any]) -> syntax.Statement | None:
        heads, _, body, end = children
        return self._statement(statements.clause, heads, body, self._until(heads[0], end))

    def constraint(self, children: list[Any]) -> syntax.Statement | None:
        return self._statement(statements.constraint, children[1], self._tokens(children))

    def constant(self, children: list[Any]) -> syntax.Statement | None:
        return self._statement(statements.constant, children[1], self._tokens(children))

    def observe(self, children: list[Any]) -> syntax.Statement | None:
        return self._statement(statements.observe, children[1:-1], self._tokens(children))

    def type(self, children: list[Any]) -> syntax.Statement | None:
        return self._statement(statements.type_declaration, children[1], self._tokens(children))

    def heads(self, children: list[Any]) -> list[Term]:
        return children

    def annotated(self, children: list[Any]) -> Compound:
        probability, _, head = children
        return self._binary("::", probability, head)

    # --- bodies -------------------------------------------------------------------------------

    def conjunction(self, children: list[Any]) -> Term:
        return self._right(",", children)

    def disjunction(self, children: list[Any]) -> Term:
        return self._right(";", children)

    # --- terms --------------------------------------------------------------------------------

    def infix(self, children: list[Any]) -> Term:
        items = [
            Operator(str(c), self._token(c)) if isinstance(c, Token) else c for c in children
        ]
        try:
            return arrange(items)
        except PriorityClash as clash:
            first, second = clash.first.name, clash.second.name
            self.report(
                Diagnostic(
                    "E0107",
                    f"`{first}` and `{second}` do not combine without parentheses",
                    clash.second.span,
                    help=_clash_help(first, second),
                )
            )
            return Sym("error", Span(self.source, items[0].span.start, items[-1].span.end))  # type: ignore[union-attr]

    def prefix(self, children: list[Any]) -> Term:
        token, operand = children
        return apply_prefix(Operator(str(token), self._token(token)), operand)

    def symbol(self, children: list[Any]) -> Sym:
        return Sym(str(children[0]), self._token(children[0]))

    def quoted(self, children: list[Any]) -> Sym:
        return Sym(self._unquote(children[0]), self._token(children[0]))

    def variable(self, children: list[Any]) -> Var:
        token = children[0]
        name = str(token)
        if name == "_":
            self._anonymous += 1
            name = f"_#{self._anonymous}"
        return Var(name, self._token(token))

    def integer(self, children: list[Any]) -> Int:
        token = children[0]
        span = self._token(token)
        value = int(token) if len(token) < 20 else _LIMIT + 1
        negative = span.start > 0 and self.source.text[span.start - 1] == "-"
        if value >= _LIMIT and not (negative and value == _LIMIT):
            self.report(
                Diagnostic(
                    "E0108", f"the integer {_short(token)} does not fit into 64 bits", span,
                    help="integers lie between -2^63 and 2^63 - 1",
                )
            )
            value = 0
        return Int(value, span)

    def float(self, children: list[Any]) -> Float:
        span = self._token(children[0])
        value = float(children[0])
        if value == float("inf"):
            self.report(
                Diagnostic("E0108", f"the number {_short(children[0])} does not fit into a double", span)
            )
            value = 0.0
        return Float(value, span)

    def string(self, children: list[Any]) -> Str:
        return Str(self._unquote(children[0]), self._token(children[0]))

    def call(self, children: list[Any]) -> Compound:
        name, _, arguments, end = children
        text = self._unquote(name) if name.type == "QUOTED" else str(name)
        return Compound(text, arguments, self._tokens(children, end))

    def keyed_call(self, children: list[Any]) -> Compound:
        name, _, arguments, arrow, value, end = children
        span = self._tokens(children, end)
        return Compound("->", (Compound(str(name), arguments, span), value), self._token(arrow))

    def empty_call(self, children: list[Any]) -> Sym:
        name = str(children[0])
        span = self._tokens(children)
        self.report(
            Diagnostic(
                "E0109", f"`{name}()` has empty parentheses", span,
                help=f"a predicate without arguments is written `{name}`",
            )
        )
        return Sym(name, span)

    def indexed(self, children: list[Any]) -> Compound:
        name, _, arguments, end = children
        network = Sym(str(name), self._token(name))
        return Compound("[]", (network, *arguments), self._tokens(children, end))

    def parentheses(self, children: list[Any]) -> Term:
        inner = children[1]
        span = self._tokens(children)
        if type(inner) in (Var, Sym):
            return type(inner)(inner.name, span)  # type: ignore[no-any-return]
        if type(inner) is Compound:
            return Compound(inner.functor, inner.args, span)
        return type(inner)(inner.value, span)  # type: ignore[no-any-return]

    def empty_list(self, children: list[Any]) -> Sym:
        return Sym("[]", self._tokens(children))

    def list(self, children: list[Any]) -> Term:
        span = self._tokens(children)
        return self._list(children[1], Sym("[]", span), span)

    def list_with_tail(self, children: list[Any]) -> Term:
        return self._list(children[1], children[3], self._tokens(children))

    def arguments(self, children: list[Any]) -> tuple[Term, ...]:
        return tuple(children)

    def aggregate(self, children: list[Any]) -> Compound:
        return Compound(f"{children[0][:-1]}<>", tuple(children[1:-1]), self._tokens(children))

    # --- spans --------------------------------------------------------------------------------

    def _token(self, token: Token) -> Span:
        start = token.start_pos + self.offset
        return Span(self.source, start, start + len(token))

    def _tokens(self, children: list[Any], last: Token | None = None) -> Span:
        first, last = children[0], last or children[-1]
        end = last.start_pos + self.offset + len(last)
        return Span(self.source, first.start_pos + self.offset, end)

    def _until(self, first: Term, end: Token) -> Span:
        assert first.span is not None
        return Span(self.source, first.span.start, end.start_pos + self.offset + 1)

    def _binary(self, functor: str, left: Term, right: Term) -> Compound:
        assert left.span is not None and right.span is not None
        span = Span(self.source, left.span.start, right.span.end)
        return Compound(functor, (left, right), span)

    def _right(self, functor: str, items: list[Term]) -> Term:
        term = items[-1]
        for item in reversed(items[:-1]):
            term = self._binary(functor, item, term)
        return term

    def _list(self, items: tuple[Term, ...], tail: Term, span: Span) -> Term:
        for item in reversed(items):
            tail = Compound("[|]", (item, tail), span)
        return tail

    def _unquote(self, token: Token) -> str:
        quote, text = token[0], token[1:-1].replace(token[0] * 2, token[0])
        if "\\" not in text:
            return text
        parts = iter(text)
        result = []
        for character in parts:
            if character != "\\":
                result.append(character)
                continue
            escaped = next(parts)
            if escaped.isalnum() and escaped not in _ESCAPES:
                self.report(
                    Diagnostic(
                        "E0110", f"unknown escape `\\{escaped}`", self._token(token),
                        help=f"write `\\\\{escaped}` for a backslash and `{escaped}`; quotes are "
                        f"doubled ({quote * 2}) or escaped (\\{quote})",
                    )
                )
            result.append(_ESCAPES.get(escaped, escaped))
        return "".join(result)

    def _statement(self, build: Callable[..., Any], *args: Any) -> syntax.Statement | None:
        self._anonymous = 0
        try:
            return build(*args)  # type: ignore[no-any-return]
        except ProgramError as error:
            for diagnostic in error.diagnostics:
                self.report(diagnostic)
            return None


def _short(token: str) -> str:
    return str(token) if len(token) < 30 else f"{token[:20]}…"


def _clash_help(first: str, second: str) -> str:
    if first == second == "**":
        return "write `(2 ** 3) ** 2` or `2 ** (3 ** 2)`"
    return "a comparison has two sides; write two comparisons joined by `,`"
