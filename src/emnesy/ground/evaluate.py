"""The ground program evaluated in many worlds at once: the executable meaning of the intermediate form.

Plain NumPy, one column a world. `enumerate` and prediction use it; other engines are tested against it.
Positive cycles get their least model by iteration from below, monotone recursion through min and max
its least (greatest) fixpoint by iteration from the empty state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.diagnostics import Diagnostic, ProgramError
from emnesy.ground.arithmetic import evaluate_symbolic
from emnesy.ground.interface_builder import CHOICE, CONDITION, DERIVED
from emnesy.ground.symbolic import SymbolicTerms

if TYPE_CHECKING:
    from emnesy.ground.program import GroundedProgram

Bools: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.float64]

NONE, COUNT, SUM, MIN, MAX, AVERAGE, ARGMIN, ARGMAX, ANY, ALL = range(10)
"""`_core.GroundProgram.predicate_aggregate`."""

_COMPARISONS: tuple[Callable[[Any, Any], Any], ...] = (
    np.equal,
    np.not_equal,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
)


@dataclass(frozen=True)
class Worlds:
    """The model of each world: `truth` (atoms, worlds) and, where a cell's group is not empty, its

    number in `cells` (cells, worlds).
    """

    truth: Bools
    cells: Numbers


@dataclass(frozen=True)
class _Rules:
    """Ordinary rules for heads of one level, evaluated together."""

    heads: NDArray[np.int64]
    head_begin: NDArray[np.int64]
    body_begin: NDArray[np.int64]
    atoms: NDArray[np.int64]
    negated: Bools


_Step: TypeAlias = Callable[[Worlds], None]


class Evaluator:
    """Evaluates a ground program; built once, immutable."""

    def __init__(self, grounded: GroundedProgram) -> None:
        self._grounded = grounded
        self._native = native = grounded.native
        self._terms = SymbolicTerms(grounded)
        order = np.argsort(native.rule_head, kind="stable")
        self._rule_order = order
        self._rule_begin = np.searchsorted(
            native.rule_head[order], np.arange(native.atom_count + 1)
        )
        self._steps = self._plan()

    def __call__(self, alternatives: NDArray[np.integer[Any]]) -> Worlds:
        """The models of W worlds.

        `alternatives`: (W, choices); the alternative that each choice takes, its number of
        alternatives for "none".
        """
        native = self._native
        width = len(alternatives)
        truth = np.zeros((native.atom_count, width), np.bool_)
        truth[native.atom_kind == 1] = True
        choices = np.flatnonzero(native.atom_kind == CHOICE)
        if len(choices):
            truth[choices] = (
                alternatives.T[native.atom_first[choices]] == native.atom_second[choices][:, None]
            )
        worlds = Worlds(truth, np.full((len(native.cell_atom), width), np.nan))
        for step in self._steps:
            step(worlds)
        return worlds

    # ---- plan

    def _unit(self) -> NDArray[np.int64]:
        """The atom under whose name each atom is evaluated: candidates of one argmin go together."""
        native = self._native
        unit = np.arange(native.atom_count)
        first: dict[tuple[int, ...], int] = {}
        for atom in np.flatnonzero(native.atom_kind == DERIVED):
            predicate = native.atom_predicate[atom]
            if native.predicate_aggregate[predicate] not in (ARGMIN, ARGMAX):
                continue
            arguments = list(self._arguments(atom))
            arguments[native.predicate_aggregate_position[predicate]] = -1
            unit[atom] = first.setdefault((int(predicate), *arguments), int(atom))
        return unit

    def _arguments(self, atom: int | np.integer[Any]) -> NDArray[np.uint32]:
        begin = self._native.atom_argument_begin
        arguments: NDArray[np.uint32] = self._native.atom_argument[begin[atom] : begin[atom + 1]]
        return arguments

    def _edges(self, unit: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """CSR of what each unit depends on: body atoms, and the atoms of the cells in terms."""
        native = self._native
        sizes = np.diff(native.rule_body_begin)
        sources = [np.repeat(unit[native.rule_head], sizes)]
        targets = [unit[native.rule_body >> 1]]
        extra_sources: list[int] = []
        extra_targets: list[int] = []

        def depends(atom: int | np.integer[Any], value: int) -> None:
            for cell in self._terms.cells(value):
                extra_sources.append(int(unit[atom]))
                extra_targets.append(int(unit[native.cell_atom[cell]]))

        for rule in np.flatnonzero(native.rule_contribution != _core.NO_VALUE):
            depends(native.rule_head[rule], int(native.rule_contribution[rule]))
        for atom in np.flatnonzero(native.atom_kind == CONDITION):
            for value in self._arguments(atom):
                depends(atom, int(value))
        source = np.concatenate([*sources, np.array(extra_sources, np.int64)])
        target = np.concatenate([*targets, np.array(extra_targets, np.int64)])
        order = np.argsort(source, kind="stable")
        begin = np.searchsorted(source[order], np.arange(native.atom_count + 1)).astype(np.int64)
        return begin, target[order].astype(np.int32)

    def _plan(self) -> list[_Step]:
        unit = self._unit()
        members: dict[int, list[int]] = {}
        for atom in np.flatnonzero(unit != np.arange(len(unit))):
            members.setdefault(int(unit[atom]), []).append(int(atom))
        components = _core.strongly_connected_components(*self._edges(unit))
        begin, nodes = components.begin, components.node
        steps: list[_Step] = []
        for level in range(int(components.level.max(initial=-1)) + 1):
            here = np.flatnonzero(components.level == level)
            acyclic = here[components.cyclic[here] == 0]
            steps.extend(self._steps_for(nodes[begin[acyclic]], members, unit))
            for component in here[components.cyclic[here] != 0]:
                own = nodes[begin[component] : begin[component + 1]]
                steps.append(self._loop(own, self._steps_for(own, members, unit)))
        return steps

    def _steps_for(
        self, atoms: NDArray[np.int32], members: dict[int, list[int]], unit: NDArray[np.int64]
    ) -> list[_Step]:
        native = self._native
        steps: list[_Step] = []
        plain: list[int] = []
        for atom in atoms:
            kind = native.atom_kind[atom]
            if kind == CONDITION:
                steps.append(self._condition(int(atom)))
            if kind != DERIVED or unit[atom] != atom:
                continue
            aggregate = int(native.predicate_aggregate[native.atom_predicate[atom]])
            if aggregate in (NONE, ANY):
                plain.append(int(atom))
            elif aggregate in (ARGMIN, ARGMAX):
                steps.append(self._winner([int(atom), *members.get(int(atom), [])], aggregate))
            else:
                steps.append(self._cell(int(atom), aggregate))
        if plain:
            steps.insert(0, self._rules(np.array(sorted(plain), np.int64)))
        return steps

    # ---- steps

    def _rule_table(self, heads: NDArray[np.int64]) -> _Rules:
        native = self._native
        begin, end = self._rule_begin[heads], self._rule_begin[heads + 1]
        has_rules = end > begin
        heads, begin, end = heads[has_rules], begin[has_rules], end[has_rules]
        rules = self._rule_order[_ranges(begin, end)]
        body_begin, body_end = native.rule_body_begin[rules], native.rule_body_begin[rules + 1]
        literals = native.rule_body[_ranges(body_begin, body_end)]
        return _Rules(
            heads=heads,
            head_begin=_starts(end - begin),
            body_begin=_starts(body_end - body_begin),
            atoms=(literals >> 1).astype(np.int64),
            negated=(literals & 1).astype(np.bool_),
        )

    def _rules(self, heads: NDArray[np.int64]) -> _Step:
        table = self._rule_table(heads)

        def step(worlds: Worlds) -> None:
            if not len(table.heads):
                return
            literals = worlds.truth[table.atoms] ^ table.negated[:, None]
            fires = np.logical_and.reduceat(literals, table.body_begin, axis=0)
            worlds.truth[table.heads] = np.logical_or.reduceat(fires, table.head_begin, axis=0)

        return step

    def _condition(self, atom: int) -> _Step:
        compare = _COMPARISONS[int(self._native.atom_predicate[atom])]
        left, right = (self._terms.term(int(v)) for v in self._arguments(atom))

        def step(worlds: Worlds) -> None:
            a = evaluate_symbolic(left, worlds.cells)
            b = evaluate_symbolic(right, worlds.cells)
            worlds.truth[atom] = compare(a, b) & ~np.isnan(a) & ~np.isnan(b)

        return step

    def _contributions(self, worlds: Worlds, atom: int) -> tuple[Bools, Numbers]:
        """Which rules of the atom fire, and what they contribute: both (rules, worlds)."""
        native = self._native
        rules = self._rule_order[self._rule_begin[atom] : self._rule_begin[atom + 1]]
        width = worlds.truth.shape[1]
        fires = np.ones((len(rules), width), np.bool_)
        values = np.ones((len(rules), width))
        for row, rule in enumerate(rules):
            literals = native.rule_body[
                native.rule_body_begin[rule] : native.rule_body_begin[rule + 1]
            ]
            for literal in literals:
                fires[row] &= worlds.truth[literal >> 1] ^ bool(literal & 1)
            contribution = int(native.rule_contribution[rule])
            aggregate = native.predicate_aggregate[native.atom_predicate[atom]]
            if contribution != _core.NO_VALUE and aggregate != COUNT:
                values[row] = evaluate_symbolic(self._terms.term(contribution), worlds.cells)
                fires[row] &= ~np.isnan(values[row])
        return fires, values

    def _cell(self, atom: int, aggregate: int) -> _Step:
        cell = int(np.flatnonzero(self._native.cell_atom == atom)[0])

        def step(worlds: Worlds) -> None:
            fires, values = self._contributions(worlds, atom)
            some = fires.any(axis=0)
            worlds.truth[atom] = some
            if aggregate in (COUNT, SUM, AVERAGE):
                number = np.where(fires, values, 0.0).sum(axis=0)
                if aggregate == AVERAGE:
                    number = number / np.maximum(fires.sum(axis=0), 1)
            elif aggregate == MIN:
                number = np.where(fires, values, np.inf).min(axis=0)
            else:
                number = np.where(fires, values, -np.inf).max(axis=0)
            worlds.cells[cell] = np.where(some, number, np.nan)

        return step

    def _winner(self, atoms: Sequence[int], aggregate: int) -> _Step:
        """One candidate wins a group: the least (greatest) number, ties to the least term."""
        native = self._native
        position = native.predicate_aggregate_position[native.atom_predicate[atoms[0]]]
        rank = cmp_to_key(native.compare_values)
        order = sorted(atoms, key=lambda a: rank(int(self._arguments(a)[position])))
        sign = 1.0 if aggregate == ARGMIN else -1.0

        def step(worlds: Worlds) -> None:
            best = np.empty((len(order), worlds.truth.shape[1]))
            for row, atom in enumerate(order):
                fires, values = self._contributions(worlds, atom)
                best[row] = np.where(fires, sign * values, np.inf).min(axis=0)
            winner = best.argmin(axis=0)  # the first of equals
            for row, atom in enumerate(order):
                worlds.truth[atom] = (winner == row) & np.isfinite(best[row])

        return step

    def _loop(self, atoms: NDArray[np.int32], steps: Sequence[_Step]) -> _Step:
        native = self._native
        cells = np.flatnonzero(np.isin(native.cell_atom, atoms))
        limit = 2 * len(atoms) + 2

        def step(worlds: Worlds) -> None:
            for _ in range(limit):
                truth, numbers = worlds.truth[atoms].copy(), worlds.cells[cells].copy()
                for inner in steps:
                    inner(worlds)
                if np.array_equal(truth, worlds.truth[atoms]) and np.array_equal(
                    numbers, worlds.cells[cells], equal_nan=True
                ):
                    return
            example = self._grounded.atom_text(int(atoms[0]))
            raise ProgramError(
                Diagnostic(
                    "E0511",
                    f"the recursion through `{example}` reaches no fixpoint",
                    help="a cycle whose numbers keep improving, such as one of negative total cost",
                )
            )

        return step


def _ranges(begin: NDArray[Any], end: NDArray[Any]) -> NDArray[np.int64]:
    """The integers of all half-open ranges, one after the other."""
    sizes = end - begin
    shift = np.repeat(begin - _starts(sizes), sizes)
    return (np.arange(sizes.sum()) + shift).astype(np.int64)


def _starts(sizes: NDArray[Any]) -> NDArray[np.int64]:
    starts = np.zeros(len(sizes), np.int64)
    np.cumsum(sizes[:-1], out=starts[1:])
    return starts
