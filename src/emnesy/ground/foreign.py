"""Functions of Python's that a program calls: which may be, where they are, and what they say.

A program only names them. Importing a module runs its code, so nothing is imported unless whoever runs the
program allows it, or gives the functions themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from emnesy.diagnostics import DataError, Diagnostic, EmnesyError, Label, ProgramError, Span
from emnesy.diagnostics.suggest import did_you_mean
from emnesy.language.core import Atom, CoreProgram, ForeignDirective, Signature
from emnesy.language.core_text import symbol_text
from emnesy.language.terms import Term
from emnesy.modules import find_callable, importable, in_one_line

if TYPE_CHECKING:
    from emnesy import _core

Callback: TypeAlias = "Callable[[_core.ValueTable, int, list[int]], int | None]"
"""Values, site of the call, inputs -> the function's value, or None; what the grounder calls."""

_LONGEST = 80


class ForeignFunctions:
    """The functions that a program may call, and what they have said so far.

    A function is called once for the same inputs, however often the program is grounded.
    """

    def __init__(
        self, given: Mapping[str, Callable[..., Any]] | None = None, *, folder: Path | None = None
    ) -> None:
        """`given`: by predicate, ``gcd`` or ``gcd/3``, in place of what the program names.

        `folder`: import what the program names, modules in this folder first. Without it nothing is imported.
        """
        self._given = dict(given or {})
        self._folder = folder
        self._said: dict[tuple[Signature, tuple[str, ...]], Term | None] = {}

    def unavailable(self, core: CoreProgram) -> tuple[ForeignDirective, ...]:
        """The declarations whose function is neither given nor may be imported."""
        if self._folder is not None:
            return ()
        return tuple(one for one in core.foreign.values() if self._name(one.signature) is None)

    def check(self, core: CoreProgram) -> None:
        """Find the functions of all declarations that may be; errors as in `bind`."""
        available = core.foreign.keys() - {one.signature for one in self.unavailable(core)}
        self._find(core, {s: None for s in core.foreign if s in available})

    def unchecked(self, core: CoreProgram, *, grounding: bool) -> tuple[Diagnostic, ...]:
        """W0203: what `emnesy check` could not look at; `grounding`: that it would have grounded as well."""
        rest = ", and whether an atom depends on its own negation is not known" if grounding else ""
        return tuple(
            Diagnostic(
                "W0203",
                f"`{one.function}` was not imported: whether it is there and what "
                f"`{one.signature}` gives is not checked{rest}",
                one.span,
                help="--allow-foreign imports the module, which runs its code",
                severity="warning",
            )
            for one in self.unavailable(core)
        )

    def bind(self, core: CoreProgram, calls: Sequence[Atom]) -> Callback | None:
        """What calls the functions at `calls`; None where there are no calls.

        Raises `ProgramError` E0208 (a function may not be imported), `DataError` E0640 (a function is
        given for something else), E0650 and E0651 (no such module or function), E0652 (it takes other
        arguments). The callback raises `ProgramError` E0512 and E0513: a function fails, or gives
        no value of the language.
        """
        sites: dict[Signature, Span | None] = {}
        for atom in calls:
            sites.setdefault(atom.signature, atom.span)
        functions = self._find(core, sites)
        if not calls:
            return None
        from emnesy.ground.python_values import put, term_at, to_python

        def call(values: _core.ValueTable, site: int, inputs: list[int]) -> int | None:
            atom = calls[site]
            texts = tuple(values.format(value) for value in inputs)
            key = (atom.signature, texts)  # different terms have different texts
            if key not in self._said:
                arguments = [to_python(term_at(values, value)) for value in inputs]
                function = functions[atom.signature]
                self._said[key] = self._ask(function, arguments, atom, texts, core)
            term = self._said[key]
            return None if term is None else put(values, term)

        return call

    def _find(
        self, core: CoreProgram, sites: Mapping[Signature, Span | None]
    ) -> dict[Signature, Callable[..., Any]]:
        found: dict[Signature, Callable[..., Any]] = {}
        wrong = list(self._unknown(core))
        refused = {one.signature for one in self.unavailable(core)}
        for signature, declared in core.foreign.items():
            if signature not in sites:
                continue
            if signature in refused:
                wrong.append(_refusal(declared, sites[signature]))
                continue
            try:
                found[signature] = self._one(declared)
            except EmnesyError as error:
                wrong += error.diagnostics
        if wrong:
            raise (ProgramError if wrong[0].code == "E0208" else DataError)(*wrong)
        return found

    def _one(self, declared: ForeignDirective) -> Callable[..., Any]:
        name = self._name(declared.signature)
        if name is not None:
            function, place = self._given[name], f'foreign["{name}"]'
            if not callable(function):
                message = f"{place} is of type {type(function).__name__}, and no function"
                raise DataError(Diagnostic("E0651", message, declared.span))
        else:
            assert self._folder is not None
            place = declared.function
            function = find_callable(place, self._folder, declared.span, "function")
        _check_parameters(function, place, declared)
        return function

    def _name(self, signature: Signature) -> str | None:
        """The name under which a predicate's function is given."""
        return next((n for n in (str(signature), signature.name) if n in self._given), None)

    def _unknown(self, core: CoreProgram) -> Iterable[Diagnostic]:
        known = {name for s in core.foreign for name in (s.name, str(s))}
        for name in sorted(self._given.keys() - known):
            yield Diagnostic(
                "E0640",
                f"a function is given for `{name}`, which the program does not declare",
                help=did_you_mean(name, known) or f':- foreign({name}/2, "module:function").',
            )

    def _ask(
        self,
        function: Callable[..., Any],
        arguments: list[Any],
        atom: Atom,
        texts: tuple[str, ...],
        core: CoreProgram,
    ) -> Term | None:
        from emnesy.ground.python_values import NoTerm, to_term

        try:
            with importable(self._folder) if self._folder is not None else nullcontext():
                value = function(*arguments)
        except (Exception, SystemExit) as error:
            raise _failure("E0512", f"failed: {in_one_line(error)}", atom, texts, core) from error
        try:
            return None if value is None else to_term(value)
        except NoTerm as reason:
            raise _failure("E0513", f"gave {reason}", atom, texts, core) from None


