"""Interpretations: partly known worlds, as ProbLog's ``lfi`` reads them. Learning needs no network then.

A file holds one interpretation after the other, separated by lines that begin with ``---``. Each statement
says the truth of one ground atom: ``evidence(a, true).``, ``evidence(a, false).``, ``evidence(a).``,
``evidence(\\+a).``, and for short ``a.`` and ``\\+a.``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from emnesy.diagnostics import Diagnostic, EmnesyError, ProgramError, Source, Span
from emnesy.diagnostics.suggest import did_you_mean
from emnesy.language import syntax
from emnesy.language.core import Atom, CoreProgram
from emnesy.language.core_text import atom_text, is_ground
from emnesy.language.parser import parse
from emnesy.language.substitute import with_constants
from emnesy.language.terms import Int
from emnesy.learn.batch import Batch, Item
from emnesy.learn.problems import problem

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram

_SEPARATOR = re.compile(r"^[ \t]*---[^\n]*$", re.MULTILINE)
_DENIAL = re.compile(r"((?:^|\.)[ \t]*)(\\\+)", re.MULTILINE)
_NAMED = 3  # impossible interpretations that a message names


@dataclass(frozen=True)
class Interpretation:
    """What one interpretation says. `contradictory`: of one atom both that it holds and that not."""

    number: int  # from 1
    truth: Mapping[Atom, bool]
    contradictory: bool
    line: int


def read_interpretations(source: Source, core: CoreProgram) -> list[Interpretation]:
    """The interpretations of a file, those that say nothing left out.

    Raises `ProgramError`: syntax errors, E0665 for statements that say no truth of a ground atom, and
    for atoms of predicates that the program does not have. `DataError` E0664 where there is none.
    """
    found: list[Diagnostic] = []
    starts = [0, *(match.end() for match in _SEPARATOR.finditer(source.text))]
    said: list[list[tuple[Atom, bool, int]]] = [[] for _ in starts]
    for statement in _statements(source):
        place = statement.span.start if statement.span is not None else 0
        try:
            atom, holds = _observation(statement, core, source)
        except ProgramError as error:
            found += error.diagnostics
            continue
        chunk = int(np.searchsorted(starts, place, side="right")) - 1
        said[chunk].append((atom, holds, place))
    if found:
        raise ProgramError(*found)
    result: list[Interpretation] = []
    for entries in filter(None, said):
        truth: dict[Atom, bool] = {}
        clash = False
        for atom, holds, _ in entries:
            clash |= truth.setdefault(atom, holds) != holds
        line = source.position(entries[0][2])[0]
        result.append(Interpretation(len(result) + 1, truth, clash, line))
    if not result:
        raise problem(
            "E0664",
            f"{source.name} holds no interpretation",
            help="write `evidence(a, true).` or `a.`, and `---` between two interpretations",
        )
    return result


def observed_atoms(interpretations: Sequence[Interpretation]) -> tuple[Atom, ...]:
    """Every atom whose truth some interpretation says, once."""
    return tuple(dict.fromkeys(atom for one in interpretations for atom in one.truth))


class InterpretationDataset(Dataset[Item]):
    """The possible ones among some interpretations, as labels of a program without networks.

    An item has the labels ``{"interpretation": (atoms,)}``: 1 true, 0 false, -1 unknown.
    """

    def __init__(
        self,
        interpretations: Sequence[Interpretation],
        model: CompiledProgram,
        name: str,
    ) -> None:
        """`model` is compiled from a program that observes `observed_atoms`; `name`: of the file.

        Errors: `DataError` E0664 where none is possible.
        """
        grounded = model.grounded
        asked = [query.atom for query in grounded.core.queries]
        column = {asked[origin]: i for i, origin in enumerate(grounded.query_origin)}
        rows = np.full((len(interpretations), len(column)), -1, np.int8)
        possible = np.ones(len(interpretations), np.bool_)
        for row, one in enumerate(interpretations):
            possible[row] = not one.contradictory
            for atom, holds in one.truth.items():
                if atom in column:
                    rows[row, column[atom]] = holds
                elif holds:
                    possible[row] = False  # nothing derives it
        self.rows = torch.from_numpy(rows)
        self.name = name
        self._aggregated = {
            head.atom.signature: head.aggregate.position
            for rule in grounded.core.rules
            for head in rule.heads
            if head.aggregate is not None and head.aggregate.name in ("count", "sum")
        }
        if possible.any() and rows.shape[1]:
            kept = np.flatnonzero(possible)
            answer = model.posterior({}, self._labels(torch.from_numpy(kept)))
            possible[kept] = np.asarray(answer.possible)
        self.impossible = [
            one for one, fits in zip(interpretations, possible, strict=True) if not fits
        ]
        self.rows = self.rows[torch.from_numpy(possible)]
        if not len(self.rows):
            raise problem(
                "E0664",
                f"the program can explain none of the {len(interpretations)} interpretations of {name}",
                help="`emnesy query` with one of them as evidence shows whether it is possible",
            )

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Item:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> Batch:
        """A batch, which is also the list of its items."""
        chosen = torch.as_tensor(indices)
        return Batch({}, self._labels(chosen), {}, chosen)

    def _labels(self, chosen: Tensor) -> dict[str, Tensor]:
        return {"interpretation": self.rows[chosen].long()}

    def describe(self) -> str:
        """One line for people: how many there are, and which were left out."""
        text = f"{len(self)} interpretations from {self.name}"
        if not self.impossible:
            return text
        places = [f"{one.number} (line {one.line})" for one in self.impossible[:_NAMED]]
        more = ", …" if len(self.impossible) > _NAMED else ""
        return (
            f"{text}; {len(self.impossible)} impossible under the program, left out: "
            f"number {', '.join(places)}{more}{self._over_nothing()}"
        )

    def _over_nothing(self) -> str:
        """What to do about a count or sum of 0 in an impossible interpretation."""
        for one in self.impossible:
            for atom, holds in one.truth.items():
                place = self._aggregated.get(atom.signature)
                if holds and place is not None and atom.args[place] == Int(0):
                    return (
                        f"; `{atom_text(atom)}` never holds over nothing, unless a rule gives that a value: "
                        "see `emnesy explain E0633`"
                    )
        return ""


def _statements(source: Source) -> Sequence[syntax.Statement]:
    """The statements of a file, denials read as constraints; spans are places in `source`."""
    blank = _SEPARATOR.sub(lambda match: " " * len(match[0]), source.text)
    text = _DENIAL.sub(lambda match: f"{match[1]}:-", blank)
    try:
        return parse(Source(source.name, text)).statements
    except EmnesyError as error:
        raise ProgramError(
            *(
                replace(d, span=d.span and Span(source, d.span.start, d.span.end))
                for d in error.diagnostics
            )
        ) from None


def _observation(
    statement: syntax.Statement, core: CoreProgram, source: Source
) -> tuple[Atom, bool]:
    span = statement.span and Span(source, statement.span.start, statement.span.end)
    said = _said(statement)
    if said is None or not is_ground(said[0]):
        raise ProgramError(
            Diagnostic(
                "E0665",
                "an interpretation says the truth of ground atoms",
                span,
                help="write `evidence(p(a), true).` or `p(a).`, `evidence(p(a), false).` or `\\+p(a).`",
            )
        )
    atom, holds = said
    defined = {head.atom.signature for rule in core.rules for head in rule.heads}
    if atom.signature not in defined:
        known = sorted({str(signature) for signature in defined})
        raise ProgramError(
            Diagnostic(
                "E0665",
                f"the program has no predicate `{atom.signature}`",
                span,
                help=did_you_mean(str(atom.signature), known) or f"it has: {', '.join(known)}",
            )
        )
    args = tuple(with_constants(term, core.constants) for term in atom.args)
    return Atom(atom.name, args, span), holds


def _said(statement: syntax.Statement) -> tuple[Atom, bool] | None:
    if isinstance(statement, syntax.EvidenceStatement):
        return statement.atom, statement.holds
    if isinstance(statement, syntax.Constraint) and isinstance(statement.body, syntax.Literal):
        return statement.body.atom, False
    if (
        isinstance(statement, syntax.Clause)
        and statement.body is None
        and len(statement.heads) == 1
    ):
        written = statement.heads[0]
        args = [a for a in written.head.args if not isinstance(a, syntax.Aggregate)]
        if written.annotation is None and len(args) == len(written.head.args):
            return Atom(written.head.name, tuple(args)), True
    return None
