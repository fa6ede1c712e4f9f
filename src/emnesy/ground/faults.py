"""Turns what goes wrong while grounding into diagnostics."""

from __future__ import annotations

from emnesy import _core
from emnesy.diagnostics import Diagnostic, Label, ProgramError, Span
from emnesy.ground.plan import Plan
from emnesy.language.core import CoreProgram, Match, Rule

_ARITHMETIC_HELP = "add a condition to the body that leaves these instances out"

# In the order of `GroundFault` in grounder.hpp: code, message, help.
_FAULTS = (
    ("E0502", "overflow in `{detail}`",
     "integers have 64 bits, and floats end at 1.8e308; use floats for larger integers"),
    ("E0503", "division by zero in `{detail}`", _ARITHMETIC_HELP),
    ("E0504", "`{detail}` is not a number", "arithmetic and numeric comparison need numbers"),
    ("E0504", "an integer is needed in `{detail}`", "convert with round, floor or integer"),
    ("E0505", "`{detail}` is not defined", _ARITHMETIC_HELP),
    ("E0504", "unknown function in `{detail}`", None),
    ("E0506", "the probability `{detail}` is not a number", None),
    ("E0506", "the probability {detail} is not between 0 and 1", None),
    ("E0507", "the probabilities of one annotated disjunction sum to {detail}", "they may sum to 1 at most"),
    ("E0508", "", None),
    ("E0510", "", None),
    ("E0509", "`{detail}` is known only once all choices are made, and cannot be used here",
     "a key, range bound, group or witness must not depend on an uncertain aggregate"),
    ("E0508", "a term with functor `{detail}` keeps growing: it is nested 10,000 deep",
     "bound the recursion that wraps it"),
    ("E0509", "`{detail}` is known only once all choices are made, and no function can be called with it",
     "list the numbers that it can be, and call the function with these: `N in 0..9, N =:= X, f(N, Y)`"),
    ("E0508", "", None),
    ("E0502", "the {detail} goes beyond 2^53 in some world",
     "numbers that depend on chance are computed exactly up to 2^53 = 9,007,199,254,740,992; "
     "use floats for larger ones"),
)  # fmt: skip
_LIMIT, _CYCLE, _STEPS = 9, 10, 14
_MOST_LABELS = 6


def explain(
    core: CoreProgram, plan: Plan, fault: _core.GroundFault, max_ground: int
) -> ProgramError:
    """The user's error behind a fault of the native grounder."""
    kind, rule, number, offset, registers, detail, atoms, rules, instances, cycle, tried = (
        fault.args
    )
    if kind == _CYCLE:
        return ProgramError(_negative_cycle(core, cycle))
    if kind == _LIMIT:
        return _explain_limit(core, rule, detail, atoms, rules, instances, max_ground)
    if kind == _STEPS:
        return _explain_steps(core, rule, tried, instances, max_ground)
    code, message, help_text = _FAULTS[kind]
    message = message.format(detail=detail)
    span: Span | None = core.rules[rule].span if core.rules else None
    if number >= 0:
        owner = plan.owners[number]
        if owner.kind == "query":
            span = core.queries[owner.index].span
        elif owner.kind == "evidence":
            span = core.evidence[owner.index].span
        bound = {
            name: registers[register]
            for begin, name, register in owner.bindings
            if begin < offset and not name.startswith("_")
        }
        if bound:
            message += ", where " + ", ".join(f"{name} = {text}" for name, text in bound.items())
    return ProgramError(Diagnostic(code, message, span, help=help_text))


def _negative_cycle(core: CoreProgram, cycle: list[tuple[str, int, bool]]) -> Diagnostic:
    """`cycle`: atoms, each with the rule by which it depends on the next, and whether on its negation."""
    route = [cycle[0][0]]
    spans: list[tuple[Span, str, bool]] = []
    pending = False  # a negation of an auxiliary atom, which is not shown
    for (_, rule, negated), (following, _, _) in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        pending = pending or negated
        if _is_auxiliary(following):
            continue
        route.append(f"not {following}" if pending else following)
        span = _place(core.rules[rule], following, negated)
        if span is not None:
            spans.append((span, following, pending))
        pending = False
    if _is_auxiliary(route[0]):
        route = [route[-1], *route[1:]]
    places = {span.start: (span, atom, negated) for span, atom, negated in reversed(spans)}
    labels = tuple(
        Label(span, f"… needs {'the negation of ' if negated else ''}`{atom}`")
        for span, atom, negated in spans[1 : _MOST_LABELS + 1]
        if span.start != spans[0][0].start and places[span.start] == (span, atom, negated)
    )
    return Diagnostic(
        "E0510",
        f"a cycle goes through negation: {' → '.join(f'`{atom}`' for atom in route)}",
        spans[0][0] if spans else core.rules[cycle[0][1]].span,
        labels,
        "whether the negated atom holds must not depend on the atom that needs it",
    )


def _is_auxiliary(atom: str) -> bool:
    return atom.startswith("'_")


def _place(rule: Rule, atom: str, negated: bool) -> Span | None:
    """Where a rule's body asks for an atom."""
    name = atom.partition("(")[0].strip("'")
    items = [item for item in rule.body if isinstance(item, Match) and item.atom.name == name]
    items.sort(key=lambda item: item.negated != negated)
    return items[0].atom.span if items else rule.span


def _explain_limit(
    core: CoreProgram, rule: int, atom: str, atoms: int, rules: int, instances: int, limit: int
) -> ProgramError:
    growing = f"; it was adding `{atom}`" if atom else ""
    message = (
        f"grounding stopped at {atoms:,} atoms and {rules:,} rules (the limit is {limit:,}); "
        f"this rule has the most instances, {instances:,}{growing}"
    )
    help_text = (
        "bound the recursion (an argument that grows, as in `p(N+1) :- p(N)`, needs a condition such as "
        "`N < 100`), or raise the limit with --max-ground"
    )
    return ProgramError(Diagnostic("E0508", message, core.rules[rule].span, help=help_text))


def _explain_steps(
    core: CoreProgram, rule: int, tried: int, instances: int, limit: int
) -> ProgramError:
    message = (
        f"grounding stopped: the joins try too much for what they give (the limit of {limit:,} atoms and "
        f"rules bounds them too); this rule tried most, {tried:,} rows and numbers for {instances:,} "
        "instances"
    )
    help_text = (
        "let its literals share variables, narrow them in a predicate of their own before they meet, "
        "or raise the limit with --max-ground"
    )
    return ProgramError(Diagnostic("E0508", message, core.rules[rule].span, help=help_text))
