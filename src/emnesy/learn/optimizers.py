"""Optimizers, learning rate schedules and the moving average of the weights, by name."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel

from emnesy.learn.options import TrainOptions


def make_optimizer(parameters: Iterable[Tensor], options: TrainOptions) -> Optimizer:
    """The optimizer that `options` names."""
    rate, decay = options.lr, options.weight_decay
    groups = [{"params": list(parameters)}]  # none at all in a program without networks
    if options.optimizer == "adamw":
        return AdamW(groups, rate, weight_decay=decay)
    if options.optimizer == "adam":
        return Adam(groups, rate, weight_decay=decay)
    return SGD(groups, rate, momentum=options.momentum, weight_decay=decay)


def make_schedule(optimizer: Optimizer, options: TrainOptions, steps: int) -> LRScheduler:
    """The learning rate schedule that `options` names, over `steps` steps in all."""
    if options.schedule == "onecycle" and steps > 1:
        # One step more than are taken: at its end the rate is 0 and a step would be wasted. The rise
        # needs two steps at least.
        total = steps + 1
        rise = min(1.0, max(options.warmup, 2 / total))
        return OneCycleLR(optimizer, options.lr, total_steps=total, pct_start=rise, div_factor=5)
    if options.schedule == "cosine" and steps > 0:
        return CosineAnnealingLR(optimizer, T_max=steps)
    return ConstantLR(optimizer, factor=1.0, total_iters=0)


def make_average(networks: nn.Module, decay: float) -> AveragedModel | None:
    """An exponential moving average of the weights, quick to forget at first; None where `decay` is
    0.

    Buffers (the statistics of batch normalisation) are taken over as they are.
    """
    if decay == 0:
        return None

    @torch.no_grad()
    def update(averages: list[Tensor], weights: list[Tensor], count: Tensor | int) -> None:
        steps = int(count)
        torch._foreach_lerp_(averages, weights, 1 - min(decay, (1 + steps) / (10 + steps)))

    return AveragedModel(networks, multi_avg_fn=update)  # type: ignore[arg-type]


_ANNEALING = 0.85
"""The share of the steps over which entropy bonus and noise fall."""


def entropy_weight(options: TrainOptions, progress: float) -> float:
    """Weight of the entropy bonus at a `progress` from 0 to 1: geometric over the first 85 %, then
    none.
    """
    share = progress / _ANNEALING
    if options.entropy == 0 or share >= 1:
        return 0.0
    return float(options.entropy * (options.entropy_end / options.entropy) ** share)


def balance_weight(options: TrainOptions, progress: float) -> float:
    """Weight of the balance bonus at a `progress` from 0 to 1: constant as long as it counts, then none."""
    return options.balance if progress < options.balance_until and not options.supervised else 0.0


def spread_scale(options: TrainOptions, progress: float) -> float:
    """Scale of the standardised outputs at a `progress` from 0 to 1; 0: outputs are taken as they are."""
    return options.spread if progress < options.warm and not options.supervised else 0.0


def noise_share(options: TrainOptions, progress: float) -> float:
    """Share of the priors that is noise, at a `progress` from 0 to 1: geometric over the first 85 %, then
    constant.
    """
    if options.supervised or options.noise == 0 or options.noise_end == 0:
        return 0.0 if options.supervised else options.noise
    share = min(1.0, progress / _ANNEALING)
    return float(options.noise * (options.noise_end / options.noise) ** share)
