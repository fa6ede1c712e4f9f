"""Approximate likelihoods are kept within what a label's probability can be."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import emnesy
from emnesy.engine.base import Report
from emnesy.learn.estep import Inference

LATIN = """
cell(0..1, 0..1).
nn(net, image(R, C), D, 1..2) :: holds(R, C, D) :- cell(R, C).
conflict :- holds(R, C1, D), holds(R, C2, D), C1 < C2.
conflict :- holds(R1, C, D), holds(R2, C, D), R1 < R2.
valid :- not conflict.
observe valid/0.
"""


class Wild:
    """A model whose engine gives fixed estimates of the log-likelihood, and says whether they are exact."""

    def __init__(self, estimates: list[float], exact: bool) -> None:
        self.model = emnesy.load(LATIN).compile("exact", threads=1)
        self.estimates, self.exact = estimates, exact

    def __getattr__(self, name: str):
        return getattr(self.model, name)

    def posterior(self, *given, **options):
        answer = self.model.posterior(*given, **options)
        size = len(self.estimates)
        flags = np.ones(size, np.bool_)
        report = Report("wild", self.exact, flags, np.zeros(size, np.int32), np.zeros(size))
        changes = {"log_likelihood": np.array(self.estimates), "report": report}
        return type(answer)(**{**vars(answer), **changes})


@pytest.mark.parametrize("exact", [True, False])
def test_estimates_are_kept_between_the_least_world_and_certainty(exact: bool) -> None:
    estimates = [-3e13, -2.0, 1.6e12]
    inference = Inference(Wild(estimates, exact), threads=1)
    logits = torch.full((3, 2, 2, 2), 2.0)
    logits[..., 0] = 3.0
    step = inference({"holds": logits}, {"valid": torch.ones(3, dtype=torch.int64)})
    least = 4 * math.log(1 / (1 + math.e))
    expected = estimates if exact else [least, -2.0, 0.0]
    np.testing.assert_allclose(step.log_likelihood.double(), expected, rtol=1e-6)


def test_alternatives_that_cannot_be_are_no_bound() -> None:
    inference = Inference(Wild([-1e9], exact=False), threads=1)
    logits = torch.full((1, 2, 2, 2), 3.0)
    logits[0, 0, 0, 0] = 1e4  # the other has probability 0
    step = inference({"holds": logits}, {"valid": torch.ones(1, dtype=torch.int64)})
    assert float(step.log_likelihood) == pytest.approx(3 * math.log(0.5))
