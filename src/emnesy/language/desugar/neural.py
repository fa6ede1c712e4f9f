"""``nn(...)`` annotations."""

from __future__ import annotations

from emnesy.language import syntax
from emnesy.language.core import ChoiceSpec, Head, NeuralSpec
from emnesy.language.desugar.heads import head_variables
from emnesy.language.desugar.scope import Scope, fail
from emnesy.language.fold import FoldError, fold
from emnesy.language.substitute import distinct, variables
from emnesy.language.terms import Compound, Int, Sym, Term, Var, list_items

_MOST_VALUES = 1_000_000


def neural_choice(annotation: syntax.Neural, head: Head, scope: Scope) -> ChoiceSpec:
    """The choice of a neural predicate."""
    inputs = tuple(_input(term, scope) for term in annotation.inputs)
    index = scope.terms(annotation.index)
    output, position = annotation.output, None
    if output is not None:
        output, position = _output(output, head)
    spec = NeuralSpec(
        annotation.network,
        index,
        inputs,
        output,
        position,
        () if annotation.domain is None else _domain(annotation.domain, scope),
        annotation.span,
    )
    occurrences = [v for term in (*inputs, *index) for v in variables(term)]
    occurrences += head_variables(head)
    key = distinct(v for v in occurrences if output is None or v.name != output.name)
    return ChoiceSpec("neural", key, (), spec)


def _input(term: Term, scope: Scope) -> Term:
    """Constants belong into an input's index; its name is a tensor's, whatever constants there are."""
    if isinstance(term, Sym):
        return term
    if not isinstance(term, (Var, Compound)):
        raise fail(
            "E0402",
            "an input of a network is a tensor's name, with its index if it has one",
            term.span,
            'write `image(I)` for `inputs["image"][:, i]`',
        )
    return scope.term(term)


def _output(output: Term, head: Head) -> tuple[Var, int]:
    if not isinstance(output, Var):
        raise fail(
            "E0403",
            "the third argument of `nn` is the variable that takes the network's answer",
            output.span,
            "write a variable here and in the head",
        )
    places = [
        i for i, a in enumerate(head.atom.args) if isinstance(a, Var) and a.name == output.name
    ]
    if len(places) != 1 or sum(v.name == output.name for v in head_variables(head)) != 1:
        raise fail(
            "E0403",
            f"the output `{output.name}` is not exactly one argument of the head",
            output.span,
            f"write it once in `{head.atom.name}(…)`",
        )
    return output, places[0]


def _domain(domain: Term, scope: Scope) -> tuple[Term, ...]:
    try:
        term = fold(scope.term(domain))
    except FoldError as error:
        raise fail("E0404", f"this domain has no value: {error}", domain.span) from None
    items = list_items(term)
    parts = (term,) if items is None else items
    if items is None and not (isinstance(term, Compound) and term.functor == ".."):
        raise fail(
            "E0404",
            "a domain is a range or a list",
            domain.span,
            "write `0..9` or `[grass, water]`",
        )
    values: list[Term] = []
    for part in parts:
        if isinstance(part, Compound) and part.functor == "..":
            low, high = part.args
            if not isinstance(low, Int) or not isinstance(high, Int):
                raise fail(
                    "E0404",
                    "the ends of this range are not integers",
                    part.span,
                    "they may use constants of the program, not variables",
                )
            if high.value - low.value >= _MOST_VALUES:
                raise fail("E0404", f"a domain has at most {_MOST_VALUES} values", part.span)
            values.extend(Int(v, part.span) for v in range(low.value, high.value + 1))
        elif any(True for _ in variables(part)):
            raise fail("E0404", "a domain's values cannot have variables", part.span)
        else:
            values.append(part)
    if not values:
        raise fail("E0404", "this domain is empty", domain.span)
    seen: set[Term] = set()
    for value in values:
        if value in seen:
            raise fail("E0404", "a value occurs twice in this domain", value.span or domain.span)
        seen.add(value)
    return tuple(values)
