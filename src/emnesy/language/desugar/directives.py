"""``network``, ``data``, ``train``, ``engine``, ``foreign`` and the declarations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emnesy.diagnostics import Label, ProgramError
from emnesy.language import syntax
from emnesy.language.core import FactoryDirective, Value
from emnesy.language.desugar.scope import Scope, fail
from emnesy.language.fold import FoldError, fold
from emnesy.language.terms import Float, Int, Str, Sym, Term, list_items

_FORMS = {
    "network": ':- network(name, "module:factory", key=value).',
    "data": ':- data("module:factory", key=value).',
    "train": ":- train(epochs=10, batch_size=16).",
    "engine": ":- engine(bp, key=value).",
}


@dataclass
class Directives:
    """What the directives of a program said."""

    networks: dict[str, FactoryDirective] = field(default_factory=dict)
    data: FactoryDirective | None = None
    train_options: dict[str, Value] = field(default_factory=dict)
    engine: str | None = None
    engine_options: dict[str, Value] = field(default_factory=dict)
    _seen: dict[str, syntax.Directive] = field(default_factory=dict)

    def add(self, directive: syntax.Directive, scope: Scope) -> None:
        """Take one directive in.

        Raises:
            ProgramError: it is malformed, or given twice.
        """
        name, arguments = directive.name, directive.arguments
        if name == "foreign":
            raise fail(
                "E0208", "foreign functions are not supported in this version", directive.span
            )
        options = {key: option_value(value, scope) for key, value in directive.options.items()}
        if name == "network":
            if len(arguments) != 2 or not isinstance(arguments[0], Sym):
                raise _malformed(directive)
            network = arguments[0].name
            self._once(f"network {network}", f"the network `{network}`", directive)
            self.networks[network] = _factory(directive, arguments[1], options)
        elif name == "data":
            if len(arguments) != 1:
                raise _malformed(directive)
            self._once("data", "the data set", directive)
            self.data = _factory(directive, arguments[0], options)
        elif name == "train":
            if arguments:
                raise _malformed(directive)
            self._once("train", "`train`", directive)
            self.train_options = options
        else:
            if len(arguments) != 1 or not isinstance(arguments[0], Sym):
                raise _malformed(directive)
            self._once("engine", "the engine", directive)
            self.engine, self.engine_options = arguments[0].name, options

    def _once(self, key: str, what: str, directive: syntax.Directive) -> None:
        first = self._seen.setdefault(key, directive)
        if first is not directive:
            labels = () if first.span is None else (Label(first.span, "first declared here"),)
            raise fail("E0209", f"{what} is declared twice", directive.span, labels=labels)


def option_value(term: Term, scope: Scope) -> Value:
    """The Python value of an option.

    Raises:
        ProgramError: it is not a number, symbol, string, truth value or a list of these.
    """
    try:
        term = fold(scope.term(term))
    except FoldError as error:
        raise fail("E0123", f"this option has no value: {error}", term.span) from None
    items = list_items(term)
    if items is not None:
        return tuple(option_value(item, scope) for item in items)
    if isinstance(term, (Int, Float, Str)):
        return term.value
    if isinstance(term, Sym):
        return term.name == "true" if term.name in ("true", "false") else term.name
    raise fail(
        "E0123",
        "an option is a number, a symbol, a string, true, false or a list of these",
        term.span,
    )


def _factory(
    directive: syntax.Directive, term: Term, options: Mapping[str, Value]
) -> FactoryDirective:
    text = term.value if isinstance(term, Str) else term.name if isinstance(term, Sym) else ""
    module, colon, function = text.partition(":")
    if not module or not colon or not function:
        raise fail(
            "E0210",
            'the place of a factory is written "module:factory"',
            term.span,
            f"write `{_FORMS[directive.name]}`",
        )
    return FactoryDirective(text, options, directive.span)


def _malformed(directive: syntax.Directive) -> ProgramError:
    return fail(
        "E0210",
        f"this is not how `{directive.name}` is written",
        directive.span,
        f"write `{_FORMS[directive.name]}`",
    )
