"""A parser that runs Lark's LALR tables over a text.

Lark reads the grammar and computes the tables; this loop only runs them, with one regular expression for
each set of terminals that a state allows (Lark's contextual lexer). Lark's own loop makes a token object
with lines and columns of every token and a call of every rule, also of those that only pass a value on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from lark import Lark
from lark.common import ParserConf
from lark.grammar import Rule
from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

from emnesy.language.grammar import grammar_text, is_capital

END_OF_TEXT = "$END"
COMMENT = "COMMENT"
SHORTHAND = "SHORTHAND"


class Token(NamedTuple):
    """A terminal of the grammar, and the offsets of its characters."""

    kind: str
    start: int
    end: int


class NoParseError(Exception):
    """The text does not follow the grammar. Lark says what is wrong with it; see `syntax_errors`."""


Build: TypeAlias = Callable[[Any, list[Any]], Any]
"""``(reader, children) -> value`` of one reduction."""
Reduce: TypeAlias = tuple[int, "Build | None", Mapping[int, int]]
"""Number of symbols, how their values become one (None where the one value stays), the next states."""


class Shorthand(NamedTuple):
    """A `pattern` for the most frequent texts of a `symbol` that start with the terminal `first`.

    One match takes the place of a dozen tokens and reductions. `build` makes the value of the
    symbol, the same that the rules would; the text must have no other reading where `first` may stand.
    """

    symbol: str
    first: str
    pattern: str
    build: Callable[[Any, str, int, int], Any]


class Tables(NamedTuple):
    """What each state allows. A shift is the number of the next state."""

    start: int
    accept: int
    match: list[Callable[[str, int, int], re.Match[str] | None]]
    actions: list[dict[str, int | Reduce]]
    shorthand: Shorthand | None


def make_tables(methods: type | None, shorthand: Shorthand | None = None) -> Tables:
    """Tables for the grammar. Each of its rules is built by the method of its name; by None, nothing is."""
    lark = Lark(grammar_text(), parser=None, lexer="basic", maybe_placeholders=False)
    analysis = LALR_Analyzer(ParserConf(lark.rules, {}, ["start"]))
    analysis.compute_lalr()  # type: ignore[no-untyped-call]
    table = analysis.parse_table
    builders = {rule: _builder(rule, methods) for rule in lark.rules}
    numbers = {state: number for number, state in enumerate(table.states)}
    gotos: dict[str, dict[int, int]] = {}
    for state, moves in table.states.items():
        for symbol, (kind, target) in moves.items():
            if kind is Shift:
                gotos.setdefault(symbol, {})[numbers[state]] = numbers[target]
    patterns = {
        t.name: t.pattern.to_regexp()
        for t in sorted(
            lark.terminals,
            key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
        )  # Lark's order: the first that matches counts
    }
    actions: list[dict[str, int | Reduce]] = []
    for state, moves in table.states.items():
        row: dict[str, int | Reduce] = {}
        for symbol, (kind, target) in moves.items():
            if kind is Shift:
                if symbol in patterns:
                    row[symbol] = numbers[target]
            else:
                row[symbol] = (len(target.expansion), builders[target], gotos[target.origin.name])
        if shorthand is not None and shorthand.first in row:
            first = row[shorthand.first]
            shift = gotos[shorthand.symbol][numbers[state]] if isinstance(first, int) else first
            row = {SHORTHAND: shift, **row}
        actions.append(row)
    if shorthand is not None:
        patterns = {SHORTHAND: shorthand.pattern, **patterns}
    match = [_scanner(row, patterns) for row in actions]
    start = numbers[table.start_states["start"]]
    return Tables(start, numbers[table.end_states["start"]], match, actions, shorthand)


def _scanner(
    allowed: Iterable[str], patterns: Mapping[str, str]
) -> Callable[[str, int, int], re.Match[str] | None]:
    """Matches white space and one of the `allowed` terminals or a comment, each a named group.

    Comments are not skipped with the white space: an expression that fails would be tried again with a
    shorter comment. `re` keeps the expressions it has compiled; few states differ in what they allow.
    """
    names = {COMMENT, *allowed}
    groups = "|".join(f"(?P<{name}>{patterns[name]})" for name in patterns if name in names)
    return re.compile(rf"\s*(?:{groups})").match


def run(
    tables: Tables,
    reader: object,
    text: str,
    start: int = 0,
    end: int | None = None,
    tokens: list[Token] | None = None,
) -> Any:
    """The value of ``text[start:end]``; into `tokens` go its tokens, comments included.

    Raises:
        NoParseError: after `reader` was called for all that stands before the error.
    """
    end = len(text) if end is None else end
    accept, match, actions = tables.accept, tables.match, tables.actions
    abbreviated: Any = tables.shorthand and tables.shorthand.build
    state = tables.start
    states: list[int] = [state]
    values: list[Any] = [None]
    position = start
    while True:
        found = match[state](text, position, end)
        if found is None:
            if text[position:end].strip():
                raise NoParseError
            kind, token = END_OF_TEXT, None
        else:
            kind = found.lastgroup or ""  # every alternative of the expression is a named group
            position = found.end()
            begin = found.start(kind)
            if kind == "NAME" and text[begin] > "\x7f" and is_capital(text[begin]):
                kind = "VARIABLE"
            if kind == SHORTHAND:
                token = abbreviated(reader, text, begin, position)
            else:
                token = _token(Token, (kind, begin, position))
            if tokens is not None:
                tokens.append(token)
            if kind == COMMENT:
                continue
        action: Any = actions[state].get(kind)
        while type(action) is tuple:
            size, build, goto = action
            if size == 1:
                if build is not None:
                    values[-1] = build(reader, values[-1:])
                state = states[-1] = goto[states[-2]]
            elif size:
                children = values[-size:]
                del values[-size:], states[-size:]
                values.append(build(reader, children))
                state = goto[states[-1]]
                states.append(state)
            else:
                values.append(build(reader, []))
                state = goto[state]
                states.append(state)
            if state == accept:
                return values[-1]
            action = actions[state].get(kind)
        if action is None or token is None:
            raise NoParseError
        state = action
        states.append(state)
        values.append(token)


_token = tuple.__new__


def _builder(rule: Rule, methods: type | None) -> Build | None:
    """How the values of a rule become one: punctuation is dropped, and repetitions are spread."""
    symbols = rule.expansion
    if methods is None:
        return None if len(symbols) == 1 else lambda *_: None
    kept = [i for i, s in enumerate(symbols) if not getattr(s, "filter_out", False)]
    if rule.origin.name.startswith("_"):  # a repetition: a list that grows
        first, *rest = kept
        if symbols[first] == rule.origin:
            return lambda _, children: _extended(children[first], children, rest)
        return lambda _, children: [children[i] for i in kept]
    if rule.options.expand1 and not rule.alias and len(symbols) == 1:
        return None
    method: Build = getattr(methods, rule.alias or rule.origin.name)
    lists = {i for i in kept if symbols[i].name.startswith("_") and not symbols[i].is_term}
    if not lists:
        if len(kept) == len(symbols):
            return method
        return lambda reader, children: method(reader, [children[i] for i in kept])

    def build(reader: Any, children: list[Any]) -> Any:
        flat: list[Any] = []
        for i in kept:
            if i in lists:
                flat.extend(children[i])
            else:
                flat.append(children[i])
        return method(reader, flat)

    return build


def _extended(items: list[Any], children: list[Any], rest: list[int]) -> list[Any]:
    items.extend([children[i] for i in rest])
    return items