def _refusal(declared: ForeignDirective, site: Span | None) -> Diagnostic:
    return Diagnostic(
        "E0208",
        f"`{declared.signature}` needs Python's `{declared.function}`, which is not imported unasked",
        declared.span,
        () if site is None else (Label(site, "called here"),),
        "--allow-foreign imports the module, which runs its code; in Python, `allow_foreign=True`",
    )


def _failure(
    code: str, what: str, atom: Atom, texts: tuple[str, ...], core: CoreProgram
) -> ProgramError:
    span = core.foreign[atom.signature].span
    shown = [text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…" for text in texts]
    call = f"{symbol_text(atom.name)}({', '.join([*shown, '_'])})"
    labels = () if span is None else (Label(span, "declared here"),)
    help_text = None
    if code == "E0513":
        help_text = "a function returns numbers, text, lists and tuples of these, or None"
    return ProgramError(Diagnostic(code, f"`{call}` {what}", atom.span, labels, help_text))


def _check_parameters(function: Callable[..., Any], place: str, declared: ForeignDirective) -> None:
    """`DataError` E0652 where a function does not take as many arguments as the predicate has inputs."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built-in callables may have no signature to look at
        return
    inputs = declared.signature.arity - 1
    try:
        signature.bind(*([None] * inputs))
    except TypeError as error:
        count = "1 argument" if inputs == 1 else f"{inputs} arguments"
        raise DataError(
            Diagnostic(
                "E0652",
                f"{place} does not take {count}, as `{declared.signature}` passes: {error}",
                declared.span,
                help=f"it is defined as {place.split(':')[-1]}{signature}",
            )
        ) from None
