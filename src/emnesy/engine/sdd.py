"""`sdd`: the program compiled to a sentential decision diagram, read as a circuit of sums and products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.circuit.circuit import GREATEST, LINEAR, LOGARITHMS, TRUE, Floats, Ints
from emnesy.circuit.compiler import compile_circuit, require_pysdd
from emnesy.circuit.formula import Encoding, encode
from emnesy.engine.base import LOG_ZERO, Array, EngineResult, EngineState, Report, Task, settled
from emnesy.engine.options import OptionSpec, read_options
from emnesy.engine.registry import EngineInfo, able

if TYPE_CHECKING:
    from emnesy.pipeline import Program

OPTIONS: Mapping[str, OptionSpec] = {
    "size": OptionSpec(
        1_000_000,
        "when the program is compiled: elements of the diagram, at most",
        lambda v: v >= 1,
        "at least 1",
    ),
    "seconds": OptionSpec(
        60.0,
        "when the program is compiled: time that it may take",
        lambda v: 0 < v <= 1e9,
        "in (0, 1e9]",
    ),
    "vtree": OptionSpec(
        "balanced",
        "when the program is compiled: the shape of the tree of variables",
        lambda v: v in ("balanced", "right", "left", "vertical"),
        "balanced, right, left or vertical",
    ),
    "order": OptionSpec(
        "walk",
        "when the program is compiled: variables as a walk from what is asked meets them, or as stated",
        lambda v: v in ("walk", "program"),
        "walk or program",
    ),
    "search": OptionSpec(
        False,
        "when the program is compiled: look for a better tree of variables, which takes long",
        lambda _: True,
        "true or false",
    ),
}

NUMBERS = 1 << 18
"""Numbers of an array that passes work on, about: it says how many examples go together."""

SMALLEST = -650.0
"""Where no world has a smaller log-probability, no product of its weights underflows in float64."""


@dataclass(frozen=True)
class _Answer:
    """The answer for some examples; blocks in the priors' type, all else in float64."""

    posteriors: tuple[Array, ...]
    log_evidence: Floats
    possible: NDArray[np.bool_]
    queries: Floats
    logarithms: NDArray[np.bool_]


