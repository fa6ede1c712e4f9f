"""Images of the signs +, - and × as a pen would draw them, to stand beside MNIST's digits."""

from __future__ import annotations

import math

import torch
from torch import Tensor

SIGNS = ("plus", "minus", "times")

_SIDE = 28
_POINTS = 24  # along a stroke; closer together than a pen is wide
_CHUNK = 2048  # signs drawn at a time, for the memory


def draw_signs(signs: Tensor, generator: torch.Generator) -> Tensor:
    """uint8 images ``(count, 28, 28)`` of `signs` ``(count,)``, positions in `SIGNS`.

    Every stroke has a length, a bend and ends of its own; every sign a slant, a place, a width of the pen
    and an amount of ink. A sign is about 8 to 16 pixels long.
    """
    parts = [_draw(part, generator) for part in torch.split(signs, _CHUNK)]
    return torch.cat(parts) if parts else torch.zeros(0, _SIDE, _SIDE, dtype=torch.uint8)


def _draw(signs: Tensor, generator: torch.Generator) -> Tensor:
    count = len(signs)

    def normal(*shape: int) -> Tensor:
        return torch.randn(count, *shape, generator=generator)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    # Two strokes a sign, across each other; a minus leaves the second out.
    turn = 0.13 * normal(1) + torch.where(signs == 2, math.pi / 4, 0.0)[:, None]
    angles = turn + torch.tensor([0.0, math.pi / 2]) + 0.1 * normal(2)
    half = uniform(4.0, 8.0, 1) * (1 + 0.12 * normal(2))
    along = torch.stack([angles.cos(), angles.sin()], dim=-1)  # (count, stroke, x or y)
    across = torch.stack([-along[..., 1], along[..., 0]], dim=-1)
    middle = (_SIDE - 1) / 2 + 1.2 * normal(1, 2) + 0.7 * normal(2, 2)
    t = torch.linspace(-1, 1, _POINTS)
    bend = 0.8 * normal(2)
    points = (
        middle[:, :, None]
        + (half[..., None] * t)[..., None] * along[:, :, None]
        + (bend[..., None] * (1 - t * t))[..., None] * across[:, :, None]
    )  # (count, stroke, point, x or y)
    pixel = torch.arange(_SIDE, dtype=torch.float32)
    grid = torch.stack(torch.meshgrid(pixel, pixel, indexing="xy"), dim=-1).view(-1, 2)
    distance = torch.cdist(points, grid.expand(count, 2, -1, 2)).amin(dim=2)
    distance[:, 1].masked_fill_((signs == 1)[:, None], math.inf)
    width = uniform(0.8, 1.8, 1)
    ink = (width + 0.7 - distance.amin(dim=1)).clamp(0, 1)
    ink = ink * uniform(0.75, 1.0, 1) * (1 + 0.06 * normal(_SIDE * _SIDE))
    return (255 * ink.clamp(0, 1)).round().to(torch.uint8).view(count, _SIDE, _SIDE)
