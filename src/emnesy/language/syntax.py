"""The syntax tree: a program as it is written, each node with its exact span.

Nothing is substituted, expanded or checked here. Spans do not take part in equality, so that
``parse(print(tree)) == tree``. Terms are those of `terms`, with ranges (``'..'(L, H)``) and named
constants still in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from emnesy.diagnostics.source import Source, Span
from emnesy.language.core import Atom, Signature
from emnesy.language.node import node
from emnesy.language.terms import Term

_new = tuple.__new__


@node
class Aggregate:
    """``min<E>`` or ``argmax<T, E>`` as an argument of a head."""

    name: str
    args: tuple[Term, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class HeadAtom:
    """What a clause defines: a predicate applied to terms and aggregates."""

    name: str
    args: tuple[Term | Aggregate, ...]
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def signature(self) -> Signature:
        """``name/arity`` of this head."""
        return _new(Signature, (self.name, len(self.args)))


@node
class Fixed:
    """``0.3::`` or ``P::``."""

    probability: Term
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Learned:
    """``t(0.3)::``, or ``t(_)::`` where `initial` is None.

    ``t(_, X)`` has the `key` X: one parameter for each of its values.
    """

    initial: Term | None
    key: tuple[Term, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Neural:
    """``nn(network[index], inputs, output, domain)::``; `output` and `domain` are None for Bernoulli."""

    network: str
    index: tuple[Term, ...]
    inputs: tuple[Term, ...]
    output: Term | None
    domain: Term | None
    span: Span | None = field(default=None, compare=False, repr=False)


Annotation: TypeAlias = Fixed | Learned | Neural


@node
class AnnotatedHead:
    """One alternative of a clause's head; without annotation in ordinary rules and facts."""

    head: HeadAtom
    annotation: Annotation | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Literal:
    """A predicate in a body."""

    atom: Atom
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Comparison:
    """``left op right``; also ``is`` and ``in``, whose `op` is that word."""

    op: str
    left: Term
    right: Term
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Negation:
    """``not goal`` or ``\\+ goal``."""

    goal: Goal
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Conjunction:
    """``goal, goal, ...``; not nested in one another."""

    goals: tuple[Goal, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Disjunction:
    """``goal ; goal ; ...``; not nested in one another."""

    goals: tuple[Goal, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


Goal: TypeAlias = Literal | Comparison | Negation | Conjunction | Disjunction


@node
class Constant:
    """``const name = value.``"""

    name: str
    value: Term
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Clause:
    """``heads.`` or ``heads :- body.``"""

    heads: tuple[AnnotatedHead, ...]
    body: Goal | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Constraint:
    """``:- body.``"""

    body: Goal
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class EvidenceStatement:
    """``evidence(atom).`` or ``evidence(atom, false).``"""

    atom: Atom
    holds: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class QueryStatement:
    """``query(atom).``"""

    atom: Atom
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class ObservedPredicate:
    """One ``name/arity`` of ``observe``."""

    signature: Signature
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Observe:
    """``observe sum/2, valid/0.``"""

    predicates: tuple[ObservedPredicate, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class TypeDeclaration:
    """``type p(int, int -> 0..9).``: `value` is what stands after the arrow, if there is one."""

    name: str
    keys: tuple[Term, ...]
    value: Term | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Directive:
    """``:- name(arguments, key=value, ...).``"""

    name: str
    arguments: tuple[Term, ...]
    options: Mapping[str, Term]
    span: Span | None = field(default=None, compare=False, repr=False)


Statement: TypeAlias = (
    Constant
    | Clause
    | Constraint
    | EvidenceStatement
    | QueryStatement
    | Observe
    | TypeDeclaration
    | Directive
)


@node
class Program:
    """Statements in the order of the text."""

    statements: tuple[Statement, ...]
    source: Source = field(compare=False, repr=False)


DIRECTIVES = ("include", "network", "data", "train", "engine", "foreign")
"""Names that make ``:- name(...).`` a directive and not a constraint."""
