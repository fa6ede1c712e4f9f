"""The tensors that a ground program reads (priors) and observes (labels).

Built once per compiled program from the ground program's choices and observed predicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.ground.parameters import NO_PARAMETERS, Parameters
from emnesy.language.core import Signature, Value


@dataclass(frozen=True)
class Axis:
    """One tensor axis for one key argument of a predicate.

    Integer keys index by their own value (``image(k, 3)`` is position 3); symbols by the order in
    which the program states them. `size` positions; `labels[i]` is the key at position i, or None
    where no key of the program falls.
    """

    size: int
    labels: tuple[int | str | None, ...]


@dataclass(frozen=True)
class InputRef:
    """One input term of a neural predicate, ``image(K, I)``: the tensor's name and, per choice, where

    in it the input lies: ``indices[c]`` is the index tuple after the batch axis; shape
    ``(choices, arguments)``, int64. A bare symbol (``map``) has no arguments: the tensor whole.
    """

    name: str
    indices: NDArray[np.int64]


@dataclass(frozen=True)
class PriorSpec:
    """What one neural predicate reads, in the order in which engines take prior blocks.

    An example's prior is a tensor of shape `shape`: the key axes, then the domain (absent for
    Bernoulli predicates, whose entries are the probabilities of being true). Choice ``choices[i]``
    starts at element ``offsets[i]`` of the example's flattened tensor, its alternatives one apart.
    Elements that no choice uses are ignored.
    """

    predicate: str
    """The predicate's name, with ``@network`` where several networks predict it."""
    network: str
    axes: tuple[Axis, ...]
    domain: tuple[Value, ...] | None  # None: Bernoulli
    shape: tuple[int, ...]
    choices: NDArray[np.int32]
    offsets: NDArray[np.int64]
    inputs: tuple[InputRef, ...]
    output_indices: NDArray[np.int64] | None  # of `net[R, C]`: (choices, len(index)); else None

    @cached_property
    def size(self) -> int:
        """Elements of one example's tensor."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True)
class LabelSpec:
    """What one observed predicate may be given, and the evidence slots that it fills.

    Functional predicates: a tensor of shape `shape` (the key axes) holding values; `values` are all
    values that any key can have. Others: the truth of each atom, one axis per argument. Slot
    ``first_slot + i`` reads element ``positions[i]`` of the flattened tensor.
    """

    signature: Signature
    functional: bool
    value_position: int | None
    axes: tuple[Axis, ...]
    shape: tuple[int, ...]
    values: tuple[Value, ...]
    first_slot: int
    positions: NDArray[np.int64]
    keys: tuple[str, ...]
    """Per slot, as text for messages: ``sum(3)``."""
    table: NDArray[np.int32]
    """Functional: ``(slots, len(values))``, the label for each value, -1 where the key never has it."""

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """What an integer label may be: the values themselves, or positions where they are symbols."""
        if all(isinstance(value, int) for value in self.values):
            return np.array(self.values, np.int64)
        return np.arange(len(self.values))

    @cached_property
    def codes(self) -> _core.LabelCodes | None:
        """The labels as a look-up table; None where the values are too far apart for one."""
        if not self.numbers.size:
            return None
        least, most = int(self.numbers[0]), int(self.numbers[-1])
        if most - least >= CODE_LIMIT:
            return None
        table = np.full((len(self.positions), most - least + 1), -1, np.int32)
        if self.functional:
            table[:, self.numbers - least] = self.table
        else:
            table[:, self.numbers - least] = self.numbers
        covered = np.zeros(int(np.prod(self.shape, dtype=np.int64)), np.bool_)
        covered[self.positions] = True
        return _core.LabelCodes(
            self.positions,
            np.flatnonzero(~covered),
            table,
            least,
            self.functional,
            self.first_slot,
        )


CODE_LIMIT = 4096


@dataclass(frozen=True)
class Interface:
    """All tensors of a program, and the evidence slots in terms of ground atoms.

    Slot s has labels ``0 .. n-1`` where n is the number of its atoms (functional: label l says that atom
    ``slot_atom[slot_begin[s] + l]`` is true and the slot's others are false) or 2 (Boolean: one atom,
    label 0 false, 1 true).
    """

    priors: tuple[PriorSpec, ...]
    labels: tuple[LabelSpec, ...]
    fixed: NDArray[np.float64]
    """``(1, F)``: the probabilities that the program states, the last prior block. Learnable ones have
    their initial values, those without one an even share."""
    choice_block: NDArray[np.int32]
    choice_offset: NDArray[np.int64]
    """Where each choice's first alternative lies: block (``len(priors)`` is `fixed`) and element; the
    others follow it."""
    slot_begin: NDArray[np.int64]
    slot_atom: NDArray[np.int32]
    slot_functional: NDArray[np.uint8]
    parameters: Parameters = NO_PARAMETERS
    """The learnable ones of `fixed`."""

    @cached_property
    def prior_rules(self) -> _core.PriorRules:
        """What the blocks of `priors` hold: distributions, one a choice."""
        return _core.PriorRules(
            [
                (spec.offsets, 1 if spec.domain is None else len(spec.domain), spec.domain is None)
                for spec in self.priors
            ]
        )

    @property
    def slot_count(self) -> int:
        """Number of evidence slots."""
        return len(self.slot_begin) - 1
