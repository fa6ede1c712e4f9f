"""Worlds as people read them: which query atoms hold, which alternatives the choices take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emnesy.ground.choices import choice_texts
from emnesy.ground.interface_builder import DERIVED
from emnesy.ground.symbolic import SymbolicTerms
from emnesy.language.core_text import atom_text, is_ground

if TYPE_CHECKING:
    from emnesy.compiled import CompiledProgram


@dataclass(frozen=True)
class World:
    """One world: what holds in it, and how probable its choices are before any evidence.

    `queries`: each query atom's truth, in the program's order. `atoms`: that of all others that hold in
    some worlds only, where it was asked for. Of atoms with computed numbers both have only the true ones.
    """

    queries: Mapping[str, bool]
    atoms: Mapping[str, bool]
    log_probability: float
    alternatives: NDArray[np.int32]
    """(choices,): the alternative that each choice takes, its number of alternatives for "none"."""

    @property
    def true(self) -> tuple[str, ...]:
        """The query atoms that hold, then the others."""
        everything = (*self.queries.items(), *self.atoms.items())
        return tuple(dict.fromkeys(atom for atom, holds in everything if holds))


class WorldReader:
    """Reads total choices of one compiled program."""

    def __init__(self, model: CompiledProgram, *, all_atoms: bool = False) -> None:
        """`all_atoms`: read also atoms that no query asks for, those that the program was grounded with."""
        self._model = model
        native = model.grounded.native
        self._terms = SymbolicTerms(model.grounded)
        asked = list(dict.fromkeys(int(atom) for atom in native.queries))
        self._queries = self._sorted(asked)
        self._never = [
            atom_text(query.atom)
            for query in model.grounded.impossible_queries
            if is_ground(query.atom)
        ]
        self._others = self._sorted(
            int(atom)
            for atom in np.flatnonzero((native.atom_kind == DERIVED) & all_atoms)
            if not native.predicate_name[native.atom_predicate[atom]].startswith("_")
            and int(atom) not in set(asked)
        )

    def __call__(self, alternatives: NDArray[np.int32]) -> list[World]:
        """The worlds whose choices take `alternatives` (W, choices)."""
        truth, cells = self._model.models(alternatives)
        log_prior = self._model.log_prior(alternatives)
        queries = self._truth(self._queries, truth, cells)
        others = self._truth(self._others, truth, cells)
        never = dict.fromkeys(self._never, False)
        return [
            World(
                queries={**never, **queries[world]},
                atoms={a: holds for a, holds in others[world].items() if a not in queries[world]},
                log_probability=float(log_prior[world]),
                alternatives=alternatives[world],
            )
            for world in range(len(alternatives))
        ]

    def _sorted(self, atoms: Iterable[int]) -> _Atoms:
        """Atoms apart by whether they hold computed numbers; the texts of those that do not."""
        plain: dict[int, str] = {}
        computed: list[int] = []
        for atom in atoms:
            if self._terms.computed_arguments(atom):
                computed.append(atom)
            else:
                plain[atom] = self._model.grounded.atom_text(atom)
        return _Atoms(plain, computed)

    def _truth(
        self, atoms: _Atoms, truth: NDArray[np.bool_], cells: NDArray[np.float64]
    ) -> list[dict[str, bool]]:
        """Text and truth of atoms in each world, computed numbers written out."""
        rows = truth[list(atoms.plain)].T.tolist()
        found = [dict(zip(atoms.plain.values(), row, strict=True)) for row in rows]
        for atom in atoms.computed:
            worlds = np.flatnonzero(truth[atom])
            if not len(worlds):
                continue
            texts = self._terms.texts(atom, cells[:, worlds])
            for world, text in zip(worlds, texts, strict=True):
                if text is not None:
                    found[world][text] = True
        return found


@dataclass(frozen=True)
class _Atoms:
    plain: Mapping[int, str]
    computed: Sequence[int]


@dataclass(frozen=True)
class Taken:
    """One choice of a world: the atom that it takes (None: none of its alternatives), among which."""

    takes: str | None
    among: tuple[str, ...]


def choices_of(model: CompiledProgram, world: World) -> list[Taken]:
    """What every choice of a world takes, in the program's order."""
    taken = []
    for choice, alternative in enumerate(world.alternatives):
        among = tuple(choice_texts(model.grounded, choice))
        takes = among[alternative] if alternative < len(among) else None
        taken.append(Taken(takes, among))
    return taken
