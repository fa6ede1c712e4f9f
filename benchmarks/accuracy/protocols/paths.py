"""Path planning on synthetic maps: the label is the cheapest path, the network learns the terrain."""

from __future__ import annotations

from accuracy.protocol import Family, Protocol

PROGRAM = "programs/warcraft.nesy"

CHAINS = (
    *("--engine", "gibbs", "--engine-option", "chains=1", "--engine-option", "sweeps=20"),
    *("--train", "entropy=0.1", "--train", "entropy_end=0.003"),
    *("--train", "noise=0.02", "--train", "noise_end=0.001", "--train", "balance=0.02"),
)
"""One chain an example, kept from epoch to epoch; the entropy bonus and the noise fall."""


def _protocol(name: str, title: str, size: int, *data: str, maps: int, batch: int) -> Protocol:
    arguments = ["-c", f"size={size}", "--data", f"maps={maps}", "--data", "valid_maps=0"]
    for option in data:
        arguments += ["--data", option]
    arguments += ["--epochs", "12", "--batch-size", str(batch), "--lr", "0.002", *CHAINS]
    return Protocol(name, title, PROGRAM, tuple(arguments))


SMALL = _protocol("paths-12", "12×12, gibbs", 12, maps=1000, batch=20)
LARGE = _protocol("paths-30", "30×30, gibbs", 30, maps=300, batch=5)
HARD = _protocol(
    "paths-12-hard", "12×12, harder pictures", 12, "looks=4", "noise=20", maps=1000, batch=20
)
HEAP = _protocol("paths-12-heap", "12×12, ties by heap", 12, "ties=heap", maps=1000, batch=20)
RANDOM = _protocol("paths-12-random", "12×12, random ties", 12, "ties=random", maps=1000, batch=20)

FAMILY = Family(
    "Path planning on synthetic maps",
    (SMALL, SMALL.supervised(), LARGE, LARGE.supervised(), HEAP, RANDOM, HARD, HARD.supervised()),
    {
        "optimal cost": "metrics.optimal_cost",
        "identical mask": "metrics.identical_mask",
        "tiles right": "accuracy.terrain",
    },
    "Shares of 1000 test maps that training never sees; nothing is chosen on them.",
)
