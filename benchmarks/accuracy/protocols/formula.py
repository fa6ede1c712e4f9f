"""Hand-written formulas from their values: digits of MNIST, signs drawn."""

from __future__ import annotations

from accuracy.protocol import Family, Protocol

EPOCHS = ("--epochs", "16")
"""A fifth of the digits held out, 93.0 % of their formulas of seven glyphs were right; 8 epochs: 91.1."""


def _length(length: int) -> Protocol:
    return Protocol(
        f"formula-{length}",
        f"{length} glyphs, LeNet",
        "programs/formula.nesy",
        (
            *("-c", f"length={length}", "--data", "source=mnist", "--data", "formulas=3000"),
            *("--network", "symbol_net.distortion=0.08", *EPOCHS),
        ),
    )


_OBSERVED = (_length(5), _length(7))

FAMILY = Family(
    "Formulas from their values",
    tuple(p for observed in _OBSERVED for p in (observed, observed.supervised())),
    {
        "value": "accuracy.value",
        "symbol": "accuracy.symbol",
        "digit": "metrics.digit_accuracy",
        "sign": "metrics.sign_accuracy",
    },
    "3000 formulas to train, 3000 of test digits that training never sees.",
)
