"""The core rules: what the checks and the desugaring hand to the grounder.

One `Rule` per source clause. No named constants, no ranges in facts, no disjunction, no sugar: every
surface form has become a rule with a body of five literal kinds and, where the statement is
probabilistic, one `ChoiceSpec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal as OneOf
from typing import NamedTuple, TypeAlias

from emnesy.diagnostics.source import Span
from emnesy.language.node import node
from emnesy.language.terms import Term, Var

Value: TypeAlias = "int | float | str | bool | tuple[Value, ...]"
"""What a directive's option may be: numbers, symbols and strings as `str`, lists as tuples."""

AggregateName: TypeAlias = OneOf[
    "count", "sum", "min", "max", "avg", "argmin", "argmax", "any", "all"
]


class Signature(NamedTuple):
    """``name/arity``."""

    name: str
    arity: int

    def __str__(self) -> str:
        return f"{self.name}/{self.arity}"


_new = tuple.__new__  # three times as fast as calling the class


@node
class Atom:
    """A predicate applied to terms; arithmetic inside arguments is evaluated."""

    name: str
    args: tuple[Term, ...]
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def signature(self) -> Signature:
        """``name/arity`` of this atom."""
        return _new(Signature, (self.name, len(self.args)))


@node
class Match:
    """``p(...)`` or ``not p(...)``."""

    atom: Atom
    negated: bool = False


@node
class Compare:
    """``left op right`` for ``=:= =\\= < =< > >=`` (arithmetic) and ``= \\= == \\==`` (terms)."""

    op: str
    left: Term
    right: Term
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Assign:
    """``target is expression``; `target` may be a term to compare with."""

    target: Term
    expression: Term
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class InRange:
    """``item in low..high`` (also ``between(low, high, item)``), both ends included."""

    item: Term
    low: Term
    high: Term
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Call:
    """``f(inputs..., output)`` for a function of Python's that the program declares.

    Holds where the function has a value for the inputs and `output` matches it; negated, where it has
    none or another.
    """

    atom: Atom
    negated: bool = False

    @property
    def inputs(self) -> tuple[Term, ...]:
        """What the function is called with: all arguments but the last."""
        return self.atom.args[:-1]

    @property
    def output(self) -> Term:
        """What its value is matched with."""
        return self.atom.args[-1]


BodyLiteral: TypeAlias = Match | Compare | Assign | InRange | Call


@node
class HeadAggregate:
    """The aggregate of a head. `position` is the argument it stands at (that argument of the head's

    atom is a fresh variable, never bound); ``argmin<T, E>`` has `witness` T and `expression` E, and
    ``count<X>`` has `expression` X. ``any<>`` and ``all<>`` have neither.
    """

    name: AggregateName
    position: int
    expression: Term | None
    witness: Term | None = None


@node
class Head:
    """One head of a rule."""

    atom: Atom
    aggregate: HeadAggregate | None = None


@node
class NeuralSpec:
    """``nn(network[index], inputs, output, domain)``."""

    network: str
    index: tuple[Term, ...]  # [R, C] of `net[R, C]`; empty where each input has its own output
    inputs: tuple[Term, ...]  # input terms, as written: image(K, I), or the symbol map
    output: Var | None  # None: Bernoulli
    output_position: int | None  # the head argument that is `output`
    domain: tuple[Term, ...]  # ground terms, in the order of the network's outputs
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class ChoiceSpec:
    """The choice that one ground instance of a probabilistic statement makes.

    `key` names the instance: for fixed and learned statements all variables of the clause (ProbLog's
    convention), for neural ones those of the inputs and of the head without the output.
    `probabilities` has one term per head (fixed, learned); learned: the initial value, or None for
    ``t(_)``. `learned` says which heads are, where some are; all instances of the statement share these
    parameters, or (``t(_, X)``) those with the same `parameter_key`.

    A neural categorical choice has one alternative per domain element and a single head in
    which `output` stands for the element; a Bernoulli one has a single alternative.
    """

    kind: OneOf["fixed", "learned", "neural"]
    key: tuple[Var, ...]
    probabilities: tuple[Term | None, ...] = ()
    neural: NeuralSpec | None = None
    learned: tuple[bool, ...] = ()
    parameter_key: tuple[Term, ...] = ()


@node
class Rule:
    """``heads :- body`` with at most one choice; a constraint has no heads.

    More than one head only with a choice (an annotated disjunction).
    """

    heads: tuple[Head, ...]
    body: tuple[BodyLiteral, ...]
    choice: ChoiceSpec | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Evidence:
    """``evidence(atom)`` or ``evidence(atom, false)``."""

    atom: Atom
    holds: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Query:
    """``query(atom)``; variables ask for every instance that can be true."""

    atom: Atom
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class TypeDecl:
    """``type p(int, int -> 0..9)``: `key_arity` arguments determine the others."""

    signature: Signature
    key_arity: int | None
    arguments: tuple[Term, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class FactoryDirective:
    """``:- network(name, "module:factory", ...)`` or ``:- data("module:factory", ...)``."""

    factory: str
    options: Mapping[str, Value]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class ForeignDirective:
    """``:- foreign(gcd/3, "module:function").``: a predicate that a function of Python's computes."""

    signature: Signature
    function: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class CoreProgram:
    """A whole program after checks and desugaring."""

    constants: Mapping[str, Term]
    rules: tuple[Rule, ...]
    evidence: tuple[Evidence, ...] = ()
    queries: tuple[Query, ...] = ()
    observed: tuple[Signature, ...] = ()
    types: tuple[TypeDecl, ...] = ()
    networks: Mapping[str, FactoryDirective] = field(default_factory=dict)
    data: FactoryDirective | None = None
    foreign: Mapping[Signature, ForeignDirective] = field(default_factory=dict)
    train_options: Mapping[str, Value] = field(default_factory=dict)
    engine: str | None = None
    engine_options: Mapping[str, Value] = field(default_factory=dict)
    symbol_order: Mapping[str, int] = field(default_factory=dict)
    """Every symbol of the text -> rank of its first appearance; orders symbolic tensor axes."""
