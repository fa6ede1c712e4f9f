"""`abc`: worlds drawn from the prior, weighed by how well their consequences match what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.engine.base import Array, EngineResult, EngineState, Report, Task
from emnesy.engine.options import OptionSpec, read_options
from emnesy.engine.registry import EngineInfo
from emnesy.ground.simulator import no_fixpoint
from emnesy.ground.symbolic import SymbolicTerms
from emnesy.ground.values import format_value

if TYPE_CHECKING:
    from emnesy.ground.interface import Interface
    from emnesy.pipeline import Program


def one_of(default: str, summary: str, *others: str) -> OptionSpec:
    """An option that takes one of a few words."""
    words = (default, *others)
    return OptionSpec(default, summary, lambda v: v in words, " or ".join(words))


SAMPLES = OptionSpec(
    1024, "worlds drawn for each example", lambda v: 1 <= v < 1 << 34, "at least 1, below 2^34"
)
LOCALITY = one_of("component", "which observations weigh a choice", "all", "cone")

OPTIONS: Mapping[str, OptionSpec] = {
    "samples": SAMPLES,
    "kernel": one_of(
        "exponential", "the weight of a world, by its distance", "exact", "fraction", "nearest"
    ),
    "rate": OptionSpec(
        1.0, "exponential: weight exp(-rate * distance)", lambda v: 0 <= v < 1e6, "in [0, 1e6)"
    ),
    "keep": OptionSpec(
        0.05, "nearest: share of the worlds that count", lambda v: 0 < v <= 1, "in (0, 1]"
    ),
    "distance": one_of("mismatches", "how far a world is from the labels", "numeric"),
    "locality": LOCALITY,
    "control_variate": one_of("on", "correct by the prior's own sampling error", "off"),
}


class Simulation:
    """Weighted sampling of worlds bound to one program: immutable, callable from any thread.

    Sunnåker et al., "Approximate Bayesian computation", PLoS Comput. Biol. 2013. With the exact kernel this
    is rejection sampling (Rubin 1984); posteriors are then right in the limit of many samples.
    """

    exact = False
    checks_priors = False

    def __init__(
        self,
        name: str,
        options: Mapping[str, OptionSpec],
        fixed: Mapping[str, Any],
        program: Program,
    ) -> None:
        interface = program.interface
        self.name = name
        self._options = options
        self._fixed = dict(fixed)
        self._grounded = program.ground
        self._simulator = program.simulator
        self._terms = SymbolicTerms(program.ground)
        self._native = _core.Abc(
            program.simulator,
            block=interface.choice_block,
            offset=interface.choice_offset,
            stride=np.ones(len(interface.choice_block), np.int32),
            block_size=[*(spec.size for spec in interface.priors), interface.fixed.size],
            label_number=label_numbers(interface),
        )

    def run(
        self,
        priors: Sequence[Array],
        evidence: NDArray[np.int32],
        *,
        task: Task = "marginals",
        threads: int = 1,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        state: EngineState | None = None,  # noqa: ARG002
    ) -> EngineResult:
        """See `CompiledEngine.run`.

        Examples of which no world got a weight are ``~converged``: their posterior is their prior, and
        their log-evidence a floor. `Report.extra` has, per example, ``answered`` (the same),
        ``effective_samples`` and ``acceptance``. `Report.residual` bounds the standard error of marginals.
        """
        values = {**self._fixed, **read_options(self.name, self._options, options)}
        values["control_variate"] = values["control_variate"] == "on"
        try:
            answer = self._native.run(
                priors, evidence, task=task, threads=threads, seed=seed, **values
            )
        except _core.NoFixpoint as error:
            raise no_fixpoint(self._grounded, self._simulator, error.args[0]) from None
        samples = values["samples"]
        return EngineResult(
            posteriors=answer["posteriors"],
            log_evidence=answer["log_evidence"],
            possible=answer["possible"],
            queries=answer["queries"],
            report=Report(
                engine=self.name,
                exact=False,
                converged=answer["answered"],
                iterations=np.full(len(evidence), min(samples, 2**31 - 1), np.int32),
                residual=0.5 / np.sqrt(np.maximum(answer["effective"], 0.25)),
                extra={
                    "answered": answer["answered"] | ~answer["possible"],
                    "effective_samples": answer["effective"],
                    "acceptance": answer["accepted"],
                    "computed": self._computed(answer["said"], len(evidence)),
                },
            ),
        )

    def _computed(
        self, said: Sequence[tuple[int, int, list[float], float]], batch: int
    ) -> dict[str, NDArray[np.float64]]:
        """Probability of each text that a query atom with computed numbers had in some world, (B,)."""
        masses: dict[str, NDArray[np.float64]] = {}
        for example, query, numbers, probability in said:
            text = self._text(int(self._grounded.native.queries[query]), numbers)
            masses.setdefault(text, np.zeros(batch))[example] += probability
        return masses

    def _text(self, atom: int, numbers: Sequence[float]) -> str:
        native = self._grounded.native
        arguments = []
        for value, number in zip(self._grounded.arguments(atom), numbers, strict=True):
            if not native.is_symbolic(int(value)):
                arguments.append(native.format_value(int(value)))
            else:
                whole = self._terms.is_integral(int(value))
                arguments.append(format_value(int(number) if whole else float(number)))
        name = native.predicate_name[native.atom_predicate[atom]]
        return f"{name}({','.join(arguments)})"


def label_numbers(interface: Interface) -> NDArray[np.float64]:
    """Every label of every slot as a number, NaN where it is none; parallel to `Interface.slot_atom`."""
    numbers = np.full(len(interface.slot_atom), np.nan)
    for spec in interface.labels:
        if not spec.functional:
            continue
        for slot, labels in enumerate(spec.table, spec.first_slot):
            for value, label in zip(spec.values, labels, strict=True):
                if label >= 0 and isinstance(value, int | float):
                    numbers[interface.slot_begin[slot] + label] = value
    return numbers


ENGINE = EngineInfo(
    name="abc",
    summary="approximate Bayesian computation: simulated worlds, weighed by their match",
    exact="in the limit, with the exact kernel",
    tasks=frozenset({"marginals", "map", "sample"}),
    computed_cells=True,
    recursive_numbers=True,
    positive_cycles=True,
    exact_samples=True,
    compile=lambda program: Simulation("abc", OPTIONS, {}, program),
    log_evidence="an estimate: the mean weight",
    options=OPTIONS,
)
