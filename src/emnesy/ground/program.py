"""The grounded program: native arrays, and where they come from."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.language.core import CoreProgram, Evidence, Query, Rule, Value

_CELL = re.compile(r"#\d+\b")


@dataclass(frozen=True, eq=False)
class GroundedProgram:
    """A ground program with the core program it came from.

    The arrays of `native` (see ``cpp/include/emnesy/ground_program.hpp``) are read-only views without
    a copy; they live as long as `native` does.
    """

    core: CoreProgram
    native: _core.GroundProgram
    query_origin: tuple[int, ...]
    """Per entry of ``native.queries``: index in ``core.queries`` of the query that asks for it."""
    impossible_queries: tuple[Query, ...]
    """Queries that no atom can answer: their probability is zero."""
    impossible_evidence: tuple[Evidence, ...]
    """Evidence that holds in no world."""

    def atom_text(self, atom: int) -> str:
        """The atom as a program would write it."""
        return self.native.format_atom(int(atom))

    def shown(self, atom: int) -> str:
        """The atom for people: a computed number, which has no name in the program, is `_`."""
        return _CELL.sub("_", self.atom_text(atom))

    def value(self, value: int) -> Value:
        """A value as a Python object: tuples and lists as tuples, symbols and strings as `str`."""
        return self.native.value(int(value))

    def arguments(self, atom: int) -> NDArray[np.uint32]:
        """Value ids of an atom's arguments."""
        begin = self.native.atom_argument_begin
        return self.native.atom_argument[begin[atom] : begin[atom + 1]]

    def body(self, rule: int) -> NDArray[np.int32]:
        """Literals of a ground rule's body."""
        begin = self.native.rule_body_begin
        return self.native.rule_body[begin[rule] : begin[rule + 1]]

    def source_of_rule(self, rule: int) -> Rule:
        """The core rule that a ground rule is an instance of."""
        return self.core.rules[int(self.native.rule_origin[rule])]

    def source_of_choice(self, choice: int) -> Rule:
        """The core rule that a choice belongs to."""
        return self.core.rules[int(self.native.choice_origin[choice])]

    def dump(self) -> str:
        """The ground program as text."""
        return self.native.dump()
