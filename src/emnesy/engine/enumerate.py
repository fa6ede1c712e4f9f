"""`enumerate`: every total choice, one after the other. Slow and obviously right: the reference in tests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.base import LOG_ZERO, Array, EngineResult, EngineState, Report, Task, settled
from emnesy.engine.options import read_options
from emnesy.engine.registry import EngineInfo
from emnesy.ground.evaluate import Evaluator, Worlds
from emnesy.ground.interface import Interface
from emnesy.ground.program import GroundedProgram
from emnesy.ground.symbolic import SymbolicTerms

WORLD_LIMIT = 1 << 22
CHUNK = 1 << 14
AFFORDABLE_WORLDS = 1 << 16
"""What `auto` takes on: a fraction of a second."""


_LOWEST = -(1 << 40)
"""An exponent below that of any weight."""


def world_count(grounded: GroundedProgram) -> int:
    """Number of total choices of a ground program."""
    native = grounded.native
    return math.prod(
        int(n) for n in np.diff(native.choice_alternative_begin) + native.choice_has_none
    )


def count_text(count: int) -> str:
    """A number of worlds, which may have more digits than Python writes out."""
    return f"{count:,}" if count < 10**7 else f"about 10^{int(math.log10(count))}"


@dataclass
class _Sums:
    """Sums of weights so far, those of example b in units of ``2 ** exponent[b]``: none underflows."""

    exponent: NDArray[np.int64]  # (B,)
    total: NDArray[np.float64]  # (B,)
    queries: NDArray[np.float64]  # (B, Q)
    posterior: list[NDArray[np.float64]]  # per choice (B, values)
    computed: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # (B,) each

    def in_units(
        self, mantissa: NDArray[np.float64], exponent: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Weights (B, W) in units of which none is large, which all sums are put into as well."""
        greatest = np.where(mantissa > 0, exponent, _LOWEST).max(axis=1)
        unit = np.maximum(self.exponent, greatest)
        shrink = _power(self.exponent - unit)
        self.exponent = unit
        self.total *= shrink
        self.queries *= shrink[:, None]
        for table in self.posterior:
            table *= shrink[:, None]
        for mass in self.computed.values():
            mass *= shrink
        return mantissa * _power(exponent - unit[:, None])


