"""Addition with an annotator who is sometimes wrong: how often that is, is learned with the network."""

from __future__ import annotations

from accuracy.protocol import Family, Protocol

OBSERVED = Protocol(
    "noisy-addition",
    "N = 2, one label in five any number, LeNet",
    "programs/noisy_addition.nesy",
    ("--data", "source=mnist", "--data", "noise=0.2"),
)

FAMILY = Family(
    "Addition with noisy labels",
    (OBSERVED, OBSERVED.supervised()),
    {
        "sum, 200 regroupings": "metrics.regrouped_sum",
        "sum, file order": "accuracy.label",
        "digit": "accuracy.digit",
        "p(noise)": "probabilities.noise",
    },
    "Shares of the 10,000 test digits, whose labels are all right; nothing is chosen on them. "
    "`p(noise)`: as learned, 20 % of the training labels are any number.",
)
