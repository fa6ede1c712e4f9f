"""One world of a core program by naive evaluation: no planner, no indexes, no symbolic values.

An oracle that shares nothing with the grounder: given what every choice does, rules are run over Python
sets until nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from emnesy.language.core import Assign, Compare, CoreProgram, InRange, Match, Rule, Signature
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, Var

Row = tuple[object, ...]
World = dict[Signature, set[Row]]
Choose = Callable[[int, Row, int], "int | None"]
"""(rule, key, alternatives) -> the alternative that this choice takes, or None."""

FUNCTIONS: dict[tuple[str, int], Callable[..., object]] = {
    ("+", 2): lambda a, b: a + b,
    ("-", 2): lambda a, b: a - b,
    ("*", 2): lambda a, b: a * b,
    ("/", 2): lambda a, b: a / b,
    ("//", 2): lambda a, b: a // b,
    ("mod", 2): lambda a, b: a % b,
    ("**", 2): lambda a, b: a**b,
    ("min", 2): min,
    ("max", 2): max,
    ("/\\", 2): lambda a, b: a & b,
    ("\\/", 2): lambda a, b: a | b,
    ("<<", 2): lambda a, b: a << b,
    (">>", 2): lambda a, b: a >> b,
    ("sign", 1): lambda a: (a > 0) - (a < 0),
    ("floor", 1): math.floor,
    ("xor", 2): lambda a, b: a ^ b,
    ("-", 1): lambda a: -a,
    ("abs", 1): abs,
    ("sqrt", 1): math.sqrt,
}


def value(term: Term, bound: dict[str, object], evaluate: bool = True) -> object:
    """A term as a Python value; symbols and strings are tagged, so that no two kinds are equal."""
    if isinstance(term, Var):
        return bound[term.name]
    if isinstance(term, Int | Float):
        return number(term.value)
    if isinstance(term, Sym):
        return ("symbol", term.name)
    if isinstance(term, Str):
        return ("string", term.value)
    arguments = [value(a, bound, evaluate) for a in term.args]
    function = FUNCTIONS.get((term.functor, len(arguments))) if evaluate else None
    if function is not None:
        return number(function(*[untag(a) for a in arguments]))
    return (term.functor, *arguments)


def number(x: object) -> object:
    """Tags a number with its type: 1 and 1.0 are different terms."""
    assert isinstance(x, int | float)
    return ("int" if isinstance(x, int) else "float", x)


def untag(x: object) -> object:
    """The number inside a tagged one."""
    assert isinstance(x, tuple)
    assert x[0] in ("int", "float"), x
    return x[1]


def free(term: Term, bound: dict[str, object]) -> bool:
    if isinstance(term, Var):
        return term.name not in bound
    return isinstance(term, Compound) and any(free(a, bound) for a in term.args)


def unify(term: Term, target: object, bound: dict[str, object], evaluate: bool) -> dict | None:
    """Bindings that make `term` equal `target`; None where there are none."""
    if not free(term, bound):
        return bound if value(term, bound, evaluate) == target else None
    if isinstance(term, Var):
        return {**bound, term.name: target}
    assert isinstance(term, Compound)
    if not isinstance(target, tuple) or target[0] != term.functor:
        return None
    if len(target) != len(term.args) + 1:
        return None
    new: dict | None = bound
    for argument, item in zip(term.args, target[1:], strict=True):
        new = unify(argument, item, new, evaluate)
        if new is None:
            return None
    return new


def unify_row(args: tuple[Term, ...], row: Row, bound: dict[str, object]) -> dict | None:
    """Bindings that make an atom's arguments equal a row; arithmetic waits for its variables."""
    todo = list(zip(args, row, strict=True))
    while todo:
        for i, (term, item) in enumerate(todo):
            arithmetic = isinstance(term, Compound) and (term.functor, len(term.args)) in FUNCTIONS
            if arithmetic and free(term, bound):
                continue
            new = unify(term, item, bound, True)
            if new is None:
                return None
            bound = new
            del todo[i]
            break
        else:
            raise AssertionError("unbound arithmetic")
    return bound


