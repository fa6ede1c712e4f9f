"""What a check looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from emnesy.diagnostics import Diagnostic, Span
from emnesy.language import syntax
from emnesy.language.checks.dependencies import Edge, cycles
from emnesy.language.core import Atom, Call, CoreProgram, Match, Signature


@dataclass(frozen=True)
class Unit:
    """One program in both forms: as written (included files in place), and as core rules.

    Statements that did not desugar are missing from `core`; their predicates count as defined.
    """

    program: syntax.Program
    core: CoreProgram

    @cached_property
    def definitions(self) -> dict[Signature, list[syntax.HeadAtom]]:
        """The heads that define each predicate, as written."""
        found: dict[Signature, list[syntax.HeadAtom]] = {}
        for statement in self.program.statements:
            if isinstance(statement, syntax.Clause):
                for alternative in statement.heads:
                    head = alternative.head
                    found.setdefault(head.signature, []).append(head)
        return found

    @cached_property
    def uses(self) -> dict[Signature, Span | None]:
        """Predicates used in bodies, queries, evidence and observations, with their first place."""
        found: dict[Signature, Span | None] = {}
        for atom in self.used_atoms():
            found.setdefault(atom.signature, atom.span)
        for statement in self.program.statements:
            if isinstance(statement, syntax.Observe):
                for one in statement.predicates:
                    found.setdefault(one.signature, one.span)
        return found

    def used_atoms(self) -> Iterator[Atom]:
        """The atoms of bodies, queries and evidence, of auxiliary predicates too."""
        for rule in self.core.rules:
            for literal in rule.body:
                if isinstance(literal, (Match, Call)):
                    yield literal.atom
        for query in self.core.queries:
            yield query.atom
        for evidence in self.core.evidence:
            yield evidence.atom

    @cached_property
    def cycles(self) -> tuple[dict[Signature, int], dict[Signature, list[Edge]]]:
        """The component of each predicate, and the dependencies within components by their heads."""
        return cycles(self.core)


def is_auxiliary(signature: Signature) -> bool:
    """Whether the desugaring made this predicate."""
    return signature.name.startswith("_")


def error(code: str, message: str, span: Span | None, help: str | None = None) -> Diagnostic:
    """An error without labels."""
    return Diagnostic(code, message, span, help=help)


def warning(code: str, message: str, span: Span | None, help: str | None = None) -> Diagnostic:
    """A warning without labels."""
    return Diagnostic(code, message, span, help=help, severity="warning")
