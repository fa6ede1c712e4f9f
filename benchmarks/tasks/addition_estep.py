"""E-step of N-digit addition.

Log-likelihood and all 2N digit posteriors of a batch of sums, float32, one thread: the compiled program
through the Python API, against a hand-written C++ loop, PyTorch (eager and compiled) and today's libraries.
All answers are checked against each other, in float64, before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

import emnesy
from baselines import (
    cpp_addition,
    pgmax_graphs,
    pgmpy_addition,
    problog_addition,
    pyagrum_addition,
    torch_addition,
)
from measure import Ways, alternate, speedup
from report import Cell, Table
from workloads.addition import PROGRAM, examples

SIZES = (4, 15, 100)
BATCHES = (100, 1)
OTHERS = ("PyTorch", "torch.compile", "PGMax", "pyAgrum", "pgmpy", "ProbLog")

# Posteriors and log-likelihood of a batch; libraries that do not give the latter leave it out.
Answer = tuple[NDArray[np.floating], NDArray[np.floating] | None]


def ways(n: int, batch: int, quick: bool) -> tuple[Ways, Answer]:
    """The ways to answer, and the answer in float64."""
    priors, sums = examples(n, batch)
    model = emnesy.load(PROGRAM, consts={"n": n}).compile(engine="bp", threads=1)
    tensors = torch.from_numpy(priors), torch.from_numpy(sums.astype(np.int64))

    def compiled() -> Answer:
        answer = model.posterior({"digit": priors}, {"sum": sums})
        return answer["digit"], answer.log_likelihood

    def eager() -> Answer:
        posterior, log_likelihood = torch_addition.posterior(*tensors)
        return posterior.numpy(), log_likelihood.numpy()

    def faster() -> Callable[[], Answer]:
        forward = torch_addition.compiled(*tensors)

        def work() -> Answer:
            posterior, log_likelihood = torch_addition.posterior(*tensors, forward)
            return posterior.numpy(), log_likelihood.numpy()

        return work

    def library(prepare: Callable[..., Callable[[], NDArray[np.floating]]]) -> Callable[[], Answer]:
        work = prepare(priors, sums)
        return lambda: (work(), None)

    found = Ways()
    found.add("emnesy", lambda: compiled)
    found.add("C++", lambda: cpp_addition.prepare(priors, sums))
    found.add("PyTorch", lambda: eager)
    if not quick:  # a minute each
        found.add("torch.compile", faster)
    if n <= 15 or not quick:
        found.add("PGMax", lambda: library(pgmax_graphs.addition))
    if batch == 1:
        found.add("pyAgrum", lambda: library(pyagrum_addition.prepare))
        if n <= (4 if quick else 15):
            found.add("pgmpy", lambda: library(pgmpy_addition.prepare))
        if n <= 4 and not quick:
            found.add("ProbLog", lambda: library(problog_addition.prepare))
    exact = torch_addition.posterior(tensors[0].double(), tensors[1])
    return found, (exact[0].numpy(), exact[1].numpy())


def errors(name: str, n: int, answer: Answer, exact: Answer) -> dict[str, Cell]:
    """How far an answer is off; AssertionError where that is more than rounding."""
    assert exact[1] is not None
    worst = float(np.abs(answer[0] - exact[0]).max())
    relative = 0.0 if answer[1] is None else float(np.abs(answer[1] / exact[1] - 1).max())
    if not (worst < 1e-4 and relative < 1e-5):
        raise AssertionError(f"{name}, N = {n}: off by {worst} (posterior), {relative}")
    row: dict[str, Cell] = {f"{name}, posterior": worst}
    return row if answer[1] is None else row | {f"{name}, log-likelihood": relative}


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    speed = Table(
        "Microseconds per example",
        "Best of alternated repeats, one process, one thread. Ratios of the best times, in brackets of the "
        "medians. `C++`: hand-written plain C++, float32. `PyTorch`: eager, log-depth tree, autograd; "
        "`torch.compile`: the same, its gradient too, for fixed shapes. PGMax: "
        "flooding, as many iterations as digits. pyAgrum: Shafer-Shenoy. pgmpy: variable elimination. "
        "ProbLog: grounding and compilation included. These four give posteriors only.",
    )
    accuracy = Table(
        "Greatest difference from float64",
        "Posterior probabilities, absolute; log-likelihood, relative. Random priors, 100 examples.",
    )
    for n in SIZES:
        for batch in BATCHES:
            found, exact = ways(n, batch, quick)
            row: dict[str, Cell] = {"N": n}
            for name, work in found.works.items():
                row |= errors(name, n, work(), exact)  # type: ignore[arg-type]
            if batch > 1:
                accuracy.rows.append(row)
            repeats, seconds = (3, 0.01) if quick else (15, 0.1)
            times = alternate(found.works, repeats=repeats, seconds=seconds)
            per_example: dict[str, Cell] = {
                name: times[name].best / batch * 1e6 if name in times else None
                for name in ("emnesy", "C++", *OTHERS)
            }
            speed.rows.append(
                {"N": n, "batch": batch}
                | per_example
                | {"emnesy : C++": speedup(times, "emnesy", "C++")}
                | {f"{name} : emnesy": speedup(times, name, "emnesy") for name in OTHERS}
            )
            speed.add_note(found.note)
    return [speed, accuracy]
