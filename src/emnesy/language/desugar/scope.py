"""What the desugaring of one program shares: constants, fresh names, the rules made so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import is_

from emnesy.diagnostics import Diagnostic, Label, ProgramError, Span
from emnesy.language.core import Atom, ForeignDirective, Rule, Signature
from emnesy.language.report import Report
from emnesy.language.substitute import with_constants
from emnesy.language.terms import Term, Var


@dataclass
class Scope:
    """Fresh predicates and variables start with ``_``, which no name of a program's predicate does."""

    constants: Mapping[str, Term]
    report: Report
    foreign: Mapping[Signature, ForeignDirective] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    _predicates: int = 0
    _variables: int = 0

    def term(self, term: Term) -> Term:
        """`term` with the named constants in place."""
        return with_constants(term, self.constants) if self.constants else term

    def terms(self, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        """`terms` with the named constants in place."""
        if not self.constants:
            return terms
        constants = self.constants
        result = tuple([t if type(t) is Var else with_constants(t, constants) for t in terms])
        return terms if all(map(is_, result, terms)) else result

    def calls(self, atom: Atom) -> bool:
        """Whether a function of Python's computes the atom."""
        return atom.signature in self.foreign

    def predicate(self, purpose: str) -> str:
        """A name for an auxiliary predicate: ``_or1``, ``_not2``, ``_some3``."""
        self._predicates += 1
        return f"_{purpose}{self._predicates}"

    def variable(self, span: Span | None) -> Var:
        """A variable that no clause has."""
        self._variables += 1
        return Var(f"_V#{self._variables}", span)


def fail(
    code: str,
    message: str,
    span: Span | None,
    help: str | None = None,
    labels: tuple[Label, ...] = (),
) -> ProgramError:
    """One diagnostic, to raise: the statement is left out and the others go on."""
    return ProgramError(Diagnostic(code, message, span, labels, help))
