"""Sudoku as programs and as numbers: noisy readings of valid grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import emnesy
from emnesy.engine.bp import BeliefPropagation

PROGRAM = Path(__file__).resolve().parents[2] / "programs" / "visual_sudoku.nesy"

PAIRS = """
const size = 9.
const box = 3.
cell(R, C) :- R in 0..size-1, C in 0..size-1.
nn(digit_net, image(R, C), D, 1..size) :: holds(R, C, D) :- cell(R, C).
same_box(R1, C1, R2, C2) :-
    cell(R1, C1), cell(R2, C2), R1 < R2, C1 =\\= C2,
    R1 // box =:= R2 // box, C1 // box =:= C2 // box.
:- holds(R, C1, D), holds(R, C2, D), C1 < C2.
:- holds(R1, C, D), holds(R2, C, D), R1 < R2.
:- holds(R1, C1, D), holds(R2, C2, D), same_box(R1, C1, R2, C2).
observe holds/3.
"""
"""The same rules as constraints: nothing but a not-equal factor for each pair."""


def valid_grid(rng: np.random.Generator, box: int) -> NDArray[np.int64]:
    """A valid grid of the digits 0..size-1: the cyclic one with everything permuted that may be."""
    size = box * box
    rows, columns = (
        np.concatenate([box * band + rng.permutation(box) for band in rng.permutation(box)])
        for _ in range(2)
    )
    base = (box * (np.arange(size) % box) + np.arange(size) // box)[:, None] + np.arange(size)
    return rng.permutation(size)[base % size][rows][:, columns]


def readings(batch: int, box: int = 3, noise: float = 1.0) -> NDArray[np.float32]:
    """Priors (B, size, size, size): a softmax in favour of a valid grid's digit, with normal noise."""
    rng = np.random.default_rng(box)
    size = box * box
    logits = noise * rng.standard_normal((batch, size, size, size))
    for b in range(batch):
        logits[b] += 2 * np.eye(size)[valid_grid(rng, box)]
    p = np.exp(logits - logits.max(-1, keepdims=True))
    return (p / p.sum(-1, keepdims=True)).astype(np.float32)


def pairwise_model(box: int) -> emnesy.CompiledProgram:
    """Loopy belief propagation on not-equal pairs, recognition of all-different switched off."""
    program = emnesy.load(PAIRS, consts={"size": box * box, "box": box})
    engine = BeliefPropagation(program.tables.graph, program.interface)
    return emnesy.CompiledProgram(program.core, program.ground, program.interface, engine)
