"""Circuits of sums and products, evaluated for many examples at once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TRUE, FALSE, FIRST = 0, 1, 2
"""Rows of the constants, and of the first variable's positive literal, which the negative one follows."""


@dataclass(frozen=True)
class Arithmetic:
    """Product, sum, and what the constants are."""

    times: np.ufunc
    plus: np.ufunc
    zero: float
    one: float


LINEAR = Arithmetic(np.multiply, np.add, 0.0, 1.0)
LOGARITHMS = Arithmetic(np.add, np.logaddexp, -np.inf, 0.0)
GREATEST = Arithmetic(np.add, np.maximum, -np.inf, 0.0)
"""Of logarithms: the greatest product instead of the sum of all."""


@dataclass(frozen=True)
class _Incoming:
    """Elements that read rows: those that read ``rows[i]`` are ``elements[starts[i] : starts[i + 1]]``."""

    rows: Ints
    elements: Ints
    starts: Ints


@dataclass(frozen=True)
class _Level:
    """Nodes that read rows of lower levels only."""

    nodes: slice
    elements: slice
    starts: Ints
    """The nodes' first elements, counted from the level's first."""
    node: Ints
    """Per element, its node's row."""
    incoming: _Incoming


class Circuit:
    """Sums of products of two rows; smooth, decomposable and deterministic.

    Rows are the constants, the literals of all variables, then the nodes, ordered by level. Arrays are
    ``(rows, B)`` and ``(elements, B)``.
    """

    def __init__(self, variables: int, begin: Ints, first: Ints, second: Ints, roots: Ints) -> None:
        """Node i has the elements ``begin[i] .. begin[i + 1]``, products of rows `first` and `second`,

        which come before it.
        """
        self.leaves = FIRST + 2 * variables
        level = _levels(self.leaves, begin, first, second)
        order = np.argsort(level, kind="stable")
        row = np.arange(self.leaves + len(order))
        row[self.leaves + order] = self.leaves + np.arange(len(order))
        sizes = np.diff(begin)[order]
        ends = np.cumsum(sizes)
        elements = np.repeat(begin[:-1][order] - (ends - sizes), sizes) + np.arange(len(first))
        self.rows = len(row)
        self.roots = row[roots]
        self._first, self._second = row[first[elements]], row[second[elements]]
        # The two readings of every element, by the row that is read.
        read = np.concatenate([self._first, self._second])
        by_row = np.argsort(read, kind="stable")
        self._read, self._reader = read[by_row], by_row % len(first) if len(first) else by_row
        cuts = np.searchsorted(level[order], np.arange(1, int(level.max(initial=0)) + 2))
        self._levels = [
            self._level(int(a), int(b), ends - sizes, ends, sizes)
            for a, b in itertools.pairwise(cuts)
        ]
        self._of_leaves = self._incoming(FIRST, self.leaves)

    @property
    def elements(self) -> int:
        """Number of products."""
        return len(self._first)

    def _level(self, a: int, b: int, starts: Ints, ends: Ints, sizes: Ints) -> _Level:
        span = slice(int(starts[a]), int(ends[b - 1]))
        nodes = slice(self.leaves + a, self.leaves + b)
        return _Level(
            nodes,
            span,
            starts[a:b] - span.start,
            np.repeat(np.arange(nodes.start, nodes.stop), sizes[a:b]),
            self._incoming(nodes.start, nodes.stop),
        )

    def _incoming(self, begin: int, end: int) -> _Incoming:
        a, b = np.searchsorted(self._read, [begin, end])
        rows, starts = np.unique(self._read[a:b], return_index=True)
        return _Incoming(rows, self._reader[a:b], starts)

    def up(self, leaves: Floats, arithmetic: Arithmetic) -> tuple[Floats, Floats]:
        """The values of all rows and of all elements; `leaves` (leaves, B) are those of the first rows."""
        value = np.empty((self.rows, leaves.shape[1]))
        value[: self.leaves] = leaves
        value[TRUE], value[FALSE] = arithmetic.one, arithmetic.zero
        product = np.empty((self.elements, leaves.shape[1]))
        for level in self._levels:
            own = product[level.elements]
            arithmetic.times(
                value[self._first[level.elements]], value[self._second[level.elements]], out=own
            )
            arithmetic.plus.reduceat(own, level.starts, axis=0, out=value[level.nodes])
        return value, product

    def down(self, share: Floats, roots: Ints) -> Floats:
        """``(leaves, B)``: what reaches each literal when every one of `roots` hands out one.

        `share` (elements, B): how much of what reaches its node an element passes on, to both that it reads.
        A root must not be a constant.
        """
        reached = np.zeros((self.rows, share.shape[1]))
        reached[roots] = 1.0
        passed = np.empty_like(share)
        for level in reversed(self._levels):
            self._collect(level.incoming, passed, reached)
            np.multiply(reached[level.node], share[level.elements], out=passed[level.elements])
        self._collect(self._of_leaves, passed, reached)
        return reached[: self.leaves]

    @staticmethod
    def _collect(incoming: _Incoming, passed: Floats, reached: Floats) -> None:
        if len(incoming.rows):
            gathered = passed[incoming.elements]
            reached[incoming.rows] += np.add.reduceat(gathered, incoming.starts, axis=0)

    def shares(self, value: Floats, product: Floats, *, logarithms: bool) -> Floats:
        """``(elements, B)``: each element's part of its node's sum; 0 where that is zero."""
        result = np.empty_like(product)
        for level in self._levels:
            own, total = product[level.elements], value[level.node]
            if logarithms:
                total = np.where(total > -np.inf, total, 0.0)
                np.exp(own - total, out=result[level.elements])
            else:
                np.divide(own, np.where(total > 0, total, 1.0), out=result[level.elements])
        return result

    def winners(self, score: Floats) -> Floats:
        """``(elements, B)``, one-hot in each node: the first element of the greatest score."""
        result = np.empty_like(score)
        for level in self._levels:
            own = score[level.elements]
            best = np.maximum.reduceat(own, level.starts, axis=0)
            best = own == best[level.node - level.nodes.start]
            count = np.cumsum(best, axis=0)
            before = (count - best)[level.starts][level.node - level.nodes.start]
            result[level.elements] = best & (count - before == 1)
        return result


def _levels(leaves: int, begin: Ints, first: Ints, second: Ints) -> Ints:
    """Per node: one more than the greatest level that it reads; literals are level 0."""
    level = [0] * leaves
    a, b, cuts = first.tolist(), second.tolist(), begin.tolist()
    for start, end in itertools.pairwise(cuts):
        below = max(map(level.__getitem__, a[start:end] + b[start:end]))
        level.append(below + 1)
    return np.array(level[leaves:], np.int64)
