"""Sampling engines, and samples of exact ones, on random programs: no bias of one per cent goes unseen.

Every example is answered many times over, each time with random numbers of its own, and two things are
tested over the whole run, with errors of the mean as the replicates show them:

- *the pull towards the prior*: λ in ``E[estimate] = posterior + λ (prior - posterior)``, which is what mixing
  too slowly, weighing wrongly or forgetting evidence does. The run is so long that λ = 0.01 would stand out
  by four standard errors, and that is asserted, too;
- *any other bias*: the squared t-values of random projections must sum to what chance gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from emnesy.engine.base import EngineResult, Task
from emnesy.engine.registry import engines
from emnesy.tensors import read_priors

from .random_cases import PROGRAMS, Case, ask, cases
from .test_random_programs import compiled

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "abc": {"kernel": "exact", "samples": 400, "control_variate": "off"},
    "rejection": {"samples": 400},
    "gibbs": {"chains": 1, "sweeps": 60, "burn_in": 60},
}
"""By engine: what makes it right in the limit, and enough samples for the bias of few to be invisible."""

LEAST_EVIDENCE = np.log(0.05)
"""Rarer evidence leaves too few accepted worlds of a simulation."""

VISIBLE = 0.01
"""The bias that has to be seen."""

BOUND = 4.0
"""Standard errors: chance oversteps it once in 16,000 runs, and the seeds are fixed."""


@dataclass
class Pool:
    """Collects replicates of estimates whose expectation should be the posterior."""

    rng: np.random.Generator
    pull: float = 0.0
    pull_variance: float = 0.0
    pull_scale: float = 0.0
    squares: list[float] = field(default_factory=list)
    replicates: int = 0

    def add(
        self, estimates: NDArray[Any], posterior: NDArray[Any], prior: NDArray[Any], what: str
    ) -> None:
        """`estimates` (R, cells) of one example; `posterior` and `prior` (cells,)."""
        self.replicates = len(estimates)
        error = estimates - posterior
        fixed = error.std(0) < 1e-12
        # What happens with probability p is missed by R samples with probability exp(-R p) at most.
        assert (np.abs(error[:, fixed]) < 15 / len(error)).all(), f"sure, and wrong: {what}"
        along = error @ (prior - posterior)
        self.pull += along.mean()
        self.pull_variance += along.var(ddof=1) / len(along)
        self.pull_scale += float(((prior - posterior) ** 2).sum())
        projected = error[:, ~fixed] @ self.rng.standard_normal(int((~fixed).sum()))
        if len(projected) and projected.std() > 1e-12:
            spread = projected.std(ddof=1) / np.sqrt(len(projected))
            self.squares.append(float((projected.mean() / spread) ** 2))

    def check(self) -> None:
        """The two tests."""
        bias = self.pull / self.pull_scale
        error = np.sqrt(self.pull_variance) / self.pull_scale
        assert error < VISIBLE / BOUND, f"a bias of {VISIBLE} could hide: standard error {error}"
        assert abs(bias) < BOUND * error, f"pulled to the prior by {bias:.4f} ± {error:.4f}"
        n, r = len(self.squares), self.replicates
        # Moments of a squared t-value with r - 1 degrees of freedom.
        mean = (r - 1) / (r - 3)
        deviation = np.sqrt(2 * (r - 1) ** 2 * (r - 2) / ((r - 3) ** 2 * (r - 5)) * n)
        excess = (sum(self.squares) - n * mean) / deviation
        assert n >= 10
        assert excess < 5, f"estimates scatter around something else: {excess:.1f} deviations"


def flat(result: EngineResult) -> NDArray[Any]:
    """All posterior blocks side by side, (B, cells)."""
    return np.concatenate([b.reshape(len(b), -1) for b in result.posteriors], axis=1)


def prior_of(case: Case) -> NDArray[Any]:
    """The same of the priors."""
    blocks, _ = read_priors(case.oracle.interface, case.batch.priors)
    rows = [*blocks, np.repeat(case.oracle.interface.fixed, case.batch.size, axis=0)]
    return np.concatenate(rows, axis=1)


def collect(engine: str, task: Task, programs: int, replicates: int) -> Pool:
    """Answers of the engine to all programs that it takes."""
    pool = Pool(np.random.default_rng(1))
    for case in cases(programs, tame=True):
        model = compiled(case, engine)
        if model is None or (
            not model.engine.exact and "in the limit" not in engines()[engine].exact
        ):
            continue
        exact = ask(case.oracle, case.batch)
        usual = exact.possible & (exact.log_evidence > LEAST_EVIDENCE)
        got = ask(
            model,
            case.batch.repeat(replicates),
            task=task,
            seed=case.seed,
            options=OPTIONS.get(engine, {}),
        )
        estimates = flat(got).reshape(case.batch.size, replicates, -1)
        for row in np.flatnonzero(usual):
            pool.add(estimates[row], flat(exact)[row], prior_of(case)[row], str(case))
    return pool


SAMPLING = [name for name, info in engines().items() if "in the limit" in info.exact]


@pytest.mark.parametrize("engine", SAMPLING)
def test_marginals_have_no_bias(engine: str) -> None:
    collect(engine, "marginals", PROGRAMS // 4, 48).check()


@pytest.mark.parametrize(
    "engine",
    [
        n
        for n, info in engines().items()
        if "sample" in info.tasks and n not in ("auto", "enumerate")
    ],
)
def test_samples_have_no_bias(engine: str) -> None:
    sampling = engine in SAMPLING  # which works through many worlds for each
    collect(engine, "sample", PROGRAMS // (8 if sampling else 2), 800).check()


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_the_test_sees_one_per_cent(share: float) -> None:
    """Exact samples of which one in a hundred comes from the prior do not pass."""
    rng = np.random.default_rng(2)
    pool = Pool(np.random.default_rng(1))
    for case in cases(100, tame=True):
        exact = ask(case.oracle, case.batch)
        times = 800
        batch = case.batch.repeat(times)
        model = compiled(case, "exact")
        if model is None:
            continue
        right = flat(ask(model, batch, task="sample", seed=case.seed))
        blind = {name: np.full_like(labels, -1) for name, labels in batch.evidence.items()}
        unseen = type(batch)(batch.size, batch.priors, blind)
        wrong = flat(ask(model, unseen, task="sample", seed=7))
        mixed = np.where(rng.random((len(right), 1)) < share, wrong, right)
        mixed = mixed.reshape(case.batch.size, times, -1)
        for row in np.flatnonzero(exact.possible):
            pool.add(mixed[row], flat(exact)[row], prior_of(case)[row], str(case))
    if share:
        with pytest.raises(AssertionError, match=r"pulled to the prior|sure, and wrong"):
            pool.check()
    else:
        pool.check()
