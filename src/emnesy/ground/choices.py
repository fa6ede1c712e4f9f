"""Total choices: out of the one-hot blocks that engines answer with, their probabilities, their texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.ground.python_values import term_at
from emnesy.language.core import Atom
from emnesy.language.core_text import atom_text
from emnesy.language.fold import fold
from emnesy.language.substitute import Bindings, with_bindings
from emnesy.language.terms import Term

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.ground.interface import Interface
    from emnesy.ground.program import GroundedProgram

Array = NDArray[np.floating[Any]]


def taken_alternatives(
    interface: Interface, grounded: GroundedProgram, blocks: Sequence[Array]
) -> NDArray[np.int32]:
    """``(W, choices)``: the alternative that each choice takes, its number of alternatives for "none".

    `blocks`: one-hot rows, as engines answer ``map`` and ``sample``; see `EngineResult.posteriors`.
    """
    native = grounded.native
    count = np.diff(native.choice_alternative_begin)
    taken = np.empty((len(blocks[0]), native.choice_count), np.int32)
    for choice, (block, start) in enumerate(
        zip(interface.choice_block, interface.choice_offset, strict=True)
    ):
        rows = blocks[block][:, start : start + count[choice]]
        taken[:, choice] = np.where(rows.any(axis=1), rows.argmax(axis=1), count[choice])
    return taken


def log_probabilities(
    interface: Interface,
    grounded: GroundedProgram,
    priors: Sequence[Array],
    alternatives: NDArray[np.int32],
) -> NDArray[np.float64]:
    """``(W,)``: log-probability of total choices (W, choices) under one example's prior blocks (1, size)."""
    native = grounded.native
    count = np.diff(native.choice_alternative_begin)
    total = np.zeros(len(alternatives))
    for choice, (block, start) in enumerate(
        zip(interface.choice_block, interface.choice_offset, strict=True)
    ):
        p = priors[block][0, start : start + count[choice]].astype(np.float64)
        none = max(1.0 - float(p.sum()), 0.0) if native.choice_has_none[choice] else 0.0
        with np.errstate(divide="ignore"):
            total += np.log(np.append(p, none))[alternatives[:, choice]]
    return total


def term_of(native: _core.GroundProgram, value: int) -> Term:
    """A ground value as a term of the language; `TypeError` for computed numbers."""
    return term_at(native.values, value)


def choice_bindings(grounded: GroundedProgram, choice: int) -> dict[str, Term]:
    """The substitution that names a choice: variable -> ground term."""
    native = grounded.native
    spec = grounded.source_of_choice(choice).choice
    assert spec is not None
    begin = native.choice_key_begin
    values = native.choice_key[begin[choice] : begin[choice + 1]]
    return {
        variable.name: term_of(native, int(value))
        for variable, value in zip(spec.key, values, strict=True)
    }


def alternative_atoms(grounded: GroundedProgram, choice: int) -> list[Atom]:
    """The head that each alternative of a choice stands for, ground: ``[w(sun), w(rain)]``."""
    rule = grounded.source_of_choice(choice)
    spec = rule.choice
    assert spec is not None
    key = choice_bindings(grounded, choice)
    if spec.neural is None or spec.neural.output is None:
        return [instance(head.atom, key) for head in rule.heads]
    output = spec.neural.output.name
    return [instance(rule.heads[0].atom, {**key, output: item}) for item in spec.neural.domain]


def choice_texts(grounded: GroundedProgram, choice: int) -> list[str]:
    """The same as text."""
    return [atom_text(atom) for atom in alternative_atoms(grounded, choice)]


def instance(atom: Atom, bindings: Bindings) -> Atom:
    """An atom under a substitution, its arithmetic evaluated where it is ground."""
    return Atom(atom.name, tuple(fold(with_bindings(argument, bindings)) for argument in atom.args))
