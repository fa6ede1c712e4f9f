"""``network``, ``data``, ``train``, ``engine``, ``foreign`` and the declarations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emnesy.diagnostics import Label, ProgramError
from emnesy.language import syntax
from emnesy.language.core import FactoryDirective, ForeignDirective, Signature, Value
from emnesy.language.desugar.scope import Scope, fail
from emnesy.language.fold import FoldError, fold
from emnesy.language.report import Report
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, list_items

_FORMS = {
    "network": ':- network(name, "module:factory", key=value).',
    "data": ':- data("module:factory", key=value).',
    "train": ":- train(epochs=10, batch_size=16).",
    "engine": ":- engine(bp, key=value).",
    "foreign": ':- foreign(name/arity, "module:function").',
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
        if name == "foreign":  # see `foreign_functions`
            return
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


def foreign_functions(program: syntax.Program, report: Report) -> dict[Signature, ForeignDirective]:
    """The predicates that functions of Python's compute; what is wrong with their directives is reported."""
    found: dict[Signature, ForeignDirective] = {}
    for statement in program.statements:
        if not isinstance(statement, syntax.Directive) or statement.name != "foreign":
            continue
        try:
            one = _foreign(statement)
            first = found.setdefault(one.signature, one)
            if first is not one:
                labels = () if first.span is None else (Label(first.span, "first declared here"),)
                message = f"`{one.signature}` is declared twice"
                raise fail("E0209", message, one.span, labels=labels)
        except ProgramError as error:
            for diagnostic in error.diagnostics:
                report(diagnostic)
    return found


def _foreign(directive: syntax.Directive) -> ForeignDirective:
    if len(directive.arguments) != 2 or directive.options:
        raise _malformed(directive)
    predicate, function = directive.arguments
    if not (isinstance(predicate, Compound) and predicate.functor == "/"):
        raise _malformed(directive)
    name, arity = predicate.args
    if not isinstance(name, Sym) or not isinstance(arity, Int):
        raise _malformed(directive)
    if arity.value < 1:
        raise fail(
            "E0217",
            f"`{name.name}/{arity.value}` has no argument for the function's value",
            predicate.span,
            "the last argument is the value, those before it are what the function is called with",
        )
    where = _factory(directive, function, {}).factory
    return ForeignDirective(Signature(name.name, arity.value), where, directive.span)


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
        what = "function" if directive.name == "foreign" else "factory"
        raise fail(
            "E0210",
            f'the place of a {what} is written "module:{what}"',
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
