"""What networks return: logits or probabilities, of categorical or of Bernoulli choices.

Everything the learning code does with a network's output goes through an `Output`, one per neural
predicate: probabilities for the engine, logarithms for the loss, derivatives for the backward pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from emnesy.ground.interface import PriorSpec
from emnesy.learn.autograd import prior_slope
from emnesy.learn.problems import problem

Kind = OneOf["logits", "probabilities"]

_SUM_TOLERANCE = 1e-2  # bfloat16 rows sum to one within 4e-3
_TINY = 1e-30


@dataclass(frozen=True)
class Output:
    """How one neural predicate's network output is read."""

    spec: PriorSpec
    kind: Kind

    @property
    def bernoulli(self) -> bool:
        """One probability an entry instead of a distribution along the last axis."""
        return self.spec.domain is None

    def probabilities(self, output: Tensor) -> Tensor:
        """Priors for the engine, shaped as `output`."""
        if self.kind == "probabilities":
            return output
        return output.sigmoid() if self.bernoulli else output.softmax(dim=-1)

    def cross_entropy(self, output: Tensor, target: Tensor) -> Tensor:
        """``-Σ q log p`` per choice: ``(B, *key axes)``, for a target distribution q shaped as
        `output`.
        """
        if self.bernoulli:
            yes, no = self._log_both(output)
            return -(target * yes + (1 - target) * no)
        return -(target * self._log(output)).sum(dim=-1)

    def entropy(self, output: Tensor) -> Tensor:
        """``H(p)`` per choice: ``(B, *key axes)``."""
        return self.cross_entropy(output, self.probabilities(output))

    def mean_probabilities(self, output: Tensor, used: Tensor | None, examples: Tensor) -> Tensor:
        """The mean of p over choices and over the `examples` (mask, ``(B,)``): ``(K,)``, or a scalar.

        `used`: which key entries are choices, ``(*key axes)``; None: all.
        """
        chosen = self.probabilities(output)[examples]
        if used is not None:
            return chosen[:, used].mean(dim=(0, 1))
        return chosen.mean() if self.bernoulli else chosen.flatten(0, -2).mean(dim=0)

    def entropy_of(self, probabilities: Tensor) -> Tensor:
        """Entropy of one choice with these probabilities, ``(K,)`` or a scalar."""
        given = torch.stack([probabilities, 1 - probabilities]) if self.bernoulli else probabilities
        return -(given * given.clamp_min(_TINY).log()).sum()

    def spread(self, output: Tensor, scale: float) -> Tensor:
        """Priors from standardised log-probabilities: how far each is from its alternative's mean over all
        choices of the batch, scaled to the standard deviation `scale`.
        """
        if self.bernoulli:
            yes, no = self._log_both(output)
            logs = yes - no
            centred = logs - logs.mean()
        else:
            logs = self._log(output)
            centred = logs - logs.mean(dim=tuple(range(logs.ndim - 1)), keepdim=True)
            centred = centred - centred.mean(dim=-1, keepdim=True)
        scaled = scale * centred / centred.std().clamp_min(_TINY)
        return scaled.sigmoid() if self.bernoulli else scaled.softmax(dim=-1)

    def noisy(self, prior: Tensor, noise: float) -> Tensor:
        """``(1 - noise) p + noise / K``: each symbol is, with this probability, none of the network's."""
        values = 2 if self.bernoulli else prior.shape[-1]
        return (1 - noise) * prior + noise / values

    def denoised(self, prior: Tensor, posterior: Tensor, noise: float) -> Tensor:
        """The target for p from the posterior under `noisy` priors.

        What the network explains, ``q = (1 - noise) p r`` with r the posterior over its prior, is learned
        from; what is explained by noise leaves p as it is: ``q + (1 - Σ q) p``.
        """
        ratio = posterior / self.noisy(prior, noise)
        explained = (1 - noise) * prior * ratio
        if not self.bernoulli:
            return explained + (1 - explained.sum(dim=-1, keepdim=True)) * prior
        other = (1 - noise) * (1 - prior) * (1 - posterior) / self.noisy(1 - prior, noise)
        return explained + (1 - explained - other) * prior

    def slope(self, prior: Tensor, posterior: Tensor) -> Tensor:
        """Derivative of log p(y | x) by the output: ``q - p`` for logits (Fisher's identity).

        For probabilities p(y | x) is linear in each choice's own, hence ``q / p``.
        """
        if self.kind == "logits":
            return posterior - prior
        return prior_slope(prior, posterior, bernoulli=self.bernoulli)

    def check_kind(self, output: Tensor) -> None:
        """Refuse outputs that look like the kind that was not declared (E0643).

        Bernoulli logits that happen to lie in [0, 1] cannot be told from probabilities; see
        `emnesy.learn.bridge`, which looks at the network's last layer.
        """
        values = output.detach().float()
        inside = bool((values >= 0).all()) and bool((values <= 1 + _SUM_TOLERANCE).all())
        sums = inside and (
            self.bernoulli or bool(((values.sum(dim=-1) - 1).abs() < _SUM_TOLERANCE).all())
        )
        network, predicate = self.spec.network, self.spec.predicate
        if self.kind == "logits" and sums and not self.bernoulli:
            raise problem(
                "E0643",
                f"the network {network} seems to return probabilities of {predicate}, "
                "logits are expected: every row is non-negative and sums to one",
                help="drop its final softmax, or declare "
                f'`:- network({network}, "…", output=probabilities).`',
            )
        if self.kind == "probabilities" and not sums:
            raise problem(
                "E0643",
                f"the network {network} is declared to return probabilities of {predicate}, "
                "but its outputs are none",
                help="end it with a softmax or sigmoid, or drop `output=probabilities` "
                "if it returns logits",
            )

    def _log(self, output: Tensor) -> Tensor:
        if self.kind == "logits":
            return output.log_softmax(dim=-1)
        return output.clamp_min(_TINY).log()

    def _log_both(self, output: Tensor) -> tuple[Tensor, Tensor]:
        if self.kind == "logits":
            return logsigmoid(output), logsigmoid(-output)
        return output.clamp_min(_TINY).log(), (1 - output).clamp_min(_TINY).log()


def as_float(output: Tensor) -> Tensor:
    """float64 stays, every other floating type becomes float32 (half-precision losses lose the
    tail).
    """
    return output if output.dtype in (torch.float32, torch.float64) else output.float()
