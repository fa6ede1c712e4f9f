"""`rejection`: worlds drawn from the prior; those count in which everything observed holds."""

from __future__ import annotations

from collections.abc import Mapping

from emnesy.engine.abc import LOCALITY, SAMPLES, Simulation, one_of
from emnesy.engine.options import OptionSpec
from emnesy.engine.registry import EngineInfo

OPTIONS: Mapping[str, OptionSpec] = {
    "samples": OptionSpec(10_240, SAMPLES.summary, SAMPLES.allowed, SAMPLES.range),
    "locality": LOCALITY,
    "control_variate": one_of("off", "correct by the prior's own sampling error", "on"),
}

FIXED = {"kernel": "exact", "distance": "mismatches", "rate": 1.0, "keep": 1.0}

ENGINE = EngineInfo(
    name="rejection",
    summary="rejection sampling: simulated worlds that have the evidence",
    exact="in the limit",
    tasks=frozenset({"marginals", "map", "sample"}),
    computed_cells=True,
    recursive_numbers=True,
    positive_cycles=True,
    exact_samples=True,
    compile=lambda program: Simulation("rejection", OPTIONS, FIXED, program),
    log_evidence="an estimate: the share that is accepted",
    options=OPTIONS,
)
