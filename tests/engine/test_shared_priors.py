"""Batches whose priors are in part the same for all examples: each example as if it were alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import emnesy

PROGRAM = """
nn(reader, picture(I), D, 0..2) :: digit(I, D) :- I in 0..4.
0.3 :: wrong(I) :- I in 0..4.
0.2 :: shift(1); 0.1 :: shift(2) :- true.
told(I, D) :- digit(I, D), \\+ wrong(I).
told(I, (D + S) mod 3) :- digit(I, D), wrong(I), shift(S).
observe told/2.
"""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_is_its_examples(dtype: Any) -> None:
    model = emnesy.load(PROGRAM).compile("bp")
    random = np.random.default_rng(3)
    batch = 70  # several bundles, the last of them not full
    priors = random.dirichlet(np.ones(3), (batch, 5)).astype(dtype)
    labels = random.integers(-1, 3, (batch, 5))
    whole = model.posterior({"digit": priors}, {"told": labels})
    assert whole.fixed.shape[0] == batch
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    for i in range(batch):
        one = model.posterior({"digit": priors[i : i + 1]}, {"told": labels[i : i + 1]})
        np.testing.assert_allclose(whole["digit"][i], one["digit"][0], atol=tolerance)
        np.testing.assert_allclose(whole.fixed[i], one.fixed[0], atol=tolerance)
