"""Random small programs that ProbLog and emnesy both accept, as a Hypothesis strategy.

Predicates are built in layers: `e…` of facts, `d` of one annotated disjunction, `r…` of rules over
earlier predicates, hence negation is stratified by construction unless `denials` are asked for.
Arguments are typed (symbols, integers), every variable is bound by a positive atom before any other
use, and every predicate has a clause. Sizes keep the number of worlds near 2^12 at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

SYMBOLS = ("a", "b", "c")
NUMBERS = ("1", "2", "3")
PROBABILITIES = ("0.1", "0.25", "0.3", "0.45")
VARIABLES = {"s": ("X", "Y"), "i": ("I", "J")}


@dataclass(frozen=True)
class Predicate:
    """A name and the types of its arguments, `s` for symbols and `i` for integers."""

    name: str
    types: str

    def text(self, arguments: tuple[str, ...]) -> str:
        """The atom of these arguments."""
        return f"{self.name}({', '.join(arguments)})" if arguments else self.name


@dataclass(frozen=True)
class Clause:
    """`P::head; P::head :- positive, tests` where a missing P is certainty."""

    heads: tuple[tuple[str | None, str], ...]
    positive: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    def text(self) -> str:
        """One statement."""
        heads = "; ".join(f"{p}::{head}" if p else head for p, head in self.heads)
        body = ", ".join(self.positive + self.tests)
        return f"{heads} :- {body}." if body else f"{heads}."


@dataclass(frozen=True)
class RandomProgram:
    """Clauses, evidence and the predicates to ask for."""

    clauses: tuple[Clause, ...]
    evidence: tuple[tuple[str, bool], ...]
    predicates: tuple[Predicate, ...]

    def text(self) -> str:
        """The program's text."""
        lines = [clause.text() for clause in self.clauses]
        lines += [f"evidence({atom}, {str(holds).lower()})." for atom, holds in self.evidence]
        lines += [f"query({p.text(('_',) * len(p.types))})." for p in self.predicates]
        return "\n".join(lines) + "\n"

    def with_clauses(self, clauses: tuple[Clause, ...]) -> RandomProgram:
        """The same questions to other clauses."""
        return replace(self, clauses=clauses)


def _constant(kind: str) -> st.SearchStrategy[str]:
    return st.sampled_from(SYMBOLS if kind == "s" else NUMBERS)


def _ground(draw: DrawFn, predicate: Predicate) -> str:
    return predicate.text(tuple(draw(_constant(kind)) for kind in predicate.types))


@st.composite
def _facts(draw: DrawFn, predicate: Predicate) -> list[Clause]:
    count = draw(st.integers(1, 3 if predicate.types else 1))
    probability = st.sampled_from((None, *PROBABILITIES))
    return [Clause(((draw(probability), _ground(draw, predicate)),)) for _ in range(count)]


@st.composite
def _alternatives(draw: DrawFn, predicate: Predicate) -> list[Clause]:
    values = draw(st.lists(_constant(predicate.types), min_size=2, max_size=3, unique=True))
    probability = st.sampled_from(PROBABILITIES[:3])
    return [Clause(tuple((draw(probability), predicate.text((v,))) for v in values))]


def _body_atom(draw: DrawFn, predicate: Predicate) -> tuple[str, set[str]]:
    arguments = tuple(
        draw(st.sampled_from(VARIABLES[kind]) | _constant(kind)) for kind in predicate.types
    )
    return predicate.text(arguments), {a for a in arguments if a[0].isupper()}


def _argument(draw: DrawFn, kind: str, bound: set[str]) -> str:
    usable = sorted(v for v in (*VARIABLES["s"], *VARIABLES["i"], "K") if v in bound)
    fitting = [v for v in usable if (v in VARIABLES["s"]) == (kind == "s")]
    return draw(st.sampled_from(fitting)) if fitting else draw(_constant(kind))


@st.composite
def _rule(
    draw: DrawFn,
    head: Predicate,
    earlier: tuple[Predicate, ...],
    recursive: tuple[Predicate, ...],
    denied: tuple[Predicate, ...] = (),
) -> Clause:
    positive: list[str] = []
    tests: list[str] = []
    bound: set[str] = set()
    probabilistic = draw(st.integers(0, 3)) == 0
    facts = tuple(p for p in earlier if p.name[0] == "e")
    for _ in range(1 if probabilistic else draw(st.integers(1, 3))):
        atom, variables = _body_atom(
            draw, draw(st.sampled_from(facts if probabilistic else earlier + recursive))
        )
        positive.append(atom)
        bound |= variables
    numbers = sorted(bound & set(VARIABLES["i"]))
    if numbers and not recursive and draw(st.booleans()):
        operator = draw(st.sampled_from(("+ 1", "* 2", "- 2", "mod 2", "// 2")))
        tests.append(f"K is {draw(st.sampled_from(numbers))} {operator}")
        bound.add("K")
    if numbers and draw(st.booleans()):
        operator = draw(st.sampled_from(("<", ">", "=<", ">=", "=:=", "=\\=")))
        right = draw(st.sampled_from((*numbers, "1", "2", "3")))
        tests.append(f"{draw(st.sampled_from(numbers))} {operator} {right}")
    if draw(st.booleans()):
        negated = draw(st.sampled_from(denied or earlier))
        arguments = tuple(_argument(draw, kind, bound) for kind in negated.types)
        tests.append(f"\\+ {negated.text(arguments)}")
    arguments = tuple(_argument(draw, kind, bound) for kind in head.types)
    if not probabilistic:
        return Clause(((None, head.text(arguments)),), tuple(positive), tuple(tests))
    heads = [(draw(st.sampled_from(PROBABILITIES)), head.text(arguments))]
    if head.types and draw(st.booleans()):
        # Alternatives that differ in a constant at the same place can never coincide.
        kind = head.types[-1]
        one, two = draw(st.lists(_constant(kind), min_size=2, max_size=2, unique=True))
        heads = [(heads[0][0], head.text((*arguments[:-1], c))) for c in (one, two)]
    return Clause(tuple(heads), tuple(positive), tuple(tests))


@st.composite
def random_programs(draw: DrawFn, *, cycles: bool = False, denials: bool = False) -> RandomProgram:
    """Programs with facts, an annotated disjunction, rules, negation, arithmetic and evidence.

    `cycles`: rules may also call their own predicate and its neighbour, positively. `denials`: they may
    deny them, so that negation is stratified by chance only.
    """
    types = st.text("si", max_size=2)
    known = [Predicate(f"e{i}", draw(types)) for i in range(draw(st.integers(1, 3)))]
    clauses = [clause for predicate in known for clause in draw(_facts(predicate))]
    if draw(st.booleans()):
        known.append(Predicate("d", draw(st.sampled_from("si"))))
        clauses += draw(_alternatives(known[-1]))
    layers = draw(st.integers(1, 3))
    for layer in range(layers):
        names = ("p", "q") if cycles or denials else ("",)
        heads = tuple(Predicate(f"r{layer}{name}", draw(types)) for name in names)
        for head in heads:
            earlier = tuple(known)
            clauses.append(draw(_rule(head, earlier, ())))
            for _ in range(draw(st.integers(0, 2))):
                denied = heads if denials and draw(st.booleans()) else ()
                clauses.append(draw(_rule(head, earlier, heads if cycles else (), denied)))
        known.extend(heads)
    evidence = tuple(
        (_ground(draw, draw(st.sampled_from(known))), draw(st.booleans()))
        for _ in range(draw(st.sampled_from((0, 0, 1, 2))))
    )
    return RandomProgram(tuple(clauses), evidence, tuple(known))
