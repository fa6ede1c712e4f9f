"""How cost grows: with digits, grid size, domain size, batch and threads.

Each curve is one program at growing size, engine `bp`, float32, one thread, best of repeats; exponents are
fitted by least squares to the logarithms of the larger half of the sizes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import numpy as np

import emnesy
from baselines import cpp_paths
from measure import Work, alternate
from report import Cell, Figure, Table
from workloads import paths
from workloads.addition import PROGRAM, examples

BATCH = 32

LOOP = {"max_iterations": 10, "tolerance": 0.0}
LOOPS_STAY = {"cluster": 0}  # also in graphs so small that they could be a tree

COLOURING = """
const side = 4.
cell(0..side-1, 0..side-1).
nn(colour_net, image(R, C), K, 0..3) :: colour(R, C, K) :- cell(R, C).
:- colour(R, C, K), S is R + 1, colour(S, C, K).
:- colour(R, C, K), D is C + 1, colour(R, D, K).
observe colour/3.
"""
"""Neighbours on a square grid differ: a loopy graph of two factors a cell."""

CHAIN = """
const top = 3.
nn(step_net, image(I), D, 0..top) :: step(I, D) :- I in 0..9.
total(0, 0).
total(I + 1, (T + D) mod (top + 1)) :- step(I, D), total(I, T).
observe total/2.
"""
"""A running total modulo the domain's size: ten factors with the square of that many tuples."""


