"""Path planning on synthetic maps: the label is the cheapest path, the network learns the terrain."""

from __future__ import annotations

from accuracy.protocol import Family, Protocol

PROGRAM = "programs/warcraft.nesy"

CHAINS = (
    *("--engine", "gibbs", "--engine-option", "chains=1", "--engine-option", "sweeps=20"),
    *("--train", "entropy=0.1", "--train", "entropy_end=0.01", "--train", "noise=0.02"),
)
"""One chain an example, kept from epoch to epoch; the entropy bonus falls."""


def _size(size: int, maps: int, epochs: int, batch: int) -> tuple[str, ...]:
    return (
        *("-c", f"size={size}", "--data", f"maps={maps}", "--epochs", str(epochs)),
        *("--batch-size", str(batch), "--lr", "0.002"),
    )


SMALL = Protocol("paths-12", "12×12, gibbs", PROGRAM, (*_size(12, 1500, 16, 20), *CHAINS))
LARGE = Protocol("paths-30", "30×30, gibbs", PROGRAM, (*_size(30, 300, 12, 10), *CHAINS))

FAMILY = Family(
    "Path planning on synthetic maps",
    (SMALL, SMALL.supervised(), LARGE, LARGE.supervised()),
    {
        "optimal cost": "metrics.optimal_cost",
        "identical mask": "metrics.identical_mask",
        "tiles right": "accuracy.terrain",
    },
    "Shares of 1000 test maps that training never sees; nothing is chosen on them.",
)
