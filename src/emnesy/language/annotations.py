"""What stands before ``::``: a probability, ``t(...)`` or ``nn(...)``."""

from __future__ import annotations

from typing import NoReturn

from emnesy.diagnostics import Diagnostic, ProgramError
from emnesy.language import syntax
from emnesy.language.terms import Compound, Sym, Term, Var, list_items

_FORMS = "write `nn(net, input) :: head` or `nn(net, input, Output, Domain) :: head`"


def annotation(term: Term) -> syntax.Annotation:
    """The annotation that `term` is.

    Raises:
        ProgramError: ``nn`` or ``t`` with a wrong number or kind of arguments.
    """
    if isinstance(term, Compound) and term.functor == "t":
        if not term.args:
            _fail("a learnable probability is written `t(0.3)` or `t(_)`", term, None)
        initial, *key = term.args
        if isinstance(initial, Var) and initial.name.startswith("_"):
            return syntax.Learned(None, tuple(key), term.span)
        return syntax.Learned(initial, tuple(key), term.span)
    if isinstance(term, Compound) and term.functor == "nn":
        return _neural(term)
    return syntax.Fixed(term, term.span)


def _neural(term: Compound) -> syntax.Neural:
    if len(term.args) not in (2, 4):
        _fail(f"`nn` takes 2 or 4 arguments, not {len(term.args)}", term, _FORMS)
    network, inputs = term.args[:2]
    index: tuple[Term, ...] = ()
    if isinstance(network, Compound) and network.functor == "[]":
        network, *rest = network.args
        index = tuple(rest)
    if not isinstance(network, Sym):
        _fail("the first argument of `nn` is the name of a network", network, _FORMS)
    items = list_items(inputs)
    if items == ():
        _fail("a network has at least one input", inputs, _FORMS)
    output, domain = term.args[2:] if len(term.args) == 4 else (None, None)
    return syntax.Neural(
        network.name, index, (inputs,) if items is None else items, output, domain, term.span
    )


def _fail(message: str, term: Term, help: str | None) -> NoReturn:
    raise ProgramError(Diagnostic("E0401", message, term.span, help=help))
