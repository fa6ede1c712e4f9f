"""One world of a ground program, straight from its arrays."""

from __future__ import annotations

import numpy as np

from emnesy.ground.program import GroundedProgram
from emnesy.language.core import Signature

from .naive import COMPARE, FUNCTIONS, Choose, fold, layers, number, untag

DERIVED, CERTAIN, CHOICE, CONDITION = range(4)
INTEGER, FLOAT, SYMBOL, STRING, COMPOUND, CELL = range(6)
AGGREGATES = [None, "count", "sum", "min", "max", "avg", "argmin", "argmax", "any", "all"]
OPERATORS = ["=:=", "=\\=", "<", "=<", ">", ">="]


class WorldOfGround:
    """Evaluates a ground program where choices do what `choose` says."""

    def __init__(self, program: GroundedProgram, choose: Choose) -> None:
        self.program = program
        self.native = program.native
        self.cells: dict[int, object] = {}
        self.truth: dict[int, bool] = {}
        self._choices(choose)
        self._run()

    def _choices(self, choose: Choose) -> None:
        native = self.native
        for c in range(native.choice_count):
            begin, end = native.choice_alternative_begin[c : c + 2]
            key = native.choice_key[native.choice_key_begin[c] : native.choice_key_begin[c + 1]]
            taken = choose(
                int(native.choice_origin[c]),
                tuple(self.term(int(v)) for v in key),
                int(end - begin),
            )
            for i, atom in enumerate(native.choice_alternative[begin:end]):
                self.truth[int(atom)] = taken == i

    def term(self, value: int) -> object:
        """A value as the naive evaluation has it; a cell as its number in this world."""
        native = self.native
        kind = native.value_kind(value)
        if kind in (INTEGER, FLOAT):
            x = native.value(value)
            assert isinstance(x, int | float)
            return number(x)
        if kind in (SYMBOL, STRING):
            text = native.value(value)
            return ("symbol" if kind == SYMBOL else "string", "[]" if text == () else text)
        if kind == CELL:
            return self.cells[native.cell(value)]
        functor, arguments = native.compound(value)
        items = [self.term(a) for a in arguments]
        function = FUNCTIONS.get((functor, len(items))) if native.is_symbolic(value) else None
        if function is not None:
            return number(function(*[untag(i) for i in items]))
        return (functor, *items)

    def _levels(self) -> list[int]:
        """Order of evaluation of the predicates: their stratum, instances of cells after the cells."""
        level = layers(self.program.core)
        names, arity = self.native.predicate_name, self.native.predicate_arity
        seen: set[Signature] = set()
        levels = []
        for name, n in zip(names, arity, strict=True):
            signature = Signature(name, int(n))
            levels.append(2 * level.get(signature, 0) + (signature in seen))
            seen.add(signature)
        return levels

    def _run(self) -> None:
        native = self.native
        levels = self._levels()
        for atom in np.flatnonzero(native.atom_kind == CERTAIN):
            self.truth[int(atom)] = True
        by_level: dict[int, list[int]] = {}
        for rule, head in enumerate(native.rule_head):
            by_level.setdefault(levels[native.atom_predicate[head]], []).append(rule)
        for atom in np.flatnonzero(native.atom_kind == DERIVED):
            self.truth[int(atom)] = False
        for _, rules in sorted(by_level.items()):
            while self._round(rules):
                pass

    def _round(self, rules: list[int]) -> bool:
        native = self.native
        truth: dict[int, bool] = {int(native.rule_head[r]): False for r in rules}
        groups: dict[tuple, list[tuple[object, object, int]]] = {}
        for rule in rules:
            head = int(native.rule_head[rule])
            holds = all(self.holds(int(lit)) for lit in self.program.body(rule))
            predicate = native.atom_predicate[head]
            name = AGGREGATES[native.predicate_aggregate[predicate]]
            if not holds:
                continue
            if name is None:
                truth[head] = True
                continue
            none = 0xFFFFFFFF
            contribution, witness = (
                int(native.rule_contribution[rule]),
                int(native.rule_witness[rule]),
            )
            position = native.predicate_aggregate_position[predicate]
            arguments = [int(a) for a in self.program.arguments(head)]
            key = (predicate, tuple(a for i, a in enumerate(arguments) if i != position))
            groups.setdefault(key, []).append(
                (
                    None if contribution == none else self.term(contribution),
                    None if witness == none else self.term(witness),
                    head,
                )
            )
        changed = False
        for (predicate, _), items in groups.items():
            name = AGGREGATES[native.predicate_aggregate[predicate]]
            result = fold(name, [(c, w) for c, w, _ in items])
            if name in ("argmin", "argmax"):
                truth[next(h for _, w, h in items if w == result)] = True
                continue
            head = items[0][2]
            truth[head] = True
            if name == "any":
                continue
            cell = native.cell(
                int(self.program.arguments(head)[native.predicate_aggregate_position[predicate]])
            )
            if self.cells.get(cell) != result:
                self.cells[cell] = result
                changed = True
        for atom, value in truth.items():
            changed = changed or self.truth[atom] != value
            self.truth[atom] = value
        return changed

    def holds(self, literal: int) -> bool:
        atom = literal >> 1
        return self._atom(atom) != bool(literal & 1)

    def _atom(self, atom: int) -> bool:
        native = self.native
        if native.atom_kind[atom] != CONDITION:
            return self.truth[atom]
        left, right = (int(a) for a in self.program.arguments(atom))
        if not (self._known(left) and self._known(right)):
            return False
        a, b = untag(self.term(left)), untag(self.term(right))
        return bool(COMPARE[OPERATORS[native.atom_predicate[atom]]](a, b))

    def _known(self, value: int) -> bool:
        kind = self.native.value_kind(value)
        if kind == CELL:
            return self.native.cell(value) in self.cells
        if kind == COMPOUND:
            return all(self._known(a) for a in self.native.compound(value)[1])
        return True

    def true_atoms(self) -> set[tuple[Signature, tuple[object, ...]]]:
        """The true atoms; cells as their numbers."""
        native = self.native
        result = set()
        for atom, truth in self.truth.items():
            predicate = native.atom_predicate[atom]
            if not truth or predicate < 0 or native.atom_kind[atom] == CONDITION:
                continue
            name = native.predicate_name[predicate]
            row = tuple(self.term(int(a)) for a in self.program.arguments(atom))
            result.add((Signature(name, len(row)), row))
        return result
