"""From a ground program to Boolean formulas over the values of its choices."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.circuit.choices import Choices
from emnesy.circuit.cone import Cone
from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.registry import able
from emnesy.ground.interface_builder import CERTAIN, CHOICE

if TYPE_CHECKING:
    from emnesy.ground.interface import Interface
    from emnesy.ground.program import GroundedProgram

TRUE = 0
"""As in `diagrams.py`: the reference of the constant; 2 v and 2 v + 1 are the literals of variable v."""


@dataclass
class Formula:
    """A part of the program that shares no choice with others: what is asked of its worlds.

    The fields are described at `diagrams.compile_formula`. Variables count from 1 on, as `first` does
    among those of all parts.
    """

    first: int = 1
    variables: int = 0
    leaves: dict[int, int] = field(default_factory=dict)
    rules: dict[int, list[list[int]]] = field(default_factory=dict)
    components: list[tuple[list[int], bool]] = field(default_factory=list)
    one_of: list[list[int]] = field(default_factory=list)
    evidence: list[int] = field(default_factory=list)
    constraints: list[list[int]] = field(default_factory=list)
    observed: list[tuple[int, int]] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Encoding:
    """A program as formulas, and what their variables stand for.

    Variable v of part p is variable ``formulas[p].first - 1 + v`` of the whole. A choice of two values is
    one variable, one of more a variable for each value. Observed atoms have variables too, which the labels
    of their slots make true or false.
    """

    choices: Choices
    formulas: tuple[Formula, ...]
    variables: int
    value_literal: NDArray[np.int64]
    """Per value of `choices` its literal; `TRUE` where the choice has no other value."""
    observed: NDArray[np.int64]
    """``(atoms, 3)``: variable, slot, the label that makes it true."""
    query: NDArray[np.int64]
    """``(Q, 2)``: part, and position in its `queries`."""
    impossible: bool
    """Whatever the choices are, some evidence or constraint fails."""


def encode(grounded: GroundedProgram, interface: Interface, order: str = "walk") -> Encoding:
    """The formulas of a ground program; `EngineError` E0705 where it computes numbers.

    `order` of the variables: "walk", as a depth-first walk from what is asked meets them, or "program",
    as the program states the choices.
    """
    native = grounded.native
    evidence: list[int] = native.evidence.tolist()
    queries: list[int] = native.queries.tolist()
    constraints = _constraints(grounded)
    slots = _slots(interface)
    cone = Cone(grounded, lambda atom: _computes(grounded, atom))
    for body in constraints:
        cone.join(literal >> 1 for literal in body)
    for literal in [*evidence, *(literal for body in constraints for literal in body)]:
        cone.ask(literal >> 1)
    ends = []  # where in the walk all is known that an observed atom depends on
    for atom, _, _ in slots:
        cone.ask(atom)
        ends.append(len(cone.order))
    for atom in queries:
        cone.ask(atom)

    formulas: dict[int, Formula] = {}
    for atom in cone.order:
        formulas.setdefault(cone.part(atom), Formula())
    choices = Choices(native, interface, cone.seen)
    numbering = _Numbering(cone, choices, formulas)
    as_stated = order == "program"
    observed = numbering.number([atom for atom, _, _ in slots], ends, as_stated=as_stated)
    for atom in cone.order:
        formula = formulas[cone.part(atom)]
        if cone.kind[atom] == CERTAIN:
            formula.leaves[atom] = TRUE
        elif cone.kind[atom] == CHOICE:
            place = choices.place(cone.choice[atom], int(native.atom_second[atom]))
            formula.leaves[atom] = numbering.literal(formula, choices.value[place])
        else:
            formula.rules[atom] = cone.bodies(atom)
    for atoms, cyclic in cone.components():
        formulas[cone.part(atoms[0])].components.append((atoms, cyclic))
    for literal in evidence:
        formulas[cone.part(literal >> 1)].evidence.append(literal)
    for body in constraints:
        formulas[cone.part(body[0] >> 1)].constraints.append(body)
    for (atom, _, _), variable in zip(slots, observed, strict=True):
        formula = formulas[cone.part(atom)]
        formula.observed.append((variable - formula.first + 1, atom))
    index = {part: i for i, part in enumerate(formulas)}
    query = []
    for atom in queries:
        part = cone.part(atom)
        query.append((index[part], len(formulas[part].queries)))
        formulas[part].queries.append(atom)
    return Encoding(
        choices,
        tuple(formulas.values()),
        numbering.variables,
        numbering.value_literal,
        np.array(
            [(v, slot, label) for v, (_, slot, label) in zip(observed, slots, strict=True)],
            np.int64,
        ).reshape(-1, 3),
        np.array(query, np.int64).reshape(-1, 2),
        bool(grounded.impossible_evidence) or len(constraints) < len(native.constraint_begin) - 1,
    )


def _constraints(grounded: GroundedProgram) -> list[list[int]]:
    """The bodies that must not hold, but for empty ones, which always do."""
    begin = grounded.native.constraint_begin.tolist()
    literals: list[int] = grounded.native.constraint_body.tolist()
    return [literals[a:b] for a, b in itertools.pairwise(begin) if a < b]


def _slots(interface: Interface) -> list[tuple[int, int, int]]:
    """Observed atoms: atom, slot, the label that makes it true."""
    found = []
    for slot in range(interface.slot_count):
        begin, end = interface.slot_begin[slot : slot + 2]
        for index, atom in enumerate(interface.slot_atom[begin:end].tolist()):
            found.append((atom, slot, index if interface.slot_functional[slot] else 1))
    return found


def _computes(grounded: GroundedProgram, atom: int) -> EngineError:
    native = grounded.native
    rules = np.flatnonzero(native.rule_head == atom)
    return EngineError(
        Diagnostic(
            "E0705",
            f"`sdd` compiles what is true or false, not computed numbers: `{grounded.shown(atom)}`",
            grounded.source_of_rule(int(rules[0])).span if len(rules) else None,
            help=f"engines that can: {able(lambda info: info.computed_cells)}",
        )
    )


class _Numbering:
    """Variables, part by part: in the order in which the walk met what they stand for, so that what is met

    together stands together in the vtree; or in the order of the program.
    """

    def __init__(self, cone: Cone, choices: Choices, formulas: dict[int, Formula]) -> None:
        self._cone, self._choices, self._formulas = cone, choices, formulas
        self.variables = 0
        self.value_literal = np.full(int(choices.value_begin[-1]), TRUE, np.int64)

    def literal(self, formula: Formula, value: int) -> int:
        """The literal of a value as the part counts its variables."""
        literal = int(self.value_literal[value])
        return literal if literal == TRUE else literal - 2 * (formula.first - 1)

    def number(self, observed: list[int], ends: list[int], *, as_stated: bool) -> list[int]:
        """The variables of observed atoms; those of the values are in `value_literal`.

        `ends`: the length of the walk when it had met all that an observed atom depends on.
        """
        last = len(self._cone.order) + len(self._choices.value_begin)
        events: dict[int, list[tuple[int, int]]] = {part: [] for part in self._formulas}
        for index, (atom, end) in enumerate(zip(observed, ends, strict=True)):
            events[self._cone.part(atom)].append((last if as_stated else end, index))
        walk: dict[int, list[tuple[int, int]]] = {part: [] for part in self._formulas}
        seen: set[int] = set()
        for position, atom in enumerate(self._cone.order):
            choice = self._cone.choice[atom]
            if self._cone.kind[atom] == CHOICE and choice not in seen:
                seen.add(choice)
                walk[self._cone.part(atom)].append((choice if as_stated else position, choice))
        variables = [0] * len(observed)
        for part, formula in self._formulas.items():
            formula.first = self.variables + 1
            steps = [(position, 1, choice) for position, choice in walk[part]]
            steps += [(end, 0, index) for end, index in events[part]]
            for _, is_choice, item in sorted(steps):
                if is_choice:
                    self._values(formula, item)
                else:
                    self.variables += 1
                    variables[item] = self.variables
            # A diagram has a variable at least.
            formula.variables = max(self.variables - formula.first + 1, 1)
            self.variables = formula.first - 1 + formula.variables
        return variables

    def _values(self, formula: Formula, choice: int) -> None:
        begin, end = self._choices.value_begin[choice : choice + 2].tolist()
        first = self.variables + 1
        if end - begin == 2:
            self.value_literal[begin:end] = 2 * first, 2 * first + 1
            self.variables = first
        elif end - begin > 2:
            own = np.arange(first, first + end - begin)
            self.value_literal[begin:end] = 2 * own
            formula.one_of.append((own - formula.first + 1).tolist())
            self.variables = int(own[-1])


def readable(formula: Formula) -> dict[str, Any]:
    """The formula as JSON takes it."""
    return {name: value for name, value in vars(formula).items() if name != "first"}
