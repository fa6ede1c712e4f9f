"""Path planning on synthetic maps: the label is the cheapest path, the network learns the terrain."""

from __future__ import annotations

from accuracy.protocol import Family, Protocol

PROGRAM = "programs/warcraft.nesy"

ENTROPY = ("--train", "entropy=0.1", "--train", "entropy_end=0.003")
"""For 12×12; larger maps tell less about each of their tiles."""
BALANCE = ("--train", "balance=0.02")
"""A bonus on the entropy of the mean output keeps all terrains in use."""

CHAINS = ("--engine", "gibbs", "--engine-option", "chains=1", "--engine-option", "sweeps=20")
"""One chain an example, kept from epoch to epoch."""
NOISE = ("--train", "noise=0.02", "--train", "noise_end=0.001")
"""What lets chains leave the network's mistakes."""

NEAREST = ("--engine", "abc", "--engine-option", "samples=256", "--engine-option", "kernel=nearest")
"""Of 256 worlds drawn for an example the nearest 5 % count: the tolerance follows the networks."""

PUBLISHED = (
    *("--engine", "abc", "--engine-option", "samples=256", "--engine-option", "kernel=fraction"),
    *("--engine-option", "locality=all", "--engine-option", "control_variate=off"),
    *("--train", "optimizer=adam", "--train", "weight_decay=0", "--train", "schedule=constant"),
    *("--train", "ema=0"),
)
"""Worlds weighed by the share of tiles that agree, and plain Adam (EM-NeSy, arXiv 2606.14463)."""


def _options(size: int, maps: int, epochs: int, batch: int, lr: float, *data: str) -> list[str]:
    options = ["-c", f"size={size}"]
    for option in (f"maps={maps}", "valid_maps=0", *data):
        options += ["--data", option]
    return [*options, "--epochs", str(epochs), "--batch-size", str(batch), "--lr", str(lr)]


def _chains(name: str, title: str, *data: str, epochs: int = 12) -> Protocol:
    options = _options(12, 1000, epochs, 20, 0.002, *data)
    return Protocol(name, title, PROGRAM, (*options, *CHAINS, *ENTROPY, *NOISE, *BALANCE))


SMALL = _chains("paths-12", "12×12, gibbs")
LARGE = Protocol(
    "paths-30",
    "30×30, gibbs",
    PROGRAM,
    (
        *(*_options(30, 500, 36, 5, 0.002), *CHAINS),
        *("--train", "entropy=0.05", "--train", "entropy_end=0.0005"),
        *(*NOISE, *BALANCE),
    ),
)
HARD = _chains("paths-12-hard", "12×12, gibbs, harder pictures", "looks=4", "noise=20", epochs=24)
HEAP = _chains("paths-12-heap", "12×12, gibbs, ties by a heap", "ties=heap", epochs=24).but(
    "--train", "balance_until=1"
)
RANDOM = _chains("paths-12-random", "12×12, gibbs, random ties", "ties=random")


def _nearest(name: str, title: str, *data: str) -> Protocol:
    options = _options(12, 2000, 10, 20, 0.002, *data)
    return Protocol(name, title, PROGRAM, (*options, *NEAREST, *ENTROPY, *BALANCE))


ABC = _nearest("paths-12-abc", "12×12, abc")
ABC_RANDOM = _nearest("paths-12-abc-random", "12×12, abc, random ties", "ties=random")
ABC_PUBLISHED = Protocol(
    "paths-12-abc-published",
    "12×12, abc, published kernel",
    PROGRAM,
    (*_options(12, 2000, 10, 70, 0.001), *PUBLISHED),
)

FAMILY = Family(
    "Path planning on synthetic maps",
    (
        *(SMALL, SMALL.supervised(), LARGE, LARGE.supervised()),
        *(ABC, ABC_PUBLISHED, HEAP, RANDOM, ABC_RANDOM, HARD, HARD.supervised()),
    ),
    {
        "optimal cost": "metrics.optimal_cost",
        "identical mask": "metrics.identical_mask",
        "tiles right": "accuracy.terrain",
    },
    "Shares of 1000 test maps that training never sees; nothing is chosen on them.",
)
