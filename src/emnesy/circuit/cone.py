"""What evidence, constraints, observations and queries depend on, and what of it hangs together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from emnesy import _core
from emnesy.ground.interface_builder import CHOICE, CONDITION, DERIVED

if TYPE_CHECKING:
    from emnesy.ground.program import GroundedProgram


class Cone:
    """The atoms that were asked for and all that they depend on, in the order of a depth-first walk.

    Two atoms are of one *part* where some choice matters to both, or something joins them.
    """

    def __init__(self, grounded: GroundedProgram, refuse: Callable[[int], Exception]) -> None:
        """`refuse` makes the exception for an atom that compares or carries a computed number."""
        native = grounded.native
        self._refuse = refuse
        self.kind: list[int] = native.atom_kind.tolist()
        order = np.argsort(native.rule_head, kind="stable")
        self._rules: list[int] = order.tolist()
        heads = np.arange(native.atom_count + 1)
        self._rule_begin: list[int] = np.searchsorted(native.rule_head[order], heads).tolist()
        self._body_begin: list[int] = native.rule_body_begin.tolist()
        self._body: list[int] = native.rule_body.tolist()
        numbers = native.rule_contribution != _core.NO_VALUE
        self._computed = set(native.rule_head[numbers].tolist())
        self.choice: list[int] = native.atom_first.tolist()
        first = native.choice_alternative[native.choice_alternative_begin[:-1]]
        self._first_of_choice: list[int] = first.tolist()
        self.seen = np.zeros(native.atom_count, np.bool_)
        self.order: list[int] = []
        self._joined = list(range(native.atom_count))

    def bodies(self, atom: int) -> list[list[int]]:
        """The bodies of an atom's rules, as literals."""
        rules = self._rules[self._rule_begin[atom] : self._rule_begin[atom + 1]]
        return [self._body[self._body_begin[r] : self._body_begin[r + 1]] for r in rules]

    def part(self, atom: int) -> int:
        """An atom that names the part."""
        joined = self._joined
        while joined[atom] != atom:
            joined[atom] = joined[joined[atom]]
            atom = joined[atom]
        return atom

    def join(self, atoms: Iterable[int]) -> None:
        """Make the parts of these atoms one."""
        first, *others = (self.part(atom) for atom in atoms)
        for other in others:
            self._joined[self.part(other)] = self.part(first)

    def ask(self, root: int) -> None:
        """Add an atom with everything that it depends on."""
        stack = [root]
        while stack:
            atom = stack.pop()
            if self.seen[atom]:
                continue
            self.seen[atom] = True
            self.order.append(atom)
            if self.kind[atom] == CHOICE:
                self.join((atom, self._first_of_choice[self.choice[atom]]))
                continue
            if self.kind[atom] == CONDITION or atom in self._computed:
                raise self._refuse(atom)
            below = [literal >> 1 for body in self.bodies(atom) for literal in body]
            self.join((atom, *below))
            stack += reversed(below)

    def components(self) -> list[tuple[list[int], bool]]:
        """The derived atoms, what they depend on first; those that depend on each other together, marked."""
        edges = [
            sorted({literal >> 1 for body in self.bodies(atom) for literal in body})
            if self.seen[atom]
            else []
            for atom in range(len(self.kind))
        ]
        begin = np.cumsum([0, *map(len, edges)]).astype(np.int64)
        targets = np.array([atom for some in edges for atom in some], np.int32)
        found = _core.strongly_connected_components(begin, targets)
        result = []
        for component in np.argsort(found.level, kind="stable").tolist():
            atoms = found.node[found.begin[component] : found.begin[component + 1]].tolist()
            if self.seen[atoms[0]] and self.kind[atoms[0]] == DERIVED:
                result.append((atoms, bool(found.cyclic[component])))
        return result
