"""Plans: which rules run in which stratum, and in which order their bodies are joined."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from itertools import chain

from emnesy.diagnostics import Diagnostic, ProgramError, Span
from emnesy.ground.assembler import Assembler, Layout, Unbound
from emnesy.ground.code import AGGREGATES, NO_CHOICE, Opcode, Version
from emnesy.ground.dependencies import (
    Stratum,
    needs_bound,
    relevant_rules,
    strata,
    symbolic_positions,
    symbolic_variables,
)
from emnesy.ground.distinct import UNKNOWN, scanned_atoms
from emnesy.ground.facts import divide, write_facts
from emnesy.ground.plan import Owner, Plan
from emnesy.ground.terms import Interner, literal_terms, rule_terms, variables
from emnesy.language.core import (
    Assign,
    Atom,
    BodyLiteral,
    Call,
    CoreProgram,
    InRange,
    Match,
    Rule,
    Signature,
)
from emnesy.language.terms import Int, Var

DERIVED_SIZE = 1000.0
"""Rows that a derived predicate is taken to have, where facts give no number."""
RANGE_SIZE = 16.0


LOOKAHEAD = 64
"""Body literals that the join order weighs against each other: it would be quadratic in the body."""


class Planner:
    """Plans one program."""

    def __init__(self, program: CoreProgram, keep_all: bool) -> None:
        self.program = program
        structure, tables = divide(program.rules)
        self.chosen = relevant_rules(program, keep_all, structure)
        """Indices of the rules that are planned one by one, and of one fact of each kind."""
        self.rules = [program.rules[i] for i in self.chosen]
        chosen = set(self.chosen)
        self.tables = [table for table in tables if table.rules[0] in chosen]
        self.sizes = self._sizes()
        self.distinct = dict(zip(self.chosen, scanned_atoms(self.rules), strict=True))
        self.layout = Layout(Interner(), {}, symbolic_positions(self.rules))
        self.plan = Plan(self.layout)
        self._number_predicates()

    def _sizes(self) -> dict[Signature, float]:
        facts: Counter[Signature] = Counter()
        derived: set[Signature] = set()
        for rule in self.rules:
            for head in rule.heads:
                if rule.body:
                    derived.add(head.atom.signature)
                facts[head.atom.signature] += 1
        for table in self.tables:
            facts[table.signature] += table.heads - len(self.program.rules[table.rules[0]].heads)
        return {s: max(n, DERIVED_SIZE) if s in derived else float(n) for s, n in facts.items()}

    def _number_predicates(self) -> None:
        aggregates: dict[Signature, tuple[int, int]] = {}
        seen: dict[Signature, None] = {}
        for rule in self.rules:
            for head in rule.heads:
                seen[head.atom.signature] = None
                if head.aggregate is not None:
                    aggregates[head.atom.signature] = (
                        AGGREGATES[head.aggregate.name],
                        head.aggregate.position,
                    )
            for item in rule.body:
                if isinstance(item, Match):
                    seen[item.atom.signature] = None
        asked = [q.atom.signature for q in self.program.queries]
        asked += [e.atom.signature for e in self.program.evidence]
        for signature in [*asked, *self.program.observed]:
            seen[signature] = None
        observed = set(self.program.observed)
        for signature in seen:
            aggregate, position = aggregates.get(signature, (0, -1))
            self._predicate(signature, aggregate, position, signature in observed)
        for rule in self.rules:
            for item in rule.body:
                if isinstance(item, Match) and item.negated and self._may_be_symbolic(item, rule):
                    self._twin(item.atom.signature)

    def _predicate(self, signature: Signature, aggregate: int, position: int, seen: bool) -> None:
        self.layout.predicates[signature] = len(self.plan.predicates)
        self.plan.predicates.append((signature.name, signature.arity, aggregate, position, seen))

    def _twin(self, signature: Signature) -> int:
        """A second predicate of that name for instances with a number where a cell stands."""
        if signature not in self.layout.twins:
            self.layout.twins[signature] = len(self.plan.predicates)
            self.plan.predicates.append((signature.name, signature.arity, 0, -1, False))
        return self.layout.twins[signature]

    def _may_be_symbolic(self, item: Match, rule: Rule) -> bool:
        names = symbolic_variables(rule, self.layout.symbolic)
        return any(
            (item.atom.signature, i) in self.layout.symbolic or not names.isdisjoint(variables(a))
            for i, a in enumerate(item.atom.args)
        )

    # Rules --------------------------------------------------------------------------------------

    def run(self) -> Plan:
        """Plans everything."""
        component: dict[Signature, int] = {}
        components = strata(self.rules)
        for number, stratum in enumerate(components):
            component.update(dict.fromkeys(stratum.predicates, number))
        by_component: list[dict[int, None]] = [{} for _ in components]
        facts: list[list[int]] = [[] for _ in components]
        for table in self.tables:
            facts[component[table.signature]] += table.rules
        tabled = {table.rules[0] for table in self.tables}
        for index, rule in zip(self.chosen, self.rules, strict=True):
            if index not in tabled:
                for head in rule.heads:
                    by_component[component[head.atom.signature]][index] = None
        for stratum, members, known in zip(components, by_component, facts, strict=True):
            if members or known:
                self._plan_stratum(stratum, list(members), sorted(known))
        final = [i for i, rule in zip(self.chosen, self.rules, strict=True) if not rule.heads]
        once = [plan for index in final for plan in self._plan_rule(index, set(), None)]
        self.plan.strata.append(([], once, []))
        self._plan_roots()
        return self.plan

    def _plan_stratum(self, stratum: Stratum, members: list[int], facts: list[int]) -> None:
        """Plans the rules `members` and the facts `facts`, both sorted, in the order of the text."""
        signatures = set(stratum.predicates)
        once: list[int] = []
        repeated: list[int] = []
        planned = 0  # of the facts
        for index in members:
            before = bisect(facts, index, planned)
            once += self._plan_facts(facts[planned:before], signatures)
            planned = before
            rule = self.program.rules[index]
            recursive = [
                i
                for i, item in enumerate(rule.body)
                if isinstance(item, Match)
                and not item.negated
                and item.atom.signature in signatures
            ]
            if not recursive:
                once += self._plan_rule(index, signatures, None)
            for delta in recursive:
                versions = {
                    i: Version.DELTA if i == delta else Version.OLD if i < delta else Version.ALL
                    for i in recursive
                }
                repeated += self._plan_rule(index, signatures, (delta, versions))
        once += self._plan_facts(facts[planned:], signatures)
        predicates = [self.layout.predicates[s] for s in stratum.predicates]
        self.plan.strata.append((predicates, once, repeated))

    def _plan_rule(
        self,
        index: int,
        signatures: set[Signature],
        delta: tuple[int, dict[int, Version]] | None,
    ) -> list[int]:
        """The plan of one rule for its heads in one stratum; none where its body can never hold."""
        rule = self.program.rules[index]
        uses = Counter(
            name for item in rule.body for t in literal_terms(item) for name in variables(t)
        )
        outside = Counter(name for term in rule_terms(rule) for name in variables(term))
        assembler = Assembler(
            self.layout, uses + outside, symbolic_variables(rule, self.layout.symbolic)
        )
        body = list(rule.body)
        try:
            self._join(assembler, body, uses, set(outside), signatures, delta)
            if not rule.heads:
                assembler.end(Opcode.CONSTRAINT)
            else:
                if rule.choice is not None:
                    assembler.choice(rule.choice)
                for number, head in enumerate(rule.heads):
                    if head.atom.signature in signatures:
                        assembler.head(head, number, rule.choice, self.distinct[index])
                assembler.end()
        except Unbound as unbound:
            raise ProgramError(_unbound(unbound.name, rule.span)) from None
        return [self.plan.add(assembler, index, Owner("rule", index))]

    def _plan_facts(self, indices: list[int], signatures: set[Signature]) -> list[int]:
        """One plan for all of them, but for those that something is to be computed for."""
        plan = self.plan
        plans: list[int] = []
        left = iter(indices)
        for first in left:
            begin = len(plan.code)
            other = write_facts(plan.code, self.program.rules, chain((first,), left), self.layout)
            if len(plan.code) > begin:
                plan.code += (Opcode.END, 2)
                plan.plan_begin.append(begin)
                plan.plan_rule.append(first)
                plan.owners.append(Owner("rule", first))
                plans.append(len(plan.plan_begin) - 1)
            if other is not None:
                self.distinct[other] = scanned_atoms([self.program.rules[other]])[0]
                plans += self._plan_rule(other, signatures, None)
        return plans

    # Join order ---------------------------------------------------------------------------------

    def _join(
        self,
        assembler: Assembler,
        body: list[BodyLiteral],
        uses: Counter[str],
        outside: set[str],
        stratum: set[Signature],
        delta: tuple[int, dict[int, Version]] | None,
    ) -> None:
        """Emits the body: tests as soon as they can run, then the literal that binds most for least."""
        left = list(range(len(body)))
        versions: dict[int, Version] = {} if delta is None else delta[1]

        def emit(i: int) -> None:
            left.remove(i)
            assembler.literal(body[i], versions.get(i, Version.ALL), stratum)

        def local_names(item: Match) -> set[str]:
            here = Counter(name for t in item.atom.args for name in variables(t))
            return {n for n, k in here.items() if uses[n] == k and n not in outside}

        if delta is not None:
            first = body[delta[0]]
            if isinstance(first, Match) and not needs_bound(first):
                emit(delta[0])
        while left:
            ready = next((i for i in left if self._is_test(assembler, body[i], local_names)), None)
            if ready is None:
                ready = self._call(assembler, body, left)
            if ready is not None:
                emit(ready)
                continue
            cost, best = min((self._cost(assembler, body[i]), i) for i in left[:LOOKAHEAD])
            if cost == float("inf"):
                cost, best = min((self._cost(assembler, body[i]), i) for i in left)
            if cost == float("inf"):
                raise Unbound(self._first_unbound(assembler, [body[i] for i in left]))
            emit(best)

    def _call(self, assembler: Assembler, body: list[BodyLiteral], left: list[int]) -> int | None:
        """The first function that can be called now, or what is to run before it.

        What is written before a call guards it: functions are dear, and may not take all that could come.
        """
        for i in left:
            item = body[i]
            if not isinstance(item, Call):
                continue
            needed = [*item.inputs, item.output] if item.negated else item.inputs
            if all(assembler.is_bound(term) for term in needed):
                before = [(self._cost(assembler, body[j]), j) for j in left if j < i]
                cost, guard = min(before, default=(float("inf"), i))
                return i if cost == float("inf") else guard
        return None

    def _is_test(self, assembler: Assembler, item: BodyLiteral, local_names: object) -> bool:
        """Whether `item` can run now, gives at most one result and is cheap."""
        if isinstance(item, Match):
            if not item.negated:
                return False
            names = {n for t in item.atom.args for n in variables(t)}
            local: set[str] = local_names(item)  # type: ignore[operator]
            return all(n in assembler.registers for n in names - local)
        if isinstance(item, Call):
            return False
        if isinstance(item, Assign):
            return assembler.is_bound(item.expression)
        if isinstance(item, InRange):
            return all(assembler.is_bound(t) for t in (item.item, item.low, item.high))
        left, right = assembler.is_bound(item.left), assembler.is_bound(item.right)
        return left or right if item.op == "=" else left and right

    def _cost(self, assembler: Assembler, item: BodyLiteral) -> float:
        """Expected number of results; infinite where `item` cannot run yet."""
        if isinstance(item, InRange):
            if not (assembler.is_bound(item.low) and assembler.is_bound(item.high)):
                return float("inf")
            if isinstance(item.low, Int) and isinstance(item.high, Int):
                return float(item.high.value - item.low.value + 1)
            return RANGE_SIZE
        if not isinstance(item, Match) or item.negated:
            return float("inf")
        if any(n not in assembler.registers for n in needs_bound(item)):
            return float("inf")
        size = self.sizes.get(item.atom.signature, 0.0)
        arity = len(item.atom.args)
        bound = sum(assembler.is_bound(a) for a in item.atom.args)
        if bound == arity:
            return 0.0
        return float(max(size, 1.0) ** ((arity - bound) / arity))

    def _first_unbound(self, assembler: Assembler, items: list[BodyLiteral]) -> str:
        names = (n for item in items for t in literal_terms(item) for n in variables(t))
        return next((n for n in names if n not in assembler.registers), "_")

    # Queries and evidence -----------------------------------------------------------------------

    def _plan_roots(self) -> None:
        twins: list[int] = []
        roots: list[int] = []
        for number, query in enumerate(self.program.queries):
            owner = Owner("query", number)
            roots.append(self._plan_root(query.atom, query.span, owner, (number,), twins))
        for number, evidence in enumerate(self.program.evidence):
            owner = Owner("evidence", number)
            words = (number, int(evidence.holds))
            roots.append(self._plan_root(evidence.atom, evidence.span, owner, words, twins))
        if twins:
            self.plan.strata.append((sorted(self.layout.twins.values()), twins, []))
        self.plan.strata.append(([], roots, []))

    def _plan_root(
        self, atom: Atom, span: Span | None, owner: Owner, words: tuple[int, ...], twins: list[int]
    ) -> int:
        asked = any(
            (atom.signature, i) in self.layout.symbolic and not isinstance(a, Var)
            for i, a in enumerate(atom.args)
        )
        uses = Counter(name for t in atom.args for name in variables(t))
        predicate = self.layout.predicates[atom.signature]
        try:
            if asked:
                # A number where a cell stands: an atom of its own, true where the cell has that number.
                twin = self._twin(atom.signature)
                rule = next(
                    i
                    for i in self.chosen
                    if any(h.atom.signature == atom.signature for h in self.program.rules[i].heads)
                )
                maker = Assembler(self.layout, Counter(dict.fromkeys(uses, 2)), set())
                maker.scan(atom)
                operands = [maker.operand(a) for a in atom.args]
                maker.end(Opcode.HEAD, NO_CHOICE, twin, UNKNOWN, *operands)
                twins.append(self.plan.add(maker, rule, owner))
                predicate = twin
            finder = Assembler(self.layout, uses, set())
            finder.scan(atom)
            finder.code[2] = predicate
            kind = Opcode.QUERY if owner.kind == "query" else Opcode.EVIDENCE
            finder.end(kind, *words)
        except Unbound as unbound:
            raise ProgramError(_unbound(unbound.name, span)) from None
        return self.plan.add(finder, 0, owner)


def _unbound(name: str, span: Span | None) -> Diagnostic:
    return Diagnostic(
        "E0501",
        f"cannot order this body: nothing binds `{name}` before it is needed",
        span,
        help=f"add a positive atom, `is` or `in` that gives `{name}` its values",
    )
