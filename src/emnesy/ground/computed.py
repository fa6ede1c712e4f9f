"""What simulation engines say about computed numbers: the queries that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emnesy.ground.symbolic import SymbolicTerms

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.ground.program import GroundedProgram


class ComputedQueries:
    """How often each text of a query atom with computed numbers is true among sampled worlds."""

    def __init__(self, grounded: GroundedProgram, simulator: _core.Simulator) -> None:
        native = grounded.native
        self._simulator = simulator
        self._terms = SymbolicTerms(grounded)
        predicates = {
            int(native.atom_predicate[a])
            for a in native.queries
            if self._terms.computed_arguments(int(a))
        }
        self._atoms = sorted(
            {int(a) for a in native.queries if int(native.atom_predicate[a]) in predicates}
        )

    def __bool__(self) -> bool:
        return bool(self._atoms)

    def __call__(
        self, worlds: NDArray[np.int32], possible: NDArray[np.bool_]
    ) -> dict[str, NDArray[np.float64]]:
        """Share of each example's worlds in which an atom holds, by its text: each (B,).

        `worlds`: (B, ..., choices), the alternatives taken; examples that are not possible are left out.
        """
        shares: dict[str, NDArray[np.float64]] = {}
        batch, choices = len(worlds), worlds.shape[-1]
        for example in np.flatnonzero(possible):
            rows = worlds[example].reshape(-1, choices)
            distinct, counts = np.unique(rows, axis=0, return_counts=True)
            truth, cells = self._simulator.evaluate(np.ascontiguousarray(distinct, np.int32))
            held: dict[tuple[int, str], float] = {}
            for atom in self._atoms:
                texts = self._terms.texts(atom, cells)
                for world in np.flatnonzero(truth[atom]):
                    text = texts[world]
                    if text is not None:
                        held[int(world), text] = float(counts[world])
            for (_, text), count in held.items():
                share = shares.setdefault(text, np.zeros(batch))
                share[example] += count / len(rows)
        return shares
