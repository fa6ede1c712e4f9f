"""Brute force over all 10^(2n) worlds of the addition program, in plain torch: the independent oracle."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor


def log_likelihood(probabilities: Tensor, sums: Tensor) -> Tensor:
    """log p(y | x), ``(B,)``, by summing the probability of every world that agrees with the labels."""
    size, _, n, _ = probabilities.shape
    total = torch.zeros(size, dtype=probabilities.dtype)
    for digits in itertools.product(range(10), repeat=2 * n):
        number = sum((digits[i] + digits[n + i]) * 10**i for i in range(n))
        label = torch.tensor([number // 10**i % 10 for i in range(n + 1)])
        agrees = ((sums == label) | (sums == -1)).all(dim=1)
        if bool(agrees.any()):
            flat = probabilities.reshape(size, 2 * n, 10)
            world = torch.stack([flat[:, i, d] for i, d in enumerate(digits)]).prod(dim=0)
            total = total + world * agrees
    return total.log()
