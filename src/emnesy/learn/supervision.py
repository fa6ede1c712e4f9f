"""Full supervision: the true symbols as targets, in place of what the program can tell of them.

What a network, an optimizer and a schedule reach with the symbols themselves is the ceiling that learning
from observations is compared with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from emnesy.learn.batch import Batch
from emnesy.learn.estep import EStep
from emnesy.learn.outputs import Output
from emnesy.learn.problems import problem
from emnesy.learn.values import ValueTable


class Supervision:
    """Puts one-hot targets of the true symbols into the place of an E-step's."""

    def __init__(self, outputs: Mapping[str, Output], first: Batch) -> None:
        """`outputs`: of all neural predicates. `first`: a batch of the training data, to be checked.

        Errors: `DataError` E0663 where the data set gives no truth for a neural predicate.
        """
        self._outputs = outputs
        self._tables = {name: ValueTable(output.spec.domain) for name, output in outputs.items()}
        for name in outputs:
            if name not in first.truth:
                raise problem(
                    "E0663",
                    f"supervised training needs the true symbols of {name}, which the data set does not give",
                    help=f'give each item a third entry, "truth": {{"{name}": …}}',
                )

    def __call__(self, step: EStep, truth: Mapping[str, Tensor]) -> EStep:
        """`step` with targets from the true symbols, for all examples.

        Where a symbol is not known the target is what the network says, and nothing is learned.
        """
        targets = {}
        for name, prior in step.priors.items():
            if name in truth:
                positions = self._tables[name].positions(truth[name]).to(prior.device)
                targets[name] = self._target(name, prior, positions)
            else:
                targets[name] = prior
        return dataclasses.replace(step, targets=targets, possible=torch.ones_like(step.possible))

    def _target(self, name: str, prior: Tensor, positions: Tensor) -> Tensor:
        known = positions >= 0
        if self._outputs[name].bernoulli:
            return torch.where(known, positions.to(prior.dtype), prior)
        right = one_hot(positions.clamp_min(0), prior.shape[-1]).to(prior.dtype)
        return torch.where(known[..., None], right, prior)