COMPARE = {
    "=:=": lambda a, b: a == b,
    "=\\=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "=<": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def solutions(body: tuple, world: World, bound: dict[str, object]) -> Iterator[dict[str, object]]:
    """All substitutions of a body; the first literal that can run goes first."""
    if not body:
        yield bound
        return
    tests = [i for i, item in enumerate(body) if runnable(item, bound, body)]
    positives = [i for i, item in enumerate(body) if isinstance(item, Match) and not item.negated]
    ready = [i for i in positives if matchable(body[i], bound)]
    pick = (tests or ready or positives)[0]
    for new in step(body[pick], world, bound):
        yield from solutions(body[:pick] + body[pick + 1 :], world, new)


def matchable(item: Match, bound: dict[str, object]) -> bool:
    """Do the atom's other arguments bind what its arithmetic needs?"""

    def arithmetic(term: Term) -> bool:
        return isinstance(term, Compound) and (term.functor, len(term.args)) in FUNCTIONS

    plain = {n for t in item.atom.args if not arithmetic(t) for n in names_of(t)}
    needed = {n for t in item.atom.args if arithmetic(t) for n in names_of(t)}
    return needed <= plain | bound.keys()


def runnable(item: object, bound: dict[str, object], body: tuple) -> bool:
    if isinstance(item, Match):
        if not item.negated:
            return False
        others = [t for other in body if other is not item for t in terms_of(other)]
        shared = {n for t in others for n in names_of(t)}
        return all(n in bound or n not in shared for t in item.atom.args for n in names_of(t))
    if isinstance(item, Compare):
        open_sides = free(item.left, bound) + free(item.right, bound)
        return open_sides == 0 or (item.op == "=" and open_sides == 1)
    if isinstance(item, Assign):
        return not free(item.expression, bound)
    assert isinstance(item, InRange)
    return not free(item.low, bound) and not free(item.high, bound)


def terms_of(item: object) -> tuple[Term, ...]:
    if isinstance(item, Match):
        return item.atom.args
    if isinstance(item, Compare):
        return (item.left, item.right)
    if isinstance(item, Assign):
        return (item.target, item.expression)
    assert isinstance(item, InRange)
    return (item.item, item.low, item.high)


def names_of(term: Term) -> Iterator[str]:
    if isinstance(term, Var):
        yield term.name
    elif isinstance(term, Compound):
        for argument in term.args:
            yield from names_of(argument)


def step(item: object, world: World, bound: dict[str, object]) -> Iterator[dict[str, object]]:
    if isinstance(item, Match):
        rows = list(world.get(item.atom.signature, ()))
        found = (unify_row(item.atom.args, row, bound) for row in rows)
        matches = [new for new in found if new is not None]
        if item.negated:
            if not matches:
                yield bound
        else:
            yield from matches
    elif isinstance(item, Compare):
        if item.op in COMPARE:
            left, right = untag(value(item.left, bound)), untag(value(item.right, bound))
            if COMPARE[item.op](left, right):
                yield bound
        elif item.op == "=":
            source, target = item.left, item.right
            if free(source, bound):
                source, target = target, source
            new = unify(target, value(source, bound, False), bound, False)
            if new is not None:
                yield new
        else:
            equal = value(item.left, bound, False) == value(item.right, bound, False)
            if equal == (item.op == "=="):
                yield bound
    elif isinstance(item, Assign):
        new = unify(item.target, value(item.expression, bound), bound, False)
        if new is not None:
            yield new
    else:
        low, high = untag(value(item.low, bound)), untag(value(item.high, bound))
        for i in range(low, high + 1):
            new = unify(item.item, number(i), bound, True)
            if new is not None:
                yield new


def heads(rule_index: int, rule: Rule, bound: dict[str, object], choose: Choose) -> list:
    """(head, bindings) pairs that fire under one substitution."""
    choice = rule.choice
    if choice is None:
        return [(head, bound) for head in rule.heads]
    key = tuple(bound[v.name] for v in choice.key if v.name in bound)
    neural = choice.neural
    if neural is not None and neural.output is not None:
        taken = choose(rule_index, key, len(neural.domain))
        if taken is None:
            return []
        element = value(neural.domain[taken], {})
        return [(rule.heads[0], {**bound, neural.output.name: element})]
    taken = choose(rule_index, key, len(rule.heads))
    return [] if taken is None else [(rule.heads[taken], bound)]


def layers(program: CoreProgram) -> dict[Signature, int]:
    """Stratum numbers by relaxation; negation and aggregates force a higher one where they can."""
    level: dict[Signature, int] = {}
    edges = []
    for rule in program.rules:
        for head in rule.heads:
            level.setdefault(head.atom.signature, 0)
            for item in rule.body:
                if isinstance(item, Match):
                    level.setdefault(item.atom.signature, 0)
                    strict = item.negated or (
                        head.aggregate is not None
                        and not depends(program, item.atom.signature, head.atom.signature)
                    )
                    edges.append((item.atom.signature, head.atom.signature, int(strict)))
    for _ in range(len(level) + 1):
        for source, target, gap in edges:
            level[target] = max(level[target], level[source] + gap)
    return level


def depends(program: CoreProgram, source: Signature, target: Signature) -> bool:
    """Whether `source` is derived from `target`."""
    seen: set[Signature] = set()
    work = [source]
    while work:
        signature = work.pop()
        if signature == target:
            return True
        if signature in seen:
            continue
        seen.add(signature)
        for rule in program.rules:
            if any(h.atom.signature == signature for h in rule.heads):
                work += [i.atom.signature for i in rule.body if isinstance(i, Match)]
    return False


def fold(name: str, pairs: list[tuple[object, object]]) -> object:
    """The value of an aggregate; pairs of (contribution, witness)."""
    if name == "count":
        return number(len(pairs))
    if name == "any":
        return ("symbol", "true")
    numbers = [untag(c) for c, _ in pairs]
    if name == "sum":
        return number(sum(numbers))
    if name == "avg":
        return number(float(sum(numbers)) / len(numbers))
    best = (min if name in ("min", "argmin") else max)(numbers)
    if name in ("min", "max"):
        return next(c for c, _ in pairs if untag(c) == best)
    return min((w for c, w in pairs if untag(c) == best), key=standard_order)


def standard_order(term: object) -> tuple:
    assert isinstance(term, tuple)
    kind = term[0]
    if kind in ("int", "float"):
        return (0, term[1], kind == "int")
    if kind == "symbol":
        return (1, term[1])
    if kind == "string":
        return (2, term[1])
    return (3, len(term) - 1, kind, tuple(standard_order(a) for a in term[1:]))


def world_of(program: CoreProgram, choose: Choose) -> World:
    """The true atoms of the world in which choices do what `choose` says."""
    level = layers(program)
    world: World = {}
    for stratum in sorted(set(level.values())):
        while True:
            new: World = {}
            groups: dict[tuple, list[tuple[object, object]]] = {}
            for index, rule in enumerate(program.rules):
                if not any(level[h.atom.signature] == stratum for h in rule.heads):
                    continue
                for bound in solutions(rule.body, world, {}):
                    for head, binding in heads(index, rule, bound, choose):
                        collect(head, binding, new, groups)
            for (signature, name, position, key), pairs in groups.items():
                row = list(key)
                row[position] = fold(name, pairs)
                new.setdefault(signature, set()).add(tuple(row))
            now = {
                s: rows if level[s] == stratum else world.get(s, set())
                for s, rows in {**world, **new}.items()
                if level[s] <= stratum
            }
            if now == world:
                break
            world = now
    return world


def collect(head: object, bound: dict[str, object], new: World, groups: dict) -> None:
    atom, aggregate = head.atom, head.aggregate
    if aggregate is None:
        row = tuple(value(a, bound) for a in atom.args)
        new.setdefault(atom.signature, set()).add(row)
        return
    key = tuple(
        None if i == aggregate.position else value(a, bound) for i, a in enumerate(atom.args)
    )
    contribution = None if aggregate.expression is None else value(aggregate.expression, bound)
    witness = None if aggregate.witness is None else value(aggregate.witness, bound)
    groups.setdefault((atom.signature, aggregate.name, aggregate.position, key), []).append(
        (contribution, witness)
    )
