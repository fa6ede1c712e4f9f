"""Choices as Boolean variables: what literals weigh, and posteriors out of the literals' probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.engine.base import Array
    from emnesy.ground.interface import Interface

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Choices:
    """All alternatives of all choices in a row of *places*, each choice's "none" after its alternatives.

    Alternatives that nothing reads make no difference to the program, so they are one *value* together;
    every other alternative is a value of its own. Choice c has the values ``value_begin[c]`` up to
    ``value_begin[c + 1]``. Arrays are (places or values, B).
    """

    def __init__(
        self, native: _core.GroundProgram, interface: Interface, read: NDArray[np.bool_]
    ) -> None:
        """`read`: per atom, whether anything that matters reads it."""
        self._alternatives = np.diff(native.choice_alternative_begin).astype(np.int64)
        self._block, self._offset = interface.choice_block, interface.choice_offset
        has_none = native.choice_has_none.astype(np.bool_)
        sizes = self._alternatives + has_none
        ends = np.cumsum(sizes)
        self.places = int(sizes.sum())
        self._begin = ends - sizes
        self._choice = np.repeat(np.arange(len(sizes)), sizes)
        self._none = (ends - 1)[has_none]
        self._of_none = np.flatnonzero(has_none)
        self._columns = []
        for block in range(len(interface.priors) + 1):
            own = np.flatnonzero(self._block == block)
            self._columns.append(
                (
                    _ranges(self._begin[own], self._alternatives[own]),
                    _ranges(self._offset[own], self._alternatives[own]),
                )
            )
        named = np.zeros(self.places, np.bool_)
        taken = _ranges(self._begin, self._alternatives)
        named[taken] = read[native.choice_alternative]
        # The alternatives of a value stand together: first each that is named, then the others.
        order = np.lexsort((~named, self._choice))
        first = named[order]
        first[1:] |= self._choice[order][1:] != self._choice[order][:-1]
        first[1:] |= named[order][1:] != named[order][:-1]
        first[:1] = True
        self._order = order
        self._starts = np.flatnonzero(first)
        self.value = np.empty(self.places, np.int64)
        self.value[order] = np.cumsum(first) - 1
        """Per place."""
        choice_of_value = self._choice[order][self._starts]
        self.value_begin = np.searchsorted(choice_of_value, np.arange(len(sizes) + 1))
        # A value of one place has its whole probability there.
        self._alone = np.bincount(self.value, minlength=len(self._starts)) == 1
        self._matters = np.diff(self.value_begin) > 1

    def place(self, choice: int, alternative: int) -> int:
        """The place of an alternative."""
        return int(self._begin[choice]) + alternative

    def probabilities(self, priors: Sequence[Array], batch: int) -> tuple[Floats, Floats]:
        """``(places, B)``: the priors scaled to sum to one; ``(B,)``: log of what they were scaled by."""
        table = np.zeros((self.places, batch))
        if not self.places:
            return table, np.zeros(batch)
        for block, (rows, columns) in zip(priors, self._columns, strict=True):
            table[rows] = block[:, columns].T
        stated = np.add.reduceat(table, self._begin, axis=0)
        table[self._none] = np.maximum(1.0 - stated[self._of_none], 0.0)
        total = np.add.reduceat(table, self._begin, axis=0)
        table /= total[self._choice]
        return table, np.asarray(np.log(total).sum(axis=0))

    def weights(self, table: Floats, *, most: bool = False) -> Floats:
        """``(values, B)``: the probability of each value; `most`: of its most probable alternative."""
        gather = np.maximum if most else np.add
        if not self.places:
            return table
        return np.asarray(gather.reduceat(table[self._order], self._starts, axis=0))

    def spread(self, table: Floats, weights: Floats, values: Floats) -> Floats:
        """``(places, B)``: probabilities of values shared out among alternatives as their priors are."""
        share = table / np.where(weights > 0, weights, 1.0)[self.value]
        share[self._alone[self.value]] = 1.0
        return np.asarray(share * values[self.value])

    def pick(self, score: Floats, values: Floats) -> Floats:
        """``(places, B)``, one-hot: the alternative of the greatest score of each value that is taken."""
        if not self.places:
            return score
        best = np.maximum.reduceat(score[self._order], self._starts, axis=0)
        where = (score == best[self.value]) & (values[self.value] > 0)
        # The first of equals in each choice.
        before = np.cumsum(where, axis=0)
        before -= (before - where)[self._begin][self._choice]
        return np.asarray((where & (before == 1)).astype(np.float64))

    def blocks(
        self, priors: Sequence[Array], places: Floats, *, everything: bool
    ) -> tuple[Array, ...]:
        """Posterior blocks in the priors' shapes; choices that matter to nothing keep their prior, or are

        filled in where `everything` is to be.
        """
        batch = places.shape[1]
        filled = everything | self._matters
        blocks = []
        for prior, (rows, columns) in zip(priors, self._columns, strict=True):
            block = np.broadcast_to(prior, (batch, prior.shape[1])).copy()
            use = filled[self._choice[rows]]
            block[:, columns[use]] = places[rows[use]].T
            blocks.append(block)
        return tuple(blocks)


def _ranges(begin: NDArray[Any], size: NDArray[Any]) -> Ints:
    """All of ``begin[i], ..., begin[i] + size[i] - 1``, one range after the other."""
    ends = np.cumsum(size)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(total) + np.repeat(begin - (ends - size), size))
