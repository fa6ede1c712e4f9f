"""Every world of a small program, one by one: what the explanation layer is compared with."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

import emnesy
from emnesy.ground.evaluate import Evaluator
from emnesy.ground.symbolic import SymbolicTerms


@dataclass(frozen=True)
class WorldByHand:
    """Which query atoms hold in it, its probability before evidence, and what its choices take."""

    true: frozenset[str]
    probability: float
    alternatives: tuple[int, ...]


def every_world(program: emnesy.Program) -> tuple[np.ndarray, np.ndarray]:
    """All total choices (W, choices), and their probability together with evidence and constraints (W,)."""
    native = program.ground.native
    alternatives_of = np.diff(native.choice_alternative_begin)
    values = alternatives_of + native.choice_has_none
    total = list(itertools.product(*map(range, values)))
    alternatives = np.array(total, np.int32).reshape(len(total), len(values))
    truth = Evaluator(program.ground)(alternatives).truth

    def hold(literals: np.ndarray) -> np.ndarray:
        columns = [truth[k >> 1] ^ bool(k & 1) for k in literals]
        return np.all(columns, axis=0) if columns else np.ones(len(total), bool)

    allowed = hold(native.evidence) & (not program.ground.impossible_evidence)
    for first, last in itertools.pairwise(native.constraint_begin):
        allowed &= ~hold(native.constraint_body[first:last])
    probability = np.ones(len(total))
    for choice, count in enumerate(alternatives_of):
        begin = native.choice_alternative_begin[choice]
        stated = native.choice_probability[begin : begin + count]
        probability *= np.array([*stated, 1 - sum(stated)])[alternatives[:, choice]]
    return alternatives, np.where(allowed & (probability > 1e-15), probability, 0.0)


def allowed_worlds(program: emnesy.Program) -> list[WorldByHand]:
    """The worlds in which evidence and constraints hold, impossible ones left out."""
    native = program.ground.native
    terms = SymbolicTerms(program.ground)
    alternatives, probability = every_world(program)
    worlds = Evaluator(program.ground)(alternatives)
    found = []
    for column in np.flatnonzero(probability):
        true = {
            terms.texts(int(atom), worlds.cells[:, column : column + 1])[0]
            if terms.computed_arguments(int(atom))
            else program.ground.atom_text(int(atom))
            for atom in native.queries
            if worlds.truth[atom, column]
        }
        taken = tuple(int(k) for k in alternatives[column])
        found.append(WorldByHand(frozenset(true), float(probability[column]), taken))
    return found


def joint_queries(program: emnesy.Program) -> dict[frozenset[str], float]:
    """Which query atoms hold together -> probability given evidence and constraints."""
    worlds = allowed_worlds(program)
    total = sum(world.probability for world in worlds)
    mass: dict[frozenset[str], float] = {}
    for world in worlds:
        mass[world.true] = mass.get(world.true, 0.0) + world.probability / total
    return mass
