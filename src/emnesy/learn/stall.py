"""Whether networks have begun to tell their inputs apart, judged without the truth about any symbol.

Where a program treats its symbols alike (the digits of a sudoku, the two digits of a sum), EM has a fixed
point at which the networks say the same of every input. Random initial weights usually leave it, now and
then they do not. Two figures show which:

- the information I(x; z) = H(mean of p(z | x)) - mean of H(p(z | x)) that the outputs carry about the inputs,
  as a share of log K for K alternatives;
- the gain in log p(y | x) over that of networks that ignore their inputs, i.e. that always say the mean of
  p(z | x), as a share of what such networks leave unexplained.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from emnesy.learn.batch import Batch
from emnesy.learn.bridge import Bridge
from emnesy.learn.checkpoint import random_state, restore_random
from emnesy.learn.estep import Inference
from emnesy.learn.examples import Examples
from emnesy.learn.outputs import Output, as_float

INFORMATION = 0.02
"""Share of log K below which outputs count as the same for every input."""
GAIN = 0.02
"""Share of the unexplained log-likelihood below which the labels count as not explained."""
_INPUTS = 4000  # symbols that are looked at


@dataclass(frozen=True)
class Signs:
    """What the outputs tell about the inputs: shares as the module has them."""

    information: float
    gain: float

    @property
    def stalled(self) -> bool:
        """Both are about zero: the networks still ignore their inputs."""
        return self.information < INFORMATION and self.gain < GAIN

    def record(self) -> dict[str, Any]:
        """The figures, as ``metrics.jsonl`` has them."""
        return {"information": self.information, "gain": self.gain, "stalled": self.stalled}

    def __str__(self) -> str:
        return (
            f"the outputs tell {_percent(self.information)} of what they could about the inputs, "
            f"which explains {_percent(self.gain)} of the labels"
        )


@torch.no_grad()
def signs(
    bridge: Bridge,
    inference: Inference,
    examples: Examples,
    *,
    device: torch.device | None = None,
    seed: int = 0,
) -> Signs:
    """The signs on the first training examples (about 4,000 symbols); the same whenever it is asked."""
    was_training, random = bridge.training, random_state()
    bridge.eval()
    try:
        batches = list(_some(examples, inference.outputs))
        outputs = [_outputs(bridge, batch, device) for batch in batches]
    finally:
        bridge.train(was_training)
        restore_random(*random)  # data sets may draw from it, and looking must change nothing
    said = {
        name: output.probabilities(torch.cat([part[name] for part in outputs]))
        for name, output in inference.outputs.items()
    }
    means = {name: _mean(output, said[name]) for name, output in inference.outputs.items()}
    information, most = 0.0, 0.0
    for name, output in inference.outputs.items():
        uncertain = _entropy(output, means[name]).mean() - _entropy(output, said[name]).mean()
        count = len(output.spec.choices)
        information += count * float(uncertain)
        most += count * math.log(max(2, 2 if output.bernoulli else said[name].shape[-1]))
    explained, unexplained = 0.0, 0.0
    for batch, given in zip(batches, outputs, strict=True):
        blind = {
            name: _written(output, means[name].expand_as(given[name]))
            for name, output in inference.outputs.items()
        }
        found = inference(given, batch.labels, seed=seed)
        base = inference(blind, batch.labels, seed=seed)
        both = found.possible & base.possible
        surprise = -base.log_likelihood.double()[both].clamp_max(0)
        # Approximate likelihoods may be far off for single examples: none gains or loses more than all.
        gained = found.log_likelihood.double()[both] + surprise
        explained += float(torch.minimum(torch.maximum(gained, -surprise), surprise).sum())
        unexplained += float(surprise.sum())
    return Signs(
        information / most if most else 0.0, explained / unexplained if unexplained else 0.0
    )


def _percent(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:.1f} %"  # + 0.0: never -0.0


def _some(examples: Examples, outputs: Mapping[str, Output]) -> Iterator[Batch]:
    symbols = sum(len(output.spec.choices) for output in outputs.values())
    size = examples.batch_size or examples.count or 1
    return islice(examples.batches(), max(1, _INPUTS // max(1, symbols * size)))


def _outputs(bridge: Bridge, batch: Batch, device: torch.device | None) -> dict[str, Tensor]:
    found = bridge((batch if device is None else batch.to(device)).inputs)
    return {name: as_float(tensor).cpu() for name, tensor in found.items()}


def _mean(output: Output, said: Tensor) -> Tensor:
    """What networks that ignore their inputs say: broadcast to a batch. Where a network answers by position
    it may go by that; otherwise all keys are alike.
    """
    if output.spec.output_indices is not None:
        return said.mean(dim=0, keepdim=True)
    width = 0 if output.bernoulli else 1
    keys = tuple(range(said.ndim - width))
    return said.mean(dim=keys, keepdim=True)


def _entropy(output: Output, said: Tensor) -> Tensor:
    if output.bernoulli:
        return -torch.xlogy(said, said) - torch.xlogy(1 - said, 1 - said)
    return -torch.xlogy(said, said).sum(dim=-1)


def _written(output: Output, said: Tensor) -> Tensor:
    """Probabilities as a network of this kind would return them."""
    if output.kind == "probabilities":
        return said
    tiny = torch.finfo(said.dtype).tiny
    logs = said.clamp_min(tiny).log()
    return logs - (1 - said).clamp_min(tiny).log() if output.bernoulli else logs
