"""PGMax (jax): addition as a chain of tables of allowed values, sudoku as a graph of unequal pairs.

Zhou et al., "PGMax: Factor graphs for discrete probabilistic graphical models and loopy belief
propagation in JAX", 2022. Flooding, sum-product, compiled by `jit`, examples by `vmap`. ImportError where
it is not installed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-30
"""Stands for zero, whose logarithm PGMax does not take."""

Floats = NDArray[np.floating]


def _mend(jax: Any) -> None:
    """PGMax 0.6.1 asks for the platform where newer jax does not keep it any more."""
    if not hasattr(jax.lib, "xla_bridge"):
        jax.lib.xla_bridge = SimpleNamespace(get_backend=jax.extend.backend.get_backend)


def _runner(graph: Any, iterations: int, damping: float) -> Callable[..., Any]:
    """(evidence, log-potentials) -> marginals; compiled, for dictionaries of arrays (B, ...)."""
    import jax
    import jax.extend
    from pgmax import infer

    _mend(jax)
    bp = infer.BP(graph.bp_state, temperature=1.0)

    def one(evidence: Mapping[Hashable, Any], tables: Mapping[Any, Any]) -> Any:
        start = bp.init(evidence_updates=evidence, log_potentials_updates=tables)
        arrays = bp.run(start, num_iters=iterations, damping=damping)
        return infer.get_marginals(bp.get_beliefs(arrays))

    return jax.jit(jax.vmap(one))  # type: ignore[no-any-return]


def addition(priors: Floats, sums: NDArray[np.int32]) -> Callable[[], Floats]:
    """Posteriors (B, 2, N, 10) of the digits; exact, as many iterations as the chain is long.

    A table of 200 tuples for each position takes five times as long as this: of the second digit b the value
    (s - b) mod 10 is the variable, hence a first digit and a carry leave one value and two carries.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jax
        from pgmax import fgraph, fgroup, vgroup

        n = priors.shape[2]
        digits = vgroup.NDVarArray(num_states=10, shape=(2, n))
        carries = vgroup.NDVarArray(num_states=2, shape=(n + 1,))
        graph = fgraph.FactorGraph(variable_groups=[digits, carries])
        a, c, out = (x.ravel() for x in np.meshgrid(range(10), range(2), range(2)))
        configs = np.stack([a, (a + c) % 10, c, out], axis=1)
        scopes = [[digits[0, i], digits[1, i], carries[i], carries[i + 1]] for i in range(n)]
        tables = fgroup.EnumFactorGroup(variables_for_factors=scopes, factor_configs=configs)
        graph.add_factors(tables)
        run = _runner(graph, n + 1, 0.0)

        def log(p: Any) -> NDArray[np.float32]:
            return np.log(np.maximum(p, LEAST)).astype(np.float32)

        sum_digits = sums[:, :n, None]
        second = (sum_digits - configs[:, 1]) % 10
        possible = configs[:, 0] + second + configs[:, 2] == sum_digits + 10 * configs[:, 3]
        mask = {tables: log(possible)}
        order = (sum_digits - np.arange(10)) % 10
        carry = np.full((len(sums), n + 1, 2), 0.5)
        carry[:, 0] = (1, 0)
        carry[:, n] = np.eye(2)[sums[:, n]]
        ends = log(carry)

    def call() -> Floats:
        turned = np.stack([priors[:, 0], np.take_along_axis(priors[:, 1], order, -1)], axis=1)
        found = run({digits: log(turned), carries: ends}, mask)[digits]
        posterior = np.array(jax.block_until_ready(found))
        posterior[:, 1] = np.take_along_axis(posterior[:, 1], order, -1)
        return posterior

    return call


def sudoku(priors: Floats, iterations: int) -> Callable[[], Floats]:
    """Beliefs (B, size, size, size) after loopy belief propagation over unequal pairs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jax
        from pgmax import fgraph, fgroup, vgroup

        size = priors.shape[-1]
        box = round(size**0.5)
        cells = vgroup.NDVarArray(num_states=size, shape=(size, size))
        graph = fgraph.FactorGraph(variable_groups=[cells])
        places = list(product(range(size), range(size)))
        pairs = [
            [cells[u], cells[v]]
            for u, v in product(places, places)
            if u < v
            and (
                u[0] == v[0]
                or u[1] == v[1]
                or (u[0] // box, u[1] // box) == (v[0] // box, v[1] // box)
            )
        ]
        potential = np.where(np.eye(size, dtype=bool), np.log(LEAST), 0.0)
        graph.add_factors(
            fgroup.PairwiseFactorGroup(variables_for_factors=pairs, log_potential_matrix=potential)
        )
        run = _runner(graph, iterations, 0.0)

    def call() -> Floats:
        evidence = {cells: np.log(np.maximum(priors, LEAST)).astype(np.float32)}
        return np.asarray(jax.block_until_ready(run(evidence, {})[cells]))

    return call
