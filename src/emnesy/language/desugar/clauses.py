"""Clauses and constraints -> core rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emnesy.diagnostics import Span
from emnesy.language import syntax
from emnesy.language.core import (
    Atom,
    BodyLiteral,
    ChoiceSpec,
    Head,
    HeadAggregate,
    Match,
    Rule,
)
from emnesy.language.desugar.bodies import alternatives, literals
from emnesy.language.desugar.equations import bind_atom, solve_equations
from emnesy.language.desugar.heads import core_head, head_variables
from emnesy.language.desugar.neural import neural_choice
from emnesy.language.desugar.scope import Scope, fail
from emnesy.language.literals import literal_variables
from emnesy.language.substitute import distinct, variables, with_bindings
from emnesy.language.terms import Term, Var


def clause_rules(clause: syntax.Clause, scope: Scope) -> None:
    """Append the rules of a clause.

    Raises:
        ProgramError: the clause cannot be given a meaning.
    """
    ranges: list[BodyLiteral] = []
    heads = tuple(core_head(alternative.head, scope, ranges) for alternative in clause.heads)
    annotations = [alternative.annotation for alternative in clause.heads]
    if annotations[0] is None:
        _plain(heads[0], clause.body, ranges, scope, clause.span)
        return
    for head, alternative in zip(heads, clause.heads, strict=True):
        if head.aggregate is not None:
            raise fail(
                "E0306",
                "a probabilistic head cannot have an aggregate",
                alternative.head.span,
                "define the aggregate by a rule of its own and use it in this one's body",
            )
    body = _one_body(clause.body, [v for h in heads for v in head_variables(h)], annotations, scope)
    body, bindings = solve_equations([*ranges, *body])
    heads = tuple(_bind_head(head, bindings) for head in heads)
    choice = _choice(annotations, heads, body, bindings, scope)
    scope.rules.append(Rule(heads, tuple(body), choice, clause.span))


def constraint_rules(constraint: syntax.Constraint, scope: Scope) -> None:
    """Append the rules of a constraint: one per alternative of its body."""
    for goals in alternatives(constraint.body):
        body, _ = solve_equations(literals(goals, set(), scope))
        scope.rules.append(Rule((), tuple(body), None, constraint.span))


def _plain(
    head: Head,
    goal: syntax.Goal | None,
    ranges: list[BodyLiteral],
    scope: Scope,
    span: Span | None,
) -> None:
    """A rule without a choice: one copy per alternative of its body.

    Not where it aggregates: there one substitution counts once, whichever alternatives it satisfies.
    """
    if head.aggregate is not None:
        bodies = [_one_body(goal, head_variables(head), [], scope)]
    else:
        names = {v.name for v in head_variables(head)}
        bodies = [literals(goals, names, scope) for goals in alternatives(goal)]
    for one in bodies:
        body, bindings = solve_equations([*ranges, *one])
        scope.rules.append(Rule((_bind_head(head, bindings),), tuple(body), None, span))


def _one_body(
    goal: syntax.Goal | None,
    head_occurrences: list[Var],
    annotations: Sequence[syntax.Annotation | None],
    scope: Scope,
) -> list[BodyLiteral]:
    """The body as one conjunction; alternatives become rules of an auxiliary predicate.

    ``0.3::a :- b ; c.`` is one choice, not two, so it cannot be copied: it becomes
    ``0.3::a :- _or1.  _or1 :- b.  _or1 :- c.``
    """
    branches = alternatives(goal)
    outside = head_occurrences + [v for a in annotations for v in _annotation_variables(a)]
    names = {v.name for v in outside}
    if len(branches) == 1:
        return literals(branches[0], names, scope)
    bodies = [solve_equations(literals(branch, names, scope)) for branch in branches]
    occurring = [
        {v.name for lit in body for v in literal_variables(lit)} | set(bindings)
        for body, bindings in bodies
    ]
    shared = distinct(
        outside + [v for body, _ in bodies for lit in body for v in literal_variables(lit)]
    )
    for var in shared:
        if not all(var.name in names for names in occurring):
            raise fail(
                "E0311",
                f"`{var.name.partition('#')[0]}` does not occur in every alternative of the body",
                var.span,
                "a probabilistic or aggregating rule counts the values of all variables; give the "
                "disjunction a predicate of its own",
            )
    span = None if goal is None else goal.span
    atom = Atom(scope.predicate("or"), shared, span)
    for body, bindings in bodies:
        scope.rules.append(Rule((Head(bind_atom(atom, bindings)),), tuple(body), None, span))
    return [Match(atom)]


def _annotation_variables(annotation: syntax.Annotation | None) -> Iterator[Var]:
    """Those of a probability; what neural annotations hold is looked at by `neural_choice`."""
    if isinstance(annotation, syntax.Fixed):
        yield from variables(annotation.probability)
    elif isinstance(annotation, syntax.Learned):
        if annotation.initial is not None:
            yield from variables(annotation.initial)
        for term in annotation.key:
            yield from (v for v in variables(term) if not v.name.startswith("_"))


def _choice(
    annotations: Sequence[syntax.Annotation | None],
    heads: tuple[Head, ...],
    body: list[BodyLiteral],
    bindings: dict[str, Term],
    scope: Scope,
) -> ChoiceSpec:
    first = annotations[0]
    if isinstance(first, syntax.Neural):
        if len(annotations) > 1:
            raise fail(
                "E0405",
                "a neural predicate cannot be part of an annotated disjunction",
                first.span,
                "`nn(net, input, Output, Domain)` is a disjunction already",
            )
        return neural_choice(first, heads[0], scope)
    neural = next((a for a in annotations if isinstance(a, syntax.Neural)), None)
    if neural is not None:
        raise fail(
            "E0405", "a neural predicate cannot be part of an annotated disjunction", neural.span
        )
    learned = [a for a in annotations if isinstance(a, syntax.Learned)]
    keys = [_parameter_key(a, bindings, scope) for a in learned]
    if any(key != keys[0] for key in keys):
        raise fail(
            "E0411",
            "the alternatives of this disjunction have learnable probabilities of different keys",
            learned[-1].span,
            "they are parameters of one choice: write the same variables in every `t(_, …)`",
        )
    probabilities: list[Term | None] = []
    for annotation in annotations:
        if isinstance(annotation, syntax.Fixed):
            probability = with_bindings(scope.term(annotation.probability), bindings)
            probabilities.append(probability)
        elif isinstance(annotation, syntax.Learned):
            initial = annotation.initial
            probabilities.append(None if initial is None else scope.term(initial))
    occurrences = [v for head in heads for v in head_variables(head)]
    occurrences += [v for p in probabilities if p is not None for v in variables(p)]
    occurrences += [v for literal in body for v in literal_variables(literal)]
    if not learned:
        return ChoiceSpec("fixed", distinct(occurrences), tuple(probabilities))
    return ChoiceSpec(
        "learned",
        distinct([*occurrences, *(v for term in keys[0] for v in variables(term))]),
        tuple(probabilities),
        learned=tuple(isinstance(a, syntax.Learned) for a in annotations),
        parameter_key=keys[0],
    )


def _parameter_key(
    learned: syntax.Learned, bindings: dict[str, Term], scope: Scope
) -> tuple[Term, ...]:
    """ProbLog's convention: constants and `_` among the keys distinguish nothing."""
    return tuple(
        with_bindings(scope.term(term), bindings)
        for term in learned.key
        if any(not v.name.startswith("_") for v in variables(term))
    )


def _bind_head(head: Head, bindings: dict[str, Term]) -> Head:
    if not bindings:
        return head
    aggregate = head.aggregate
    if aggregate is not None:
        aggregate = HeadAggregate(
            aggregate.name,
            aggregate.position,
            None if aggregate.expression is None else with_bindings(aggregate.expression, bindings),
            None if aggregate.witness is None else with_bindings(aggregate.witness, bindings),
        )
    return Head(bind_atom(head.atom, bindings), aggregate)
