"""The predicate dependency graph: what is relevant, in which order, and what may be symbolic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emnesy.ground.terms import bindable, is_arithmetic, variables
from emnesy.language.core import Assign, CoreProgram, Match, Rule, Signature
from emnesy.language.terms import Compound, Term

NUMERIC_AGGREGATES = frozenset({"count", "sum", "min", "max", "avg"})


@dataclass(frozen=True)
class Stratum:
    """Predicates that depend on each other, or one alone; `recursive` where they do."""

    predicates: tuple[Signature, ...]
    recursive: bool


def relevant_rules(
    program: CoreProgram, keep_all: bool, among: Sequence[int] | None = None
) -> list[int]:
    """Indices of the rules whose heads queries, evidence, observations or constraints reach.

    `among`: the indices to choose from, all by default.
    """
    if among is None:
        among = range(len(program.rules))
    if keep_all:
        return list(among)
    by_head: dict[Signature, list[int]] = {}
    for index in among:
        for head in program.rules[index].heads:
            by_head.setdefault(head.atom.signature, []).append(index)
    constraints = [i for i in among if not program.rules[i].heads]
    work: list[Signature] = [q.atom.signature for q in program.queries]
    work += [e.atom.signature for e in program.evidence]
    work += list(program.observed)
    for index in constraints:
        work += _body_predicates(program.rules[index])
    seen: set[Signature] = set()
    chosen: set[int] = set(constraints)
    while work:
        signature = work.pop()
        if signature in seen:
            continue
        seen.add(signature)
        for index in by_head.get(signature, ()):
            if index not in chosen:
                chosen.add(index)
                work += _body_predicates(program.rules[index])
    return sorted(chosen)


def _body_predicates(rule: Rule) -> list[Signature]:
    return [item.atom.signature for item in rule.body if isinstance(item, Match)]


def strata(rules: Iterable[Rule]) -> list[Stratum]:
    """The strongly connected components of the dependency graph, each after those it reads.

    Tarjan's algorithm (SIAM J. Comput. 1, 1972), without recursion.
    """
    edges: dict[Signature, dict[Signature, None]] = {}
    for rule in rules:
        body = _body_predicates(rule)
        for head in rule.heads:
            targets = edges.setdefault(head.atom.signature, {})
            for signature in body:
                targets[signature] = None
                edges.setdefault(signature, {})
    order: dict[Signature, int] = {}
    low: dict[Signature, int] = {}
    on_stack: set[Signature] = set()
    stack: list[Signature] = []
    result: list[Stratum] = []
    for root in edges:
        if root in order:
            continue
        work = [(root, iter(edges[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets_left = work[-1]
            for target in targets_left:
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], order[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == order[node]:
                    members: list[Signature] = []
                    while not members or members[-1] != node:
                        members.append(stack.pop())
                        on_stack.discard(members[-1])
                    recursive = len(members) > 1 or node in edges[node]
                    result.append(Stratum(tuple(reversed(members)), recursive))
    return result


def symbolic_positions(rules: list[Rule]) -> set[tuple[Signature, int]]:
    """Arguments that may hold a computed cell or a term over one.

    These start at the results of numeric aggregates over anything uncertain and flow through rule heads.
    They may not be index keys: a cell equals a number in some worlds only.
    """
    if not any(
        h.aggregate and h.aggregate.name in NUMERIC_AGGREGATES for r in rules for h in r.heads
    ):
        return set()
    uncertain = _uncertain_predicates(rules)
    positions: set[tuple[Signature, int]] = set()
    for rule in rules:
        for head in rule.heads:
            signature = head.atom.signature
            aggregate = head.aggregate
            if aggregate and aggregate.name in NUMERIC_AGGREGATES and signature in uncertain:
                positions.add((signature, aggregate.position))
    if not positions:
        return positions
    grown = True
    while grown:
        grown = False
        for rule in rules:
            names = symbolic_variables(rule, positions)
            for head in rule.heads:
                for i, argument in enumerate(head.atom.args):
                    key = (head.atom.signature, i)
                    if key not in positions and not names.isdisjoint(variables(argument)):
                        positions.add(key)
                        grown = True
    return positions


def symbolic_variables(rule: Rule, positions: set[tuple[Signature, int]]) -> set[str]:
    """Variables of `rule` that may be bound to a symbolic term."""
    names: set[str] = set()
    for item in rule.body:
        if isinstance(item, Match) and not item.negated:
            for i, argument in enumerate(item.atom.args):
                if (item.atom.signature, i) in positions:
                    names.update(variables(argument))
    if not names and not positions:
        return names
    grown = True
    while grown:
        grown = False
        for item in rule.body:
            pairs: list[tuple[Term, Term]] = []
            if isinstance(item, Assign):
                pairs = [(item.target, item.expression)]
            elif getattr(item, "op", None) == "=":
                pairs = [(item.left, item.right), (item.right, item.left)]  # type: ignore[union-attr]
            for target, source in pairs:
                new = set(variables(target)) - names
                if new and not names.isdisjoint(variables(source)):
                    names |= new
                    grown = True
    return names


def _uncertain_predicates(rules: list[Rule]) -> set[Signature]:
    """Predicates with an atom that might not hold in every world.

    Recursive aggregates count as uncertain: their cells exist before all contributions are known.
    """
    uncertain: set[Signature] = set()
    for stratum in strata(rules):
        if not stratum.recursive:
            continue
        members = set(stratum.predicates)
        if any(h.aggregate for r in rules for h in r.heads if h.atom.signature in members):
            uncertain |= members
    grown = True
    while grown:
        grown = False
        for rule in rules:
            chancy = rule.choice is not None or any(s in uncertain for s in _body_predicates(rule))
            for head in rule.heads:
                if chancy and head.atom.signature not in uncertain:
                    uncertain.add(head.atom.signature)
                    grown = True
    return uncertain


def needs_bound(item: Match) -> set[str]:
    """Variables that must be bound before a positive literal can be matched."""
    needed: set[str] = set()

    def visit(term: Term) -> None:
        if is_arithmetic(term):
            needed.update(variables(term))
        elif isinstance(term, Compound):
            for argument in term.args:
                visit(argument)

    for argument in item.atom.args:
        visit(argument)
    return needed - bindable(item.atom)