def best(work: Work, quick: bool) -> float:
    """Seconds of one call."""
    repeats, seconds = (3, 0.02) if quick else (9, 0.1)
    return alternate({"it": work}, repeats=repeats, seconds=seconds)["it"].best


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The fitted slope of the logarithms, over the larger half of the sizes."""
    half = np.log(np.array(points[len(points) // 2 :]))
    return float(np.polyfit(half[:, 0], half[:, 1], 1)[0])


def uniform(model: emnesy.CompiledProgram, batch: int) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    """Random priors of one network."""
    (spec,) = model.interface.priors
    rng = np.random.default_rng(0)
    prior = rng.dirichlet(np.ones(spec.shape[-1]), (batch, *spec.shape[:-1]))
    return {spec.predicate: np.ascontiguousarray(prior, np.float32)}


def digits(quick: bool) -> tuple[Table, Figure]:
    """Addition from 1 to 10,000 digits."""
    table = Table(
        "Digits of a sum",
        "E-step: microseconds per example, in a batch of 32 and alone. From about N = 1000 on, what 32 "
        "examples bring and get no longer fits the caches.",
    )
    sizes = (1, 3, 10, 30, 100, 300, 1000) if quick else (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)
    curves: dict[str, list[tuple[float, float]]] = {"E-step": [], "alone": [], "compilation": []}
    emnesy.load(PROGRAM, consts={"n": 1}).compile(
        engine="bp"
    )  # what has to be imported is, from here on
    for n in sizes:
        start = time.perf_counter()
        model = emnesy.load(PROGRAM, consts={"n": n}).compile(engine="bp", threads=1)
        compiled = time.perf_counter() - start
        priors, sums = examples(n, BATCH)
        given = {"digit": priors}, {"sum": sums}
        estep = best(lambda m=model, g=given: m.posterior(*g), quick) / BATCH  # type: ignore[misc]
        first = {"digit": priors[:1]}, {"sum": sums[:1]}
        alone = best(lambda m=model, g=first: m.posterior(*g), quick)  # type: ignore[misc]
        table.rows.append(
            {
                "N": n,
                "E-step µs": estep * 1e6,
                "alone µs": alone * 1e6,
                "compilation ms": compiled * 1e3,
            }
        )
        curves["E-step"].append((n, estep * 1e6))
        curves["alone"].append((n, alone * 1e6))
        curves["compilation"].append((n, compiled * 1e6))
    table.rows.append(
        {"N": "exponent"}
        | {
            name: exponent(curve)
            for name, curve in zip(
                ("E-step µs", "alone µs", "compilation ms"), curves.values(), strict=True
            )
        }
    )
    figure = Figure("Addition", "digits", "microseconds", curves, linear=True)
    return table, figure


def one_constant(
    title: str, text: str, name: str, sizes: Sequence[int], x: str, note: str, quick: bool
) -> tuple[Table, Figure]:
    """A program with one constant to vary."""
    table = Table(title, note)
    points: list[tuple[float, float]] = []
    for size in sizes:
        program = emnesy.load(text, consts={name: size})
        model = program.compile(engine="bp", threads=1, options=LOOPS_STAY)
        priors = uniform(model, BATCH)
        seconds = best(lambda m=model, p=priors: m.posterior(p, options=LOOP), quick) / BATCH  # type: ignore[misc]
        shown = size + (name == "top")
        table.rows.append({x: shown, "µs per example": seconds * 1e6})
        points.append((shown, seconds * 1e6))
    table.rows.append({x: "exponent", "µs per example": exponent(points)})
    return table, Figure(title, x, "microseconds per example", {title: points})


def simulation(quick: bool) -> tuple[Table, Figure]:
    """Worlds of path planning."""
    table = Table(
        "Path planning by simulation", "`abc`, 500 worlds a call, microseconds per world."
    )
    points: list[tuple[float, float]] = []
    for size in (6, 12, 24, 48):
        terrain = paths.maps(1, size)
        label = cpp_paths.paths(np.ascontiguousarray(paths.TENTHS[terrain]), buckets=True)()
        model = emnesy.load(paths.PROGRAM, consts={"size": size}).compile("abc", threads=1)
        given = {"terrain": paths.opinion(terrain)}, {"path": label.astype(np.int64)}
        seconds = (
            best(lambda m=model, g=given: m.posterior(*g, options={"samples": 500}), quick) / 500
        )  # type: ignore[misc]
        table.rows.append({"side": size, "µs per world": seconds * 1e6})
        points.append((size, seconds * 1e6))
    table.rows.append({"side": "exponent", "µs per world": exponent(points)})
    return table, Figure("Path planning", "side", "microseconds per world", {"abc": points})


def batches(quick: bool) -> tuple[Table, Figure]:
    """What a call costs by itself."""
    table = Table(
        "Batch", "Addition of 15 digits, microseconds per example; the call from Python included."
    )
    model = emnesy.load(PROGRAM, consts={"n": 15}).compile(engine="bp", threads=1)
    points: list[tuple[float, float]] = []
    for batch in (1, 3, 10, 30, 100, 300, 1000, 3000):
        priors, sums = examples(15, batch)
        given = {"digit": priors}, {"sum": sums}
        seconds = best(lambda g=given: model.posterior(*g), quick) / batch  # type: ignore[misc]
        row: dict[str, Cell] = {"batch": batch, "µs per example": seconds * 1e6}
        table.rows.append(row)
        points.append((batch, seconds * 1e6))
    return table, Figure("Batch", "examples a call", "microseconds per example", {"N = 15": points})


def threads(quick: bool) -> tuple[Table, Figure]:
    """One batch, more threads."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    table = Table("Threads", f"Addition of 100 digits, batch 1000; {cores} cores to use.")
    model = emnesy.load(PROGRAM, consts={"n": 100}).compile(engine="bp")
    priors, sums = examples(100, 1000)
    given = {"digit": priors}, {"sum": sums}
    points: list[tuple[float, float]] = []
    for count in (1, 2, 4, 8):
        seconds = best(lambda t=count: model.posterior(*given, threads=t), quick) / 1000  # type: ignore[misc]
        table.rows.append({"threads": count, "µs per example": seconds * 1e6})
        points.append((count, seconds * 1e6))
    return table, Figure("Threads", "threads", "microseconds per example", {"N = 100": points})


def run(quick: bool) -> list[Table | Figure]:
    """All curves."""
    found = [
        digits(quick),
        one_constant(
            "Colouring a square grid", COLOURING, "side", (2, 4, 8, 16, 32), "side",
            "Loopy, ten sequential iterations, batch 32; cost proportional to cells has exponent 2.", quick,
        ),
        one_constant(
            "Values of a variable", CHAIN, "top", (1, 3, 7, 15, 31, 63), "values",
            "A chain of ten running totals, batch 32; its tables have the square of that many tuples.", quick,
        ),
        simulation(quick),
        batches(quick),
        threads(quick),
    ]  # fmt: skip
    return [*(table for table, _ in found), *(figure for _, figure in found)]
