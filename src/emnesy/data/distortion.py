"""Random small changes of images."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample


def distorted(images: Tensor, strength: float, generator: torch.Generator | None = None) -> Tensor:
    """Images ``(B, C, H, W)``, each turned, slanted, stretched and moved at random.

    With strength s the four entries of the linear map differ from the identity's, and the two of the shift
    (in halves of the image's side) from zero, by normal deviates of standard deviation s; 0.1 suits
    digits. What comes in from outside repeats the edge. `generator`: on the CPU; None: PyTorch's own.
    """
    changes = strength * torch.randn(len(images), 2, 3, generator=generator)
    maps = (torch.eye(2, 3) + changes).to(images.device, images.dtype)
    grid = affine_grid(maps, list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


class Distortion(nn.Module):
    """The images `distorted` anew each time in training mode; else the identity."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(B, C, H, W)`` to images of the same shape."""
        if not self.training or not self.strength:
            return images
        return distorted(images, self.strength)

    def extra_repr(self) -> str:
        """For `print`."""
        return f"strength={self.strength}"
