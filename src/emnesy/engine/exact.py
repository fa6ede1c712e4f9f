"""`exact`: a junction tree of the factor graph. Exact on every program that has one within the budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy import _core
from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.base import (
    Array,
    EngineResult,
    EngineState,
    Report,
    Task,
    TwoPasses,
    settled,
)
from emnesy.engine.options import OptionSpec, read_options, whole
from emnesy.engine.registry import EngineInfo, able

if TYPE_CHECKING:
    from emnesy.graph.lowering import Expanded
    from emnesy.ground.interface import Interface
    from emnesy.pipeline import Program

OPTIONS: Mapping[str, OptionSpec] = {
    "budget": whole(1 << 20, "tuples of all clusters together, at most", 1),
    "restarts": whole(12, "elimination orders that are tried, at most", 1),
}

SINGLE_ROWS = 4096
"""Sums of more terms than this are made in float64, whatever the priors are: a float32 sum of n positive
terms may be off by n times 6e-8 of itself."""


class JunctionTree:
    """A junction tree bound to one program: immutable, callable from any thread.

    `cost` says what it is made of. Belief propagation runs on the clusters, which are a forest.
    """

    name = "exact"
    exact = True
    checks_priors = True

    def __init__(
        self,
        expanded: Expanded,
        interface: Interface,
        *,
        budget: int,
        restarts: int,
        others: Callable[[], str] = lambda: f"{able(_approximates)} for approximate answers",
    ) -> None:
        """`others`: the engines to use where the tree is too large, for the refusal."""
        self._texts = expanded.texts
        self._others = others
        self._options = {"budget": budget, "restarts": restarts}
        try:
            forest, self.cost = _core.make_junction_tree(
                expanded.graph, budget=budget, restarts=restarts
            )
        except _core.TreeTooLarge as refusal:
            raise too_large(refusal.args[0], budget, others()) from None
        self._native = _core.BeliefPropagation(
            forest,
            block=interface.choice_block,
            offset=interface.choice_offset,
            stride=np.ones(len(interface.choice_block), np.int32),
            block_size=[*(spec.size for spec in interface.priors), interface.fixed.size],
            rules=interface.prior_rules,
        )
        assert self._native.exact
        self._figures = {"junction_tree": cost_figures(self.cost)}

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
        """See `CompiledEngine.run`; `EngineError` for options that the tree was not compiled with."""
        self._check(options or {})
        dtype = priors[0].dtype
        if self.cost.largest > SINGLE_ROWS:
            priors = [block.astype(np.float64, copy=False) for block in priors]
        posteriors, log_evidence, possible, queries, _, _ = self._native.run(
            priors, evidence, task=task, threads=threads, seed=seed, check=True
        )
        queries = queries.astype(dtype, copy=False)
        own = queries.shape[1] - len(self._texts)
        computed = dict(zip(self._texts, queries[:, own:].T, strict=True))
        result = EngineResult(
            posteriors=tuple(block.astype(dtype, copy=False) for block in posteriors),
            log_evidence=log_evidence.astype(dtype, copy=False),
            possible=possible,
            queries=queries[:, :own],
            report=Report(
                self.name,
                True,
                *settled(len(evidence), dtype.char),
                extra={**self._figures, "computed": computed},
            ),
        )
        return result if possible.all() else _with_priors(result, priors, possible, dtype)

    def two_passes(self, options: Mapping[str, Any]) -> TwoPasses | None:
        """See `TwoPassEngine.two_passes`."""
        self._check(options)
        if self._texts or self.cost.largest > SINGLE_ROWS:
            return None
        return TwoPasses(self.name, self._native, {**self._figures, "computed": {}})

    def _check(self, options: Mapping[str, Any]) -> None:
        if not options:
            return
        given = read_options(self.name, OPTIONS, {**self._options, **options})
        if self.cost.entries > given["budget"]:
            raise too_large(self.cost, given["budget"], self._others())


def _with_priors(
    result: EngineResult, priors: Sequence[Array], possible: NDArray[np.bool_], dtype: Any
) -> EngineResult:
    """Impossible examples hold their prior to the bit, also where it was widened in between."""
    blocks = [block.copy() for block in result.posteriors]
    for block, prior in zip(blocks, priors, strict=True):
        block[~possible] = np.broadcast_to(prior, block.shape)[~possible].astype(dtype)
    return replace(result, posteriors=tuple(blocks))


def cost_figures(cost: _core.JunctionTreeCost) -> dict[str, int]:
    """A tree's cost as plain numbers, for reports."""
    return {
        "entries": cost.entries,
        "largest": cost.largest,
        "clusters": cost.clusters,
        "width": cost.width,
        "separators": cost.separators,
    }


def _approximates(info: EngineInfo) -> bool:
    return not info.always_exact and info.name != "auto"


def too_large(cost: _core.JunctionTreeCost, budget: int, others: str) -> EngineError:
    """The refusal of a tree beyond the budget, with what it would take and who else can."""
    return EngineError(
        Diagnostic(
            "E0706",
            f"`exact` has a budget of {budget:,} table entries; the best junction tree found needs up to "
            f"{_amount(cost.bound)} (its largest cluster has {cost.width + 1} variables)",
            help=f"use {others}, or raise the option `budget`",
        )
    )


def _amount(number: float) -> str:
    return f"{number:,.0f}" if number < 1e7 else f"about 10^{math.log10(number):.0f}"


def compile_exact(program: Program, options: Mapping[str, Any]) -> JunctionTree:
    """Find the tree of a program's tables; `EngineError` E0706 where it is too large."""
    values = read_options("exact", OPTIONS, options)

    def others() -> str:
        numbers = len(program.ground.native.cell_atom) > 0
        cycles = not numbers and _has_cycles(program)
        approximate = able(
            lambda info: (
                _approximates(info)
                and (info.computed_cells or not numbers)
                and (info.positive_cycles or not cycles)
            )
        )
        compiling = "" if numbers else "`sdd`, which needs no small tree, or "
        return f"{compiling}{approximate} for approximate answers"

    return JunctionTree(program.expanded, program.interface, others=others, **values)


def _has_cycles(program: Program) -> bool:
    try:
        _ = program.lowered
    except EngineError:
        return True
    return False


ENGINE = EngineInfo(
    name="exact",
    summary="junction tree of the factor graph, within a budget",
    exact="always",
    tasks=frozenset({"marginals", "map", "sample"}),
    computed_cells=True,
    positive_cycles=True,
    options=OPTIONS,
    compile=lambda program: compile_exact(program, {}),
    configure=compile_exact,
)
