"""The forward evaluator in C++: the models that `emnesy.ground.evaluate` defines, many times faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.diagnostics import Diagnostic, ProgramError

if TYPE_CHECKING:
    from emnesy.ground.interface import Interface
    from emnesy.ground.program import GroundedProgram


def build_simulator(grounded: GroundedProgram, interface: Interface) -> _core.Simulator:
    """Compile a ground program to steps; see ``cpp/src/simulator/README.md``."""
    return _core.Simulator(
        grounded.native,
        interface.slot_begin,
        interface.slot_atom,
        interface.slot_functional,
        bool(grounded.impossible_evidence),
    )


def models_of(
    simulator: _core.Simulator,
    grounded: GroundedProgram,
    alternatives: NDArray[np.integer[Any]],
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Truth (atoms, W) and numbers (cells, W) in the worlds whose choices take `alternatives` (W, choices).

    `ProgramError` E0511 where a recursion has no fixpoint in one of them.
    """
    try:
        return simulator.evaluate(np.ascontiguousarray(alternatives, np.int32))
    except _core.NoFixpoint as error:
        raise no_fixpoint(grounded, simulator, error.args[0]) from None


def truth_of(
    simulator: _core.Simulator, grounded: GroundedProgram, alternatives: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The truth alone."""
    return models_of(simulator, grounded, alternatives)[0]


def no_fixpoint(grounded: GroundedProgram, simulator: _core.Simulator, cell: int) -> ProgramError:
    """The error of a recursion whose numbers improve for ever, naming one of its atoms."""
    atom = int(np.flatnonzero(simulator.atom_literal == 2 * cell)[0])
    return ProgramError(
        Diagnostic(
            "E0511",
            f"the recursion through `{grounded.shown(atom)}` reaches no fixpoint",
            help="a cycle whose numbers keep improving, such as one of negative total cost",
        )
    )
