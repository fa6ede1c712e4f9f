"""What the planner hands to the grounding machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf

from emnesy.ground.assembler import Assembler, Layout


@dataclass(frozen=True)
class Owner:
    """What a plan was made from, to explain its errors: a rule, query or evidence and its index."""

    kind: OneOf["rule", "query", "evidence"]
    index: int
    bindings: tuple[tuple[int, str, int], ...] = ()


@dataclass
class Plan:
    """The whole program as code for the grounding machine."""

    layout: Layout
    predicates: list[tuple[str, int, int, int, bool]] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    plan_begin: list[int] = field(default_factory=list)
    plan_rule: list[int] = field(default_factory=list)
    owners: list[Owner] = field(default_factory=list)
    strata: list[tuple[list[int], list[int], list[int]]] = field(default_factory=list)
    registers: int = 0

    def add(self, assembler: Assembler, rule: int, owner: Owner) -> int:
        """Appends an assembled plan; returns its number."""
        self.plan_begin.append(len(self.code))
        self.plan_rule.append(rule)
        self.owners.append(Owner(owner.kind, owner.index, tuple(assembler.bindings)))
        self.code += assembler.code
        self.registers = max(self.registers, assembler.register_count)
        return len(self.plan_begin) - 1