class Diagram:
    """A diagram bound to one program: immutable, callable from any thread.

    Read as a circuit of sums and products: a pass upwards adds up the worlds with the evidence, one
    downwards shares them out among the literals (Darwiche 2003). No difference is taken, so small
    probabilities keep their relative precision. Examples with worlds beyond float64's range are computed
    in logarithms.
    """

    name = "sdd"
    exact = True
    checks_priors = False

    def __init__(self, program: Program, options: Mapping[str, Any]) -> None:
        """`options`: all of `OPTIONS`."""
        require_pysdd()
        self._options = dict(options)
        self._encoding = encoding = encode(program.ground, program.interface, options["order"])
        limits = {name: options[name] for name in ("size", "seconds", "vtree", "search")}
        self._compiled = compile_circuit(encoding, others=_others(encoding), **limits)
        self._circuit = self._compiled.circuit
        self._valued = np.flatnonzero(encoding.value_literal != TRUE)
        self._choice_values = encoding.choices.value_begin[:-1]
        # Variables that stand for nothing: a diagram has one at least.
        used = np.concatenate([encoding.value_literal // 2, encoding.observed[:, 0]])
        self._spare = np.setdiff1d(np.arange(1, encoding.variables + 1), used)

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
        """See `CompiledEngine.run`. Options say what is compiled; those of a call change nothing."""
        read_options(self.name, OPTIONS, {**self._options, **(options or {})})
        batch = len(evidence)
        together = max(1, NUMBERS // max(self._circuit.elements, 1))

        def answer(first: int) -> _Answer:
            rows = slice(first, min(first + together, batch))
            own = [block if len(block) == 1 else block[rows] for block in priors]
            return self._answer(own, evidence[rows], task, seed, first)

        starts = range(0, batch, together)
        if threads > 1 and len(starts) > 1:
            with ThreadPoolExecutor(threads) as pool:
                answers = list(pool.map(answer, starts))
        else:
            answers = [answer(first) for first in starts]
        dtype = priors[0].dtype
        return EngineResult(
            posteriors=tuple(
                np.concatenate(parts)
                for parts in zip(*(a.posteriors for a in answers), strict=True)
            ),
            log_evidence=np.concatenate([a.log_evidence for a in answers]).astype(dtype),
            possible=np.concatenate([a.possible for a in answers]),
            queries=np.concatenate([a.queries for a in answers]).astype(dtype),
            report=Report(
                self.name,
                True,
                *settled(batch, dtype.char),
                extra={
                    "diagram": {
                        "variables": self._encoding.variables,
                        "size": self._compiled.size,
                        "products": self._circuit.elements,
                    },
                    "logarithms": np.concatenate([a.logarithms for a in answers]),
                },
            ),
        )

    def _answer(
        self,
        priors: Sequence[Array],
        evidence: NDArray[np.int32],
        task: Task,
        seed: int,
        first: int,
    ) -> _Answer:
        """Some examples, of which the first is number `first` of the call."""
        choices = self._encoding.choices
        batch = len(evidence)
        table, scale = choices.probabilities(priors, batch)
        weights = choices.weights(table)
        beyond = self._least(weights) < SMALLEST
        log_evidence = np.full(batch, LOG_ZERO)
        queries = np.zeros((batch, len(self._compiled.query)))
        places = np.zeros_like(table)
        possible = np.zeros(batch, np.bool_)
        for logarithms in (False, True):
            rows = np.flatnonzero(beyond == logarithms)
            if not len(rows):
                continue
            total, asked, share = self._sum(weights[:, rows], evidence[rows], logarithms)
            possible[rows] = (total > -np.inf).all(axis=0) & (not self._encoding.impossible)
            with np.errstate(invalid="ignore"):
                log_evidence[rows] = total.sum(axis=0) + scale[rows]
                part = total[self._encoding.query[:, 0]]
                queries[rows] = np.minimum(np.exp(asked - part), 1.0).T
            places[:, rows] = self._places(
                table[:, rows], weights[:, rows], evidence[rows], share, task, seed, first + rows
            )
        log_evidence[~possible] = LOG_ZERO
        queries[~possible] = 0.0
        blocks = choices.blocks(priors, places, everything=task != "marginals")
        for block, prior in zip(blocks, priors, strict=True):
            block[~possible] = np.broadcast_to(prior, block.shape)[~possible]
        return _Answer(blocks, log_evidence, possible, queries, beyond)

    def _least(self, weights: Floats) -> Floats:
        """``(B,)``: log-probability of the least probable world that is possible."""
        if not len(weights):
            return np.zeros(weights.shape[1])
        positive = np.where(weights > 0, weights, np.inf)
        least = np.minimum.reduceat(positive, self._choice_values, axis=0)
        return np.asarray(np.log(least).sum(axis=0))

    def _leaves(self, weights: Floats, evidence: NDArray[np.int32]) -> Floats:
        """``(leaves, B)``: the weights of all literals."""
        encoding = self._encoding
        leaves = np.ones((self._circuit.leaves, weights.shape[1]))
        leaves[encoding.value_literal[self._valued]] = weights[self._valued]
        leaves[2 * self._spare + 1] = 0.0
        variable, slot, label = encoding.observed.T
        given = evidence.T[slot]
        leaves[2 * variable] = (given < 0) | (given == label[:, None])
        leaves[2 * variable + 1] = (given < 0) | (given != label[:, None])
        return leaves

    def _sum(
        self, weights: Floats, evidence: NDArray[np.int32], logarithms: bool
    ) -> tuple[Floats, Floats, Floats]:
        """Log-probability of each part's condition (parts, B), also with each query (Q, B); the shares."""
        circuit, compiled = self._circuit, self._compiled
        leaves = self._leaves(weights, evidence)
        with np.errstate(divide="ignore"):
            if logarithms:
                leaves = np.log(leaves)
            value, product = circuit.up(leaves, LOGARITHMS if logarithms else LINEAR)
            roots = value[circuit.roots]
            if not logarithms:
                roots = np.log(roots)
        share = circuit.shares(value, product, logarithms=logarithms)
        return roots[compiled.condition], roots[compiled.query], share

    def _places(
        self,
        table: Floats,
        weights: Floats,
        evidence: NDArray[np.int32],
        share: Floats,
        task: Task,
        seed: int,
        examples: Ints,
    ) -> Floats:
        """``(places, B)``: the posterior, or one-hot the alternatives that are taken."""
        circuit, choices = self._circuit, self._encoding.choices
        if task == "marginals":
            return choices.spread(table, weights, self._values(share))
        with np.errstate(divide="ignore"):
            if task == "map":
                score = np.log(table)
                best = choices.weights(table, most=True)
                leaves = np.log(self._leaves(best, evidence))
                _, product = circuit.up(leaves, GREATEST)
            else:
                noise = np.stack(
                    [
                        np.random.Generator(np.random.Philox([seed, int(example)])).gumbel(
                            size=len(share) + len(table)
                        )
                        for example in examples
                    ],
                    axis=1,
                )
                product = np.log(share) + noise[: len(share)]
                score = np.log(table) + noise[len(share) :]
        return choices.pick(score, self._values(circuit.winners(product)))

    def _values(self, share: Floats) -> Floats:
        """``(values, B)``: what each value is given where elements pass on these shares."""
        literals = self._circuit.down(share, self._circuit.roots[self._compiled.condition])
        literals[TRUE] = 1.0
        return np.asarray(literals[self._encoding.value_literal])


def _others(encoding: Encoding) -> str:
    """The engines that may take a program that is too large here."""
    cycles = any(cyclic for formula in encoding.formulas for _, cyclic in formula.components)
    approximate = able(
        lambda info: (
            not info.always_exact and info.name != "auto" and (info.positive_cycles or not cycles)
        )
    )
    return f"{approximate} for approximate answers"


def compile_sdd(program: Program, options: Mapping[str, Any]) -> Diagram:
    """Compile the program's diagram; `EngineError` where that takes too much, or PySDD is missing."""
    return Diagram(program, read_options("sdd", OPTIONS, options))


ENGINE = EngineInfo(
    name="sdd",
    summary="knowledge compilation to a decision diagram (extra `sdd`)",
    exact="always",
    tasks=frozenset({"marginals", "map", "sample"}),
    computed_cells=False,
    positive_cycles=True,
    options=OPTIONS,
    compile=lambda program: compile_sdd(program, {}),
    configure=compile_sdd,
)
