"""E-step of N-digit addition.

Log-likelihood and all 2N digit posteriors of a batch of sums, float32, one thread: the compiled program
through the Python API, against a hand-written C++ loop and eager PyTorch with autograd for this one
problem. All answers are checked against each other, in float64, before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import emnesy
from baselines import cpp_addition, torch_addition
from measure import alternate
from report import Table

PROGRAM = Path(__file__).resolve().parents[2] / "programs" / "mnist_addition.nesy"
SIZES = (4, 15, 100)
BATCHES = (100, 1)

# Posteriors and log-likelihood of a batch.
Answer = tuple[NDArray[np.floating], NDArray[np.floating]]


def examples(n: int, batch: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Priors (B, 2, n, 10), somewhat peaked as a network's, and sums (B, n + 1) of random digits."""
    generator = np.random.default_rng(n)
    logits = 3 * generator.standard_normal((batch, 2, n, 10))
    priors = np.exp(logits - logits.max(-1, keepdims=True))
    priors /= priors.sum(-1, keepdims=True)
    digits = generator.integers(0, 10, (batch, 2, n))
    sums = np.zeros((batch, n + 1), np.int32)
    carry = np.zeros(batch, np.int64)
    for i in range(n):
        total = digits[:, 0, i] + digits[:, 1, i] + carry
        sums[:, i], carry = total % 10, total // 10
    sums[:, n] = carry
    return priors.astype(np.float32), sums


def ways(n: int, batch: int) -> tuple[dict[str, Callable[[], Answer]], Answer]:
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

    exact = torch_addition.posterior(tensors[0].double(), tensors[1])
    by_hand = cpp_addition.prepare(priors, sums)
    return {"emnesy": compiled, "C++": by_hand, "PyTorch": eager}, (
        exact[0].numpy(),
        exact[1].numpy(),
    )


def run(quick: bool) -> list[Table]:
    """Time and compare."""
    speed = Table(
        "Microseconds per example",
        "Best of alternated repeats, one process, one thread. Ratios of the best times, in brackets of the "
        "medians. `C++`: hand-written plain C++, float32. `PyTorch`: eager, log-depth tree, autograd.",
    )
    accuracy = Table(
        "Greatest difference from float64",
        "Posterior probabilities, absolute; log-likelihood, relative. Random priors, 100 examples.",
    )
    for n in SIZES:
        for batch in BATCHES:
            works, exact = ways(n, batch)
            errors: dict[str, str | int | float | None] = {"N": n}
            for name, work in works.items():
                posterior, log_likelihood = work()
                worst = float(np.abs(posterior - exact[0]).max())
                relative = float(np.abs(log_likelihood / exact[1] - 1).max())
                if not (worst < 1e-5 and relative < 1e-5):
                    raise AssertionError(f"{name}, N = {n}: off by {worst} (posterior), {relative}")
                errors |= {f"{name}, posterior": worst, f"{name}, log-likelihood": relative}
            if batch > 1:
                accuracy.rows.append(errors)
            repeats, seconds = (3, 0.01) if quick else (15, 0.1)
            times = alternate(works, repeats=repeats, seconds=seconds)

            def ratio(slow: str, fast: str, times: dict = times) -> str:  # type: ignore[type-arg]
                best = times[slow].best / times[fast].best
                return f"{best:.2f} ({times[slow].median / times[fast].median:.2f})"

            speed.rows.append(
                {"N": n, "batch": batch}
                | {name: timing.best / batch * 1e6 for name, timing in times.items()}
                | {
                    "emnesy : C++": ratio("emnesy", "C++"),
                    "PyTorch : emnesy": ratio("PyTorch", "emnesy"),
                }
            )
    return [speed, accuracy]
