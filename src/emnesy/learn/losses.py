"""A program as a loss: what `nn.CrossEntropyLoss` is for labels of the symbols themselves.

`EMLoss` is the M-step's loss on the E-step's targets, `LogLikelihood` the negative log-likelihood
with the posterior as its backward pass. With soft targets from an exact engine their gradients are
equal (Fisher's identity); no graph goes through the inference in either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Literal as OneOf

import torch
from torch import Tensor, nn

from emnesy.engine.base import EngineState
from emnesy.learn.autograd import with_slopes
from emnesy.learn.estep import TASKS, EStep, Inference, Targets
from emnesy.learn.outputs import as_float
from emnesy.learn.probabilities import Probabilities
from emnesy.learn.problems import problem
from emnesy.learn.protocols import ProgramLike

Reduction = OneOf["mean", "sum", "none"]


class ProgramLoss(nn.Module):
    """What both losses share: the E-step, the reduction over examples, and what is reported.

    Examples whose labels are impossible under the program are left out: they add nothing, and
    ``mean`` divides by the number of the others. `last_impossible` counts them,
    `last_log_likelihood` is the mean log p(y | x) of the others; both are of the latest call.
    """

    def __init__(
        self,
        model: ProgramLike,
        *,
        targets: Targets = "soft",
        reduction: Reduction = "mean",
        threads: int | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if targets not in TASKS:
            raise problem(
                "E0660", f"unknown targets {targets!r}", help="one of " + ", ".join(TASKS)
            )
        if reduction not in ("mean", "sum", "none"):
            raise problem("E0660", f"unknown reduction {reduction!r}", help="mean, sum or none")
        self.inference = Inference(model, threads)
        parameters = model.interface.parameters
        self.probabilities = Probabilities(parameters, seed) if parameters else None
        self.inference.use(self.probabilities)
        self.targets: Targets = targets
        self.reduction: Reduction = reduction
        self.seed = seed
        self.noise = 0.0
        self.spread = 0.0
        self.calls = 0
        self.last_impossible = 0
        self.last_log_likelihood = float("nan")
        self._last: EStep | None = None

    def forward(self, logits: Mapping[str, Tensor], evidence: Mapping[str, Tensor]) -> Tensor:
        """The loss of a batch: scalar, or ``(B,)`` with ``reduction="none"``.

        `logits`: predicate -> network outputs ``(B, *shape)`` (probabilities where the program
        declares ``output=probabilities``), any device and floating dtype. `evidence`: observed
        predicate -> ``(B, *key axes)`` integers, -1 unobserved. Errors: see `Inference` and
        `CompiledProgram.posterior`.
        """
        return self.value(logits, self.e_step(logits, evidence))

    def e_step(
        self,
        logits: Mapping[str, Tensor],
        evidence: Mapping[str, Tensor],
        seed: int | None = None,
        state: EngineState | None = None,
    ) -> EStep:
        """The E-step alone, its targets to be used for one or several calls of `value`.

        `state`: `EStep.state` of an earlier call on the same examples, to continue from.
        """
        if seed is None:
            seed = self.seed + self.calls
        self.calls += 1
        self.inference.use(self.probabilities)
        self._last = self.inference(
            logits,
            evidence,
            targets=self.targets,
            seed=seed,
            state=state,
            noise=self.noise,
            spread=self.spread,
        )
        return self._last

    def update_probabilities(self, power: float | None = 0.7) -> dict[str, float]:
        """The M-step of the program's own learnable probabilities after the latest call.

        `power`: of stepwise EM's step size, see `Probabilities.update`; None where that call was on
        the whole data set. Returns the values by name, and `probabilities` holds them.
        """
        if self.probabilities is None:
            return {}
        if self._last is not None and self._last.expectations is not None:
            self.probabilities.update(self._last.expectations, power)
        return self.probabilities.named()

    def value(self, logits: Mapping[str, Tensor], step: EStep) -> Tensor:
        """The loss of a batch given its E-step."""
        self.last_impossible = step.impossible
        count = len(step.possible) - step.impossible
        likelihood = float(step.log_likelihood.sum())
        self.last_log_likelihood = likelihood / count if count else float("nan")
        losses = self.per_example(logits, step)
        if step.impossible:
            losses = torch.where(step.possible.to(losses.device), losses, torch.zeros_like(losses))
        if self.reduction == "none":
            return losses
        return losses.sum() / max(count, 1) if self.reduction == "mean" else losses.sum()

    def per_example(self, logits: Mapping[str, Tensor], step: EStep) -> Tensor:
        """``(B,)`` losses, before impossible examples are left out."""
        raise NotImplementedError


class EMLoss(ProgramLoss):
    """The M-step's loss ``-Σ_i Σ_z q(z_i) log p(z_i | x)`` with the targets q of the E-step.

    `targets`: ``"soft"`` posterior marginals, ``"hard"`` the most probable explanation,
    ``"stochastic"`` a sample of the posterior. `entropy` is the weight τ of the bonus ``-τ H(p)``
    (deterministic annealing). `balance` is the weight β of the bonus ``-β H(p̄)`` for each choice, with p̄ the
    mean output of its predicate over the batch, which keeps every alternative in use (as in regularized
    information maximization: Krause, Perona and Gomes, NIPS 2010). `noise` is the share of each prior that
    is taken to be uniform in the E-step (`Inference`). All three may be changed between calls.
    """

    def __init__(self, model: ProgramLike, targets: Targets = "soft", **options: Any) -> None:
        super().__init__(model, targets=targets, **options)
        self.entropy = 0.0
        self.balance = 0.0
        self._used = {
            name: _used_choices(output.spec.shape, output.spec.offsets, output.bernoulli)
            for name, output in self.inference.outputs.items()
        }

    def per_example(self, logits: Mapping[str, Tensor], step: EStep) -> Tensor:
        """Cross-entropy with the targets, summed over the choices of each example."""
        total: Tensor | None = None
        for name, output in self.inference.outputs.items():
            given = as_float(logits[name])
            terms = output.cross_entropy(given, step.targets[name])
            if self.entropy:
                terms = terms - self.entropy * output.entropy(given)
            used = self._used[name]
            used = None if used is None else used.to(terms.device)
            if self.balance and bool(step.possible.any()):
                mean = output.mean_probabilities(given, used, step.possible.to(given.device))
                terms = terms - self.balance * output.entropy_of(mean)
            if used is not None:
                terms = torch.where(used, terms, torch.zeros_like(terms))
            losses = terms.reshape(len(terms), -1).sum(dim=1)
            total = losses if total is None else total + losses.to(total.device)
        if total is None:
            raise problem("E0661", "the program has no neural predicate: there is nothing to train")
        return total


class LogLikelihood(ProgramLoss):
    """``-log p(y | x)`` as a differentiable layer; its backward pass is the posterior."""

    def __init__(self, model: ProgramLike, **options: Any) -> None:
        super().__init__(model, targets="soft", **options)

    def per_example(self, logits: Mapping[str, Tensor], step: EStep) -> Tensor:
        """``-log p(y | x)`` of each example."""
        given, slopes = [], []
        for name, output in self.inference.outputs.items():
            given.append(as_float(logits[name]))
            slopes.append(output.slope(step.priors[name], step.targets[name]))
        if not given:
            raise problem("E0661", "the program has no neural predicate: there is nothing to train")
        value = step.log_likelihood.to(given[0].device, given[0].dtype)
        return -with_slopes(value, slopes, given)


def _used_choices(shape: tuple[int, ...], offsets: Any, bernoulli: bool) -> Tensor | None:
    """Which key entries a choice of the program stands for; None where all do."""
    keys = shape if bernoulli else shape[:-1]
    width = 1 if bernoulli else shape[-1]
    used = torch.zeros(max(1, int(torch.Size(keys).numel())), dtype=torch.bool)
    used[torch.from_numpy(offsets) // width] = True
    return None if bool(used.all()) else used.view(keys)
