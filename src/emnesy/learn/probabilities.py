"""The M-step of a program's own learnable probabilities: expected counts, normalised.

On a whole data set that is EM. On mini-batches it is stepwise EM: the expectations are averaged over the
batches with weights that decay (Cappé and Moulines, "On-line expectation-maximization algorithm for
latent data models", JRSS B 2009; Liang and Klein, "Online EM for unsupervised models", NAACL 2009).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emnesy.ground.parameters import Parameters


class Probabilities(nn.Module):
    """Values of the P learnable probabilities, with what stepwise EM remembers, as float64 buffers.

    They stay on the CPU, where the engines are, whatever device the module is moved to.
    """

    values: Tensor  # (P,)
    statistics: Tensor  # (P + G,): see `Parameters.expectations`
    steps: Tensor  # (): M-steps done

    def __init__(self, parameters: Parameters, seed: int = 0) -> None:
        """`seed`: of the values at which those without a stated one, ``t(_)``, start."""
        super().__init__()
        self._tied = parameters
        start = parameters.start(np.random.default_rng(seed))
        self.register_buffer("values", torch.from_numpy(start))
        self.register_buffer("statistics", torch.from_numpy(parameters.statistics(start)))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def named(self) -> dict[str, float]:
        """The values by name."""
        return dict(zip(self._tied.names, self.values.tolist(), strict=True))

    def expectations(self, posteriors: NDArray[Any], possible: Tensor) -> Tensor | None:
        """What an E-step says, to be handed to `update`; None where no example is possible.

        `posteriors` (B, F) of the program's own probabilities, `possible` (B,).
        """
        counted = possible.numpy()
        if not counted.any():
            return None
        return torch.from_numpy(self._tied.expectations(posteriors, counted))

    @torch.no_grad()
    def update(self, expectations: Tensor, power: float | None = None) -> float:
        """One M-step; returns by how much a value has changed at most.

        `expectations` of all examples (`power` None), or of a batch: then they count with the weight
        ``(k + 2) ** -power`` in the k-th step, those before with the rest.
        """
        rate = 1.0 if power is None else float(self.steps + 2) ** -power
        statistics = torch.lerp(self.statistics, expectations, rate)
        values = self._tied.estimate(statistics.numpy(), self.values.numpy())
        change = float(np.abs(values - self.values.numpy()).max(initial=0.0))
        self.statistics.copy_(statistics)
        self.values.copy_(torch.from_numpy(values))
        self.steps += 1
        return change

    def _apply(self, _function: Callable[..., Any], _recurse: bool = True) -> Probabilities:
        return self


class Convergence:
    """Whether EM has come within a tolerance of its limit, by Aitken's estimate of what is left to go.

    EM converges linearly: where the last change was d and the one before it d / r, about d r / (1 - r) is
    left (Böhning et al., "The distribution of the likelihood ratio for mixtures of densities from the
    one-parameter exponential family", 1994). A small change alone may only mean that EM is slow.
    """

    def __init__(self) -> None:
        self.before: float | None = None  # the last change
        self.left: float | None = None  # None: not known yet

    def saw(self, change: float) -> None:
        """Note the greatest change of a value in one iteration."""
        if change == 0.0:
            self.left = 0.0
        elif self.before is not None and change < self.before:
            ratio = change / self.before
            self.left = change * max(1.0, ratio / (1 - ratio))
        else:
            self.left = None
        self.before = change
