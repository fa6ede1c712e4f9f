"""Factor graphs for the binding tests, as keyword arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emnesy import _core


@dataclass
class Maker:
    """Collects variables, tables and evidence slots."""

    cardinality: list[int] = field(default_factory=list)
    choices: int = 0
    scopes: list[list[int]] = field(default_factory=list)
    tables: list[list[tuple[int, ...]]] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    queries: list[tuple[int, list[int]]] = field(default_factory=list)

    def variable(self, values: int, *, choice: bool = False) -> int:
        self.cardinality.append(values)
        self.choices += choice
        return len(self.cardinality) - 1

    def arrays(self) -> dict[str, Any]:
        arity = [len(scope) for scope in self.scopes]
        count = [len(table) for table in self.tables]
        masks = [np.eye(self.cardinality[v], dtype=np.uint8).ravel() for v in self.slots]
        query_masks = [np.array(mask, np.uint8) for _, mask in self.queries]

        def begin(sizes: list[int]) -> np.ndarray:
            return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

        def joined(parts: list[Any], dtype: type) -> np.ndarray:
            return np.concatenate([np.zeros(0), *map(np.ravel, parts)]).astype(dtype)

        return {
            "variable_name": [f"v{i}" for i in range(len(self.cardinality))],
            "choice_count": self.choices,
            "cardinality": np.array(self.cardinality, np.int32),
            "choice_has_none": np.zeros(self.choices, np.uint8),
            "scope_begin": begin(arity),
            "scope": joined(self.scopes, np.int32),
            "tuple_begin": begin(count),
            "tuple_value_begin": begin([a * c for a, c in zip(arity, count, strict=True)]),
            "tuple_value": joined(self.tables, np.int32),
            "unit_weight": np.ones(len(arity), np.uint8),
            "slice_position": np.full(len(arity), -1, np.int32),
            "slice_offset": np.zeros(len(arity), np.int64),
            "slot_variable": np.array(self.slots, np.int32),
            "slot_label_count": np.array([self.cardinality[v] for v in self.slots], np.int32),
            "slot_mask_begin": begin([len(m) for m in masks])[:-1],
            "slot_mask": joined(masks, np.uint8),
            "query_variable": np.array([v for v, _ in self.queries], np.int32),
            "query_mask_begin": begin([len(m) for m in query_masks])[:-1],
            "query_mask": joined(query_masks, np.uint8),
        }

    def graph(self) -> _core.FactorGraph:
        return _core.FactorGraph(**self.arrays())


def two_dice() -> Maker:
    """Two dice of three faces and their sum, which is observed; the query is "the sum is even"."""
    maker = Maker()
    a, b = maker.variable(3, choice=True), maker.variable(3, choice=True)
    total = maker.variable(5)
    maker.scopes.append([a, b, total])
    maker.tables.append([(i, j, i + j) for i in range(3) for j in range(3)])
    maker.slots.append(total)
    maker.queries.append((total, [1, 0, 1, 0, 1]))
    return maker


def engine(graph: _core.FactorGraph) -> _core.BeliefPropagation:
    """With all choices in one block, one after the other."""
    sizes = graph.cardinality[: graph.choice_count].astype(np.int64)
    return _core.BeliefPropagation(
        graph,
        block=np.zeros(len(sizes), np.int32),
        offset=np.cumsum(sizes) - sizes,
        stride=np.ones(len(sizes), np.int32),
        block_size=[int(sizes.sum())],
    )
