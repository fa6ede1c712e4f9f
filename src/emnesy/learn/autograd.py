"""log p(y | x) as a differentiable function: the posterior is the derivative, so no graph is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from emnesy.learn.protocols import ProgramLike

_TINY = 1e-30


def with_slopes(value: Tensor, slopes: Sequence[Tensor], inputs: Sequence[Tensor]) -> Tensor:
    """`value` ``(B,)``, with ``slopes[i]`` ``(B, …)`` as its derivative by ``inputs[i]``.

    Differentiable once.
    """
    result: Tensor = _WithSlopes.apply(value, len(inputs), *slopes, *inputs)  # type: ignore[no-untyped-call]
    return result


def differentiable_log_likelihood(
    model: ProgramLike,
    priors: Mapping[str, Tensor],
    evidence: Mapping[str, Any] | None,
    threads: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Tensor:
    """log p(y | x) of each example, ``(B,)``, differentiable in the `priors` (probabilities).

    The derivative by the prior p of an alternative is q / p, its posterior over its prior: p(y | x) is
    linear in each choice's distribution (Darwiche, "A differential approach to inference in Bayesian
    networks", 2003). Zero for examples whose evidence is impossible.
    """
    detached = {name: prior.detach() for name, prior in priors.items()}
    with torch.no_grad():
        answer = model.posterior(detached, evidence or {}, threads=threads, options=options)
        possible = torch.as_tensor(answer.possible)
        slopes = []
        for spec in model.interface.priors:
            prior = detached[spec.predicate]
            slope = prior_slope(prior, answer[spec.predicate], bernoulli=spec.domain is None)
            rows = possible.view(-1, *[1] * (slope.ndim - 1))
            slopes.append(torch.where(rows, slope, torch.zeros_like(slope)))
    inputs = [priors[spec.predicate] for spec in model.interface.priors]
    return with_slopes(torch.as_tensor(answer.log_likelihood), slopes, inputs)


def prior_slope(prior: Tensor, posterior: Tensor, *, bernoulli: bool) -> Tensor:
    """Derivative of log p(y | x) by prior probabilities, shaped as `prior`."""
    slope = posterior / prior.clamp_min(_TINY)
    if bernoulli:
        slope = slope - (1 - posterior) / (1 - prior).clamp_min(_TINY)
    return slope


class _WithSlopes(torch.autograd.Function):
    """The identity on a value, with given derivatives by tensors that it did not come from."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, count: int, *tensors: Tensor) -> Tensor:
        ctx.save_for_backward(*tensors[:count])
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        slopes = ctx.saved_tensors
        rows = [
            slope * gradient.to(slope.device, slope.dtype).view(-1, *[1] * (slope.ndim - 1))
            for slope in slopes
        ]
        return (None, None, *[None] * len(slopes), *rows)