def _product(
    tables: Sequence[NDArray[np.float64]], alternatives: NDArray[np.int64], batch: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Prior probabilities of worlds, each (B, W): what is to be multiplied by two to the power of what."""
    shape = (batch, len(alternatives))
    mantissa, exponent = np.ones(shape), np.zeros(shape, np.int64)
    for choice, table in enumerate(tables):
        fraction, power = np.frexp(table)
        # Twice a fraction of [0.5, 1), so that a product of certainties stays what it is.
        mantissa *= 2 * fraction[:, alternatives[:, choice]]
        exponent += power[:, alternatives[:, choice]] - 1
    return mantissa, exponent


def _power(exponent: NDArray[np.int64]) -> NDArray[np.float64]:
    """Two to the power of it, which is at most 0 where it matters; 0 where that is too small a number."""
    return np.asarray(np.ldexp(1.0, np.clip(exponent, -5000, 0).astype(np.int32)))


class Enumerate:
    """All worlds of a ground program, weighted by their priors (float64 throughout)."""

    name = "enumerate"
    exact = True
    checks_priors = False

    def __init__(self, grounded: GroundedProgram, interface: Interface) -> None:
        native = grounded.native
        self._grounded = grounded
        self._interface = interface
        self._alternatives = np.diff(native.choice_alternative_begin)
        self._cardinality = self._alternatives + native.choice_has_none
        count = world_count(grounded)
        if count > WORLD_LIMIT:
            raise EngineError(
                Diagnostic(
                    "E0702",
                    f"`enumerate` would have to visit {count_text(count)} worlds; "
                    f"its limit is {WORLD_LIMIT:,}",
                    help="use `--engine bp`, or a smaller program",
                )
            )
        self._count = count
        self._evaluate = Evaluator(grounded)
        self._terms = SymbolicTerms(grounded)
        native = grounded.native
        computed = {
            int(native.atom_predicate[a])
            for a in native.queries
            if self._terms.computed_arguments(int(a))
        }
        self._computed_queries = sorted(
            {int(a) for a in native.queries if int(native.atom_predicate[a]) in computed}
        )

    def run(
        self,
        priors: Sequence[Array],
        evidence: NDArray[np.int32],
        *,
        task: Task = "marginals",
        threads: int = 1,  # noqa: ARG002
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        state: EngineState | None = None,  # noqa: ARG002
    ) -> EngineResult:
        """See `CompiledEngine.run`; `EngineError` for any option: there are none."""
        read_options(self.name, {}, options)
        native = self._grounded.native
        batch = len(evidence)
        tables = self._tables(priors, batch)
        sums = _Sums(
            np.full(batch, _LOWEST),
            np.zeros(batch),
            np.zeros((batch, len(native.queries))),
            [np.zeros_like(table) for table in tables],
        )
        best = np.full(batch, -np.inf)
        chosen = np.zeros((batch, len(tables)), np.int64)
        generators = [np.random.Generator(np.random.Philox([seed, b])) for b in range(batch)]
        for alternatives in self._worlds():
            worlds = self._evaluate(alternatives)
            mantissa, exponent = _product(tables, alternatives, batch)
            mantissa *= self._allowed(worlds)
            mantissa *= self._matches(worlds, evidence)
            weight = sums.in_units(mantissa, exponent)
            sums.total += weight.sum(axis=1)
            sums.queries += weight @ worlds.truth[native.queries].T
            self._computed(worlds, weight, sums.computed)
            if task == "marginals":
                for choice, table in enumerate(sums.posterior):
                    for value in range(int(self._cardinality[choice])):
                        where = alternatives[:, choice] == value
                        table[:, value] += weight[:, where].sum(axis=1)
                continue
            with np.errstate(divide="ignore"):
                score = np.log(mantissa) + exponent * math.log(2)
            if task == "sample":
                score = score + np.stack([g.gumbel(size=score.shape[1]) for g in generators])
            top = score.argmax(axis=1)
            better = score[np.arange(batch), top] > best
            best[better] = score[np.arange(batch), top][better]
            chosen[better] = alternatives[top[better]]
        possible = sums.total > 0
        posterior = sums.posterior
        if task != "marginals":
            for choice, table in enumerate(posterior):
                table[np.arange(batch), chosen[:, choice]] = 1.0
        scale = np.where(possible, sums.total, 1.0)
        if task == "marginals":
            posterior = [table / scale[:, None] for table in posterior]
        dtype = priors[0].dtype
        log_total = np.log(scale) + sums.exponent * math.log(2)
        log_evidence = np.where(possible, log_total, LOG_ZERO)
        return EngineResult(
            posteriors=self._blocks(priors, posterior, possible, batch),
            log_evidence=log_evidence.astype(dtype),
            possible=possible,
            queries=np.where(possible[:, None], sums.queries / scale[:, None], 0.0).astype(dtype),
            report=Report(
                self.name,
                True,
                *settled(batch, "d"),
                extra={
                    "worlds": self._count,
                    "computed": {k: v / scale for k, v in sums.computed.items()},
                },
            ),
        )

    def _tables(self, priors: Sequence[Array], batch: int) -> list[NDArray[np.float64]]:
        """Per choice, (B, values): the alternatives' priors, then what they leave to none."""
        native, interface = self._grounded.native, self._interface
        tables = []
        for choice, count in enumerate(self._alternatives):
            block = priors[interface.choice_block[choice]]
            start = interface.choice_offset[choice]
            table = np.broadcast_to(block[:, start : start + count], (batch, count)).astype(float)
            if native.choice_has_none[choice]:
                none = np.maximum(1.0 - table.sum(axis=1, keepdims=True), 0.0)
                table = np.concatenate([table, none], axis=1)
            tables.append(table)
        return tables

    def _worlds(self) -> Iterator[NDArray[np.int64]]:
        for first in range(0, self._count, CHUNK):
            rest = np.arange(first, min(first + CHUNK, self._count))
            alternatives = np.empty((len(rest), len(self._cardinality)), np.int64)
            for choice in reversed(range(len(self._cardinality))):
                rest, alternatives[:, choice] = np.divmod(rest, self._cardinality[choice])
            yield alternatives

    def _allowed(self, worlds: Worlds) -> NDArray[np.bool_]:
        """Worlds in which the program's own evidence and constraints hold."""
        native = self._grounded.native
        allowed = np.full(worlds.truth.shape[1], not self._grounded.impossible_evidence)
        for literal in native.evidence:
            allowed &= worlds.truth[literal >> 1] ^ bool(literal & 1)
        begin = native.constraint_begin
        for index in range(len(begin) - 1):
            violated = np.ones(len(allowed), np.bool_)
            for literal in native.constraint_body[begin[index] : begin[index + 1]]:
                violated &= worlds.truth[literal >> 1] ^ bool(literal & 1)
            allowed &= ~violated
        return allowed

    def _matches(self, worlds: Worlds, evidence: NDArray[np.int32]) -> NDArray[np.bool_]:
        """(B, W): does the world agree with all that the example observes?"""
        interface = self._interface
        matches = np.ones((len(evidence), worlds.truth.shape[1]), np.bool_)
        for slot in range(interface.slot_count):
            atoms = interface.slot_atom[interface.slot_begin[slot] : interface.slot_begin[slot + 1]]
            truth = worlds.truth[atoms]
            if interface.slot_functional[slot]:
                label = np.where(truth.sum(axis=0) == 1, truth.argmax(axis=0), -2)
            else:
                label = truth[0].astype(np.int64)
            given = evidence[:, slot, None]
            matches &= (given < 0) | (given == label)
        return matches

    def _computed(
        self, worlds: Worlds, weight: NDArray[np.float64], into: dict[str, NDArray[np.float64]]
    ) -> None:
        """Adds the mass of query atoms that hold computed numbers, by the atom's text in each world."""
        masks: dict[str, NDArray[np.bool_]] = {}
        width = worlds.truth.shape[1]
        for atom in self._computed_queries:
            texts = self._terms.texts(atom, worlds.cells)
            for world in np.flatnonzero(worlds.truth[atom]):
                text = texts[world]
                if text is not None:
                    masks.setdefault(text, np.zeros(width, np.bool_))[world] = True
        for text, mask in masks.items():
            into[text] = into.get(text, np.zeros(len(weight))) + weight[:, mask].sum(axis=1)

    def _blocks(
        self,
        priors: Sequence[Array],
        posterior: Sequence[NDArray[np.float64]],
        possible: NDArray[np.bool_],
        batch: int,
    ) -> tuple[Array, ...]:
        blocks = [np.broadcast_to(p, (batch, p.shape[1])).copy() for p in priors]
        for choice, count in enumerate(self._alternatives):
            block = blocks[self._interface.choice_block[choice]]
            start = self._interface.choice_offset[choice]
            columns = block[:, start : start + count]
            columns[possible] = posterior[choice][possible, :count]
        return tuple(blocks)


ENGINE = EngineInfo(
    name="enumerate",
    summary="every total choice, in Python: the reference",
    exact="always",
    tasks=frozenset({"marginals", "map", "sample"}),
    computed_cells=True,
    recursive_numbers=True,
    positive_cycles=True,
    compile=lambda program: Enumerate(program.ground, program.interface),
)
