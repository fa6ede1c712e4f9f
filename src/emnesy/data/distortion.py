"""Random small changes of images while a network is trained."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample


class Distortion(nn.Module):
    """Turns, slants, stretches and moves every image at random in training mode; else the identity.

    With strength s the four entries of the linear map differ from the identity's, and the two of the shift
    (in halves of the image's side) from zero, by normal deviates of standard deviation s; 0.1 suits
    digits. What comes in from outside repeats the edge. Random numbers are PyTorch's, as those of dropout.
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(B, C, H, W)`` to images of the same shape."""
        if not self.training or not self.strength:
            return images
        maps = torch.eye(2, 3, device=images.device).repeat(len(images), 1, 1)
        maps += self.strength * torch.randn_like(maps)
        grid = affine_grid(maps, list(images.shape), align_corners=False)
        return grid_sample(images, grid, padding_mode="border", align_corners=False)

    def extra_repr(self) -> str:
        """For `print`."""
        return f"strength={self.strength}"
