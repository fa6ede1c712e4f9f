"""Terms over computed cells, read from a ground program's value table."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.ground.arithmetic import CellRef, Operation, Symbolic, evaluate_symbolic, is_integral
from emnesy.ground.values import format_value

if TYPE_CHECKING:
    from emnesy.ground.program import GroundedProgram


class SymbolicTerms:
    """The symbolic terms of one ground program, each read once."""

    def __init__(self, grounded: GroundedProgram) -> None:
        self._grounded = grounded
        self._native = grounded.native
        self.term = cache(self._term)

    def _term(self, value: int) -> Symbolic:
        return _read(_core.symbolic_term(self._native, value))

    def cells(self, value: int) -> set[int]:
        """The cells in a value's term; empty for values that are not symbolic."""
        return _cells(self.term(value)) if self._native.is_symbolic(value) else set()

    def computed_arguments(self, atom: int) -> dict[int, Symbolic]:
        """Argument positions of an atom that hold a computed number."""
        arguments = self._grounded.arguments(atom)
        return {
            position: self.term(int(value))
            for position, value in enumerate(arguments)
            if self._native.is_symbolic(int(value))
        }

    def texts(self, atom: int, cells: NDArray[np.float64]) -> list[str | None]:
        """The atom's text in each world, None where one of its numbers is undefined.

        `cells`: (cells, worlds).
        """
        native = self._native
        name = native.predicate_name[native.atom_predicate[atom]]
        computed = self.computed_arguments(atom)
        columns: list[list[str | None]] = []
        for position, value in enumerate(self._grounded.arguments(atom)):
            if position not in computed:
                columns.append([native.format_value(int(value))] * cells.shape[1])
                continue
            term = computed[position]
            whole = is_integral(term, self._cell_is_integral)
            numbers = evaluate_symbolic(term, cells)
            columns.append(
                [
                    None if np.isnan(n) else format_value(int(n) if whole else float(n))
                    for n in numbers
                ]
            )
        return [
            None if None in world else f"{name}({','.join(str(text) for text in world)})"
            for world in zip(*columns, strict=True)
        ]

    def is_integral(self, value: int) -> bool:
        """Is a symbolic value's number an integer in every world?"""
        return is_integral(self.term(value), self._cell_is_integral)

    def _cell_is_integral(self, cell: int) -> bool:
        return self._integral[cell]

    @cached_property
    def _integral(self) -> list[bool]:
        """Per cell: does every contribution to it give an integer? The greatest such assignment.

        Cells may depend on each other, and chains of them may be long: no recursion.
        """
        native = self._native
        contributions: dict[int, list[Symbolic]] = {}
        cell_of = {int(atom): cell for cell, atom in enumerate(native.cell_atom)}
        for head, value in zip(native.rule_head, native.rule_contribution, strict=True):
            cell = cell_of.get(int(head))
            if cell is not None and value != _core.NO_VALUE:
                contributions.setdefault(cell, []).append(self.term(int(value)))
        readers: dict[int, list[int]] = {}
        for cell, terms in contributions.items():
            for read in set().union(*map(_cells, terms)):
                readers.setdefault(read, []).append(cell)
        integral = [True] * len(native.cell_atom)
        count, average = 1, 5
        work = list(range(len(integral)))
        while work:
            cell = work.pop()
            aggregate = native.predicate_aggregate[native.atom_predicate[native.cell_atom[cell]]]
            whole = aggregate == count or (
                aggregate != average
                and all(is_integral(t, integral.__getitem__) for t in contributions.get(cell, ()))
            )
            if integral[cell] and not whole:
                integral[cell] = False
                work += readers.get(cell, ())
        return integral


def _read(raw: object) -> Symbolic:
    """``("cell", c)``, ``(functor, arguments...)`` or a number, as the binding gives them."""
    if isinstance(raw, tuple):
        functor, *arguments = raw
        if functor == "cell":
            return CellRef(arguments[0])
        return Operation(functor, tuple(_read(argument) for argument in arguments))
    if isinstance(raw, int | float):
        return raw
    return float("nan")  # a symbol where a number is asked: no number


def _cells(term: Symbolic) -> set[int]:
    if isinstance(term, CellRef):
        return {term.cell}
    if isinstance(term, Operation):
        return set().union(*(_cells(argument) for argument in term.arguments))
    return set()
