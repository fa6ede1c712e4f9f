"""Addition of N-digit numbers, full MNIST, each image used once: the label is the sum."""

from __future__ import annotations

from accuracy.protocol import Family, Protocol

PROGRAM = "programs/mnist_addition.nesy"

LENET = ("--epochs", "15", "--network", "digit_net.dropout=0.2")
"""Dropout chosen among 0.1, 0.2 and 0.3 at N = 15 on 10,000 digits held out of the training set."""

BATCH_NORM = ("--epochs", "12", "--network", "digit_net=emnesy.data.nets:bn_cnn")
"""At N = 15, on 10,000 digits held out, 87.0 % of the sums were right; more: docs/recipes.md."""

ENOUGH = ("--train", "restarts=2", "--train", "restart_after=0.2", "--train", "restart_gain=0.8")
"""Without them one seed of five learned digits that explain two thirds of the sums and are all wrong."""


def _protocol(digits: int, network: str, arguments: tuple[str, ...]) -> Protocol:
    name = f"addition-{digits}" + ("" if network == "LeNet" else "-bn")
    return Protocol(
        name,
        f"N = {digits}, {network}",
        PROGRAM,
        ("-c", f"n={digits}", "--data", "source=mnist", *arguments),
    )


_LENET = tuple(_protocol(digits, "LeNet", LENET) for digits in (4, 15, 100))
_BATCH_NORM = tuple(_protocol(digits, "BatchNorm CNN", BATCH_NORM) for digits in (15, 100))

FAMILY = Family(
    "Multi-digit addition from sums alone",
    (
        *(p for row in _LENET for p in (row, row.supervised())),
        *(p for row in _BATCH_NORM for p in (row.but(*ENOUGH), row.supervised())),
    ),
    {
        "sum, 200 regroupings": "metrics.regrouped_sum",
        "sum, file order": "accuracy.sum",
        "digit": "accuracy.digit",
    },
    "Shares of the 10,000 test digits; nothing is chosen on them.",
)
