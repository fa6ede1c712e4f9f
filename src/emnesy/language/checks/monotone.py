"""When recursion through ``min`` and ``max`` is monotone, so that it has one least solution.

A conservative test on the text: the value of an aggregated atom may reach the head's aggregate only
through functions that do not decrease when it grows, and may be compared only where a better value
keeps the comparison true. Shortest paths pass; what does not pass may still be monotone, but is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal as OneOf

from emnesy.language.checks.dependencies import Edge
from emnesy.language.core import Compare, HeadAggregate, Match, Signature
from emnesy.language.fold import FoldError, fold
from emnesy.language.literals import literal_variables
from emnesy.language.substitute import variables
from emnesy.language.terms import Compound, Float, Int, Term, Var

Direction = OneOf["same", "up", "down", "unknown"]


def objection(
    edge: Edge, members: set[Signature], aggregated: Mapping[Signature, HeadAggregate]
) -> str | None:
    """Why the recursion through `edge` is not known to be monotone; None where it is."""
    aggregate = aggregated[edge.head]
    if aggregate.name not in ("min", "max"):
        return f"only `min` and `max` may be part of a recursion, not `{aggregate.name}`"
    for member in sorted(members):
        other = aggregated.get(member)
        if other is None:
            return (
                f"`{member}` is part of the recursion without aggregating: put its body into "
                f"the rules of `{edge.head}`"
            )
        if other.name != aggregate.name:
            return f"the recursion mixes `{aggregate.name}` and `{other.name}`"
    values: set[str] = set()
    for literal in edge.rule.body:
        if isinstance(literal, Match) and literal.atom.signature in members:
            value = literal.atom.args[aggregated[literal.atom.signature].position]
            if not isinstance(value, Var):
                return f"the value of `{literal.atom.signature}` must be a variable here"
            if value.name in values:
                return f"`{value.name}` is the value of two recursive atoms"
            values.add(value.name)
    expression = edge.rule_head.aggregate.expression if edge.rule_head.aggregate else None
    if expression is None or direction(expression, values) not in ("same", "up"):
        return f"the aggregated value must not fall when `{'`, `'.join(sorted(values))}` grows"
    misused = next(_other_uses(edge, members, aggregated, values, aggregate.name), None)
    if misused is not None:
        return (
            f"`{misused}`, the value of a recursive atom, may only be added to, and compared as "
            f"`{misused} {'<' if aggregate.name == 'min' else '>'} …`"
        )
    return None


def direction(term: Term, values: set[str]) -> Direction:
    """How `term` moves when the variables in `values` grow."""
    if isinstance(term, Var):
        return "up" if term.name in values else "same"
    if not isinstance(term, Compound):
        return "same"
    parts = [direction(argument, values) for argument in term.args]
    if all(part == "same" for part in parts):
        return "same"
    if term.functor in ("+", "min", "max") or (term.functor == "-" and len(parts) == 2):
        if term.functor == "-":
            parts[1] = _flip(parts[1])
        moving = {part for part in parts if part != "same"}
        return moving.pop() if len(moving) == 1 else "unknown"
    if term.functor == "-":
        return _flip(parts[0])
    if term.functor in ("*", "/") and len(parts) == 2:
        for scale, moving_part in ((term.args[1], parts[0]), (term.args[0], parts[1])):
            if _is_positive(scale) and not (term.functor == "/" and scale is term.args[0]):
                return moving_part
    return "unknown"


def _other_uses(
    edge: Edge,
    members: set[Signature],
    aggregated: Mapping[Signature, HeadAggregate],
    values: set[str],
    aggregate: str,
) -> Iterator[str]:
    """Values that the rule uses for more than its aggregate."""
    head = edge.rule_head
    for position, argument in enumerate(head.atom.args):
        if head.aggregate is None or position != head.aggregate.position:
            yield from (v.name for v in variables(argument) if v.name in values)
    better = ("<", "=<") if aggregate == "min" else (">", ">=")
    worse = (">", ">=") if aggregate == "min" else ("<", "=<")
    for literal in edge.rule.body:
        if isinstance(literal, Compare) and literal.op in (*better, *worse):
            left, right = direction(literal.left, values), direction(literal.right, values)
            ops = {
                ("up", "same"): better,
                ("same", "up"): worse,
                ("same", "same"): (*better, *worse),
            }
            if literal.op in ops.get((left, right), ()):
                continue
        skip = None
        if isinstance(literal, Match) and literal.atom.signature in members:
            skip = aggregated[literal.atom.signature].position
            for position, argument in enumerate(literal.atom.args):
                if position != skip:
                    yield from (v.name for v in variables(argument) if v.name in values)
            continue
        yield from (v.name for v in literal_variables(literal) if v.name in values)


def _flip(moved: Direction) -> Direction:
    return {"up": "down", "down": "up"}.get(moved, moved)  # type: ignore[return-value]


def _is_positive(term: Term) -> bool:
    try:
        value = fold(term)
    except FoldError:
        return False
    return isinstance(value, (Int, Float)) and value.value > 0
