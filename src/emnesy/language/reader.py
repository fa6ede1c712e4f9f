"""Reductions of the grammar into terms with spans, and clauses handed to `statements`."""

# ruff: noqa: D102  (a method here is named after a rule of the grammar, which says what it is)
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from emnesy.diagnostics import Diagnostic, ProgramError, Source, Span
from emnesy.language import statements, syntax
from emnesy.language.arrange import Operator, PriorityClashError, apply_prefix, arrange
from emnesy.language.grammar import is_capital
from emnesy.language.lalr import Shorthand, Token
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, Var

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_LIMIT = 2**63

Children: TypeAlias = list[Any]
"""Tokens, terms, and what the rules below return."""


class Reader:
    """Builds the syntax tree of one source. A method takes the children of the rule it is named after."""

    def __init__(self, source: Source, report: Callable[[Diagnostic], None]) -> None:
        self.source = source
        self.report = report
        self._text = source.text
        self._anonymous = 0

    # --- statements ---------------------------------------------------------------------------

    def start(self, children: Children) -> list[syntax.Statement]:
        return [child for child in children if child is not None]

    def fact(self, children: Children) -> syntax.Statement | None:
        heads, end = children
        return self._statement(statements.clause, heads, None, self._until(heads[0], end))

    def rule(self, children: Children) -> syntax.Statement | None:
        heads, _, body, end = children
        return self._statement(statements.clause, heads, body, self._until(heads[0], end))

    def constraint(self, children: Children) -> syntax.Statement | None:
        return self._statement(statements.constraint, children[1], self._tokens(children))

    def constant(self, children: Children) -> syntax.Statement | None:
        return self._statement(statements.constant, children[1], self._tokens(children))

    def observe(self, children: Children) -> syntax.Statement | None:
        return self._statement(statements.observe, children[1:-1], self._tokens(children))

    def type_declaration(self, children: Children) -> syntax.Statement | None:
        return self._statement(statements.type_declaration, children[1], self._tokens(children))

    def heads(self, children: Children) -> list[Term]:
        return children

    def annotated(self, children: Children) -> Compound:
        probability, _, head = children
        return self._binary("::", probability, head)

    # --- bodies -------------------------------------------------------------------------------

    def conjunction(self, children: Children) -> Term:
        return self._right(",", children)

    def disjunction(self, children: Children) -> Term:
        return self._right(";", children)

    # --- terms --------------------------------------------------------------------------------

    def infix(self, children: Children) -> Term:
        items = [self._operator(c) if type(c) is Token else c for c in children]
        try:
            term = arrange(self._without_old_if(items))
            if any(type(item) is Int and abs(item.value) == _LIMIT for item in items):
                self._no_lost_sign(term)
            return term
        except PriorityClashError as clash:
            first, second = clash.first.name, clash.second.name
            self.report(
                Diagnostic(
                    "E0107",
                    f"`{first}` and `{second}` do not combine without parentheses",
                    clash.second.span,
                    help=_clash_help(first, second),
                )
            )
            return Sym("error", self._between(items[0], items[-1]))

    def _without_old_if(self, items: list[Operator | Term]) -> list[Operator | Term]:
        """``X <-1``, a comparison with a negative number, as ``<`` and a minus before the operand."""
        found = list(items)
        for index, item in enumerate(items):
            if type(item) is not Operator or item.name != "<-":
                continue
            source, start, end = item.span
            following = self._text[end]
            if not (following in "_(" or following.isdigit() or is_capital(following)):
                self.report(
                    Diagnostic(
                        "E0102",
                        "a second arrow in one statement: this `<-` is in a body",
                        item.span,
                        help="write `< -` to compare with a negative number; "
                        "or is the `.` of the statement before it missing?",
                    )
                )
            found[index] = Operator("<", Span(source, start, end - 1))
            minus = Operator("-", Span(source, end - 1, end))
            found[index + 1] = apply_prefix(minus, cast("Term", items[index + 1]))
        return found

    def prefix(self, children: Children) -> Term:
        token, operand = children
        return apply_prefix(self._operator(token), operand)

    def symbol(self, children: Children) -> Sym:
        return Sym(self._of(children[0]), self._token(children[0]))

    def quoted(self, children: Children) -> Sym:
        return Sym(self._unquote(children[0]), self._token(children[0]))

    def variable(self, children: Children) -> Var:
        token = children[0]
        name = self._text[token.start : token.end]
        if name == "_":
            self._anonymous += 1
            name = f"_#{self._anonymous}"
        return Var(name, self._token(token))

    def integer(self, children: Children) -> Int:
        token = children[0]
        span = self._token(token)
        digits = self._text[token.start : token.end]
        value = int(digits) if len(digits) < 20 else _LIMIT + 1
        negative = span.start > 0 and self._text[span.start - 1] == "-"
        if value >= _LIMIT and not (negative and value == _LIMIT):
            self._too_large(digits, span)
            value = 0
        return Int(value, span)

    def real(self, children: Children) -> Float:
        span = self._token(children[0])
        digits = self._of(children[0])
        value = float(digits)
        if value == float("inf"):
            self.report(
                Diagnostic("E0108", f"the number {_short(digits)} does not fit into a double", span)
            )
            value = 0.0
        return Float(value, span)

    def string(self, children: Children) -> Str:
        return Str(self._unquote(children[0]), self._token(children[0]))

    def call(self, children: Children) -> Compound:
        name, _, arguments, _ = children
        text = self._unquote(name) if name.kind == "QUOTED" else self._of(name)
        return Compound(text, arguments, self._tokens(children))

    def flat_call(self, text: str, start: int, end: int) -> Compound:
        """What `call` makes of ``name(X, y, 1)``, read in one go."""
        source = self.source
        opening = text.index("(", start)
        arguments: list[Term] = []
        for found in _words(text, opening, end):
            word = found[0]
            span = _new(Span, (source, *found.span()))
            if word[0] >= "a":
                arguments.append(Sym(word, span))
            elif word[0] <= "9":
                arguments.append(Int(int(word), span))
            elif word == "_":
                self._anonymous += 1
                arguments.append(Var(f"_#{self._anonymous}", span))
            else:
                arguments.append(Var(word, span))
        whole = _new(Span, (source, start, end))
        return Compound(text[start:opening], tuple(arguments), whole)

    def keyed_call(self, children: Children) -> Compound:
        name, _, arguments, arrow, value, _ = children
        span = self._tokens(children)
        return Compound(
            "->", (Compound(self._of(name), arguments, span), value), self._token(arrow)
        )

    def empty_call(self, children: Children) -> Sym:
        name = self._of(children[0])
        span = self._tokens(children)
        self.report(
            Diagnostic(
                "E0109",
                f"`{name}()` has empty parentheses",
                span,
                help=f"a predicate without arguments is written `{name}`",
            )
        )
        return Sym(name, span)

    def indexed(self, children: Children) -> Compound:
        name, _, arguments, _ = children
        network = Sym(self._of(name), self._token(name))
        return Compound("[]", (network, *arguments), self._tokens(children))

    def parentheses(self, children: Children) -> Term:
        inner = children[1]
        span = self._tokens(children)
        if type(inner) in (Var, Sym):
            return type(inner)(inner.name, span)  # type: ignore[no-any-return]
        if type(inner) is Compound:
            return Compound(inner.functor, inner.args, span)
        return type(inner)(inner.value, span)  # type: ignore[no-any-return]

    def empty_list(self, children: Children) -> Sym:
        return Sym("[]", self._tokens(children))

    def list_term(self, children: Children) -> Term:
        span = self._tokens(children)
        return self._list(children[1], Sym("[]", span), span)

    def list_with_tail(self, children: Children) -> Term:
        return self._list(children[1], children[3], self._tokens(children))

    def arguments(self, children: Children) -> tuple[Term, ...]:
        return tuple(children)

    def aggregate(self, children: Children) -> Compound:
        name = self._of(children[0])[:-1]
        return Compound(f"{name}<>", tuple(children[1:-1]), self._tokens(children))

    def _no_lost_sign(self, term: Term) -> None:
        """2^63 is read where a minus stands before it; here the minus turned out to be an operator."""
        stack = [term]
        while stack:
            part = stack.pop()
            if isinstance(part, Compound):
                stack.extend(part.args)
            elif isinstance(part, Int) and part.value == _LIMIT:
                self._too_large(str(part.value), cast("Span", part.span))

    def _too_large(self, digits: str, span: Span) -> None:
        self.report(
            Diagnostic(
                "E0108",
                f"the integer {_short(digits)} does not fit into 64 bits",
                span,
                help="integers lie between -2^63 and 2^63 - 1",
            )
        )

    # --- spans --------------------------------------------------------------------------------

    def _of(self, token: Token) -> str:
        return self._text[token.start : token.end]

    def _operator(self, token: Token) -> Operator:
        return Operator(self._text[token.start : token.end], self._token(token))

    def _token(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)

    def _tokens(self, children: Children) -> Span:
        return Span(self.source, children[0].start, children[-1].end)

    def _until(self, first: Term, end: Token) -> Span:
        return Span(self.source, cast("Span", first.span).start, end.end)

    def _between(self, first: Operator | Term, last: Operator | Term) -> Span:
        return Span(self.source, cast("Span", first.span).start, cast("Span", last.span).end)

    def _binary(self, functor: str, left: Term, right: Term) -> Compound:
        return Compound(functor, (left, right), self._between(left, right))

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
        written = self._of(token)
        quote, text = written[0], written[1:-1].replace(written[0] * 2, written[0])
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
                        "E0110",
                        f"unknown escape `\\{escaped}`",
                        self._token(token),
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


_new = tuple.__new__
_words = re.compile(r"[A-Za-z0-9_]+").finditer
_WORD = r"\s*(?:[A-Z_][A-Za-z0-9_]*|(?!not\b)[a-z][A-Za-z0-9_]*|[0-9]{1,18})\s*"
FLAT_CALL = Shorthand(
    "operand",
    "NAME",
    rf"(?!not\b)[a-z][A-Za-z0-9_]*\((?:{_WORD},)*{_WORD}\)",
    Reader.flat_call,
)
"""Calls whose arguments are variables, symbols and integers, in ASCII and without comments."""


def _short(token: str) -> str:
    return token if len(token) < 30 else f"{token[:20]}…"


def _clash_help(first: str, second: str) -> str:
    if first == second == "**":
        return "write `(2 ** 3) ** 2` or `2 ** (3 ** 2)`"
    return "a comparison has two sides; write two comparisons joined by `,`"
