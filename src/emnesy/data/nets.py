"""The networks of the reference tasks: 28×28 grey images ``(rows, 1, 28, 28)`` to logits ``(rows,
outputs)``.
"""

from __future__ import annotations

from torch import Tensor, nn

from emnesy.data.distortion import Distortion


def lenet(outputs: int = 10, dropout: float = 0.0, distortion: float = 0.0) -> nn.Sequential:
    """The LeNet of the published addition and sudoku results (44,426 parameters for ten outputs).

    `dropout` is the share of inputs dropped before each of the first two linear layers.
    """
    return nn.Sequential(
        *_distortion(distortion),
        nn.Conv2d(1, 6, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(6, 16, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        *_dropout(dropout),
        nn.Linear(256, 120),
        nn.ReLU(),
        *_dropout(dropout),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, outputs),
    )


def bn_cnn(
    outputs: int = 10,
    dropout: float = 0.4,
    channels: int = 16,
    hidden: int = 128,
    distortion: float = 0.0,
) -> nn.Sequential:
    """A small convolutional network with batch normalisation: 16 and 48 channels, 128 hidden units.

    The second convolution has three times the first one's `channels`.
    """
    return nn.Sequential(
        *_distortion(distortion),
        nn.Conv2d(1, channels, 5),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, 3 * channels, 5),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(3 * channels),
        nn.ReLU(),
        nn.Flatten(),
        *_dropout(dropout),
        nn.Linear(3 * channels * 16, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        *_dropout(dropout),
        nn.Linear(hidden, outputs),
    )


class TileNet(nn.Module):
    """One small network for every tile of a map: ``(B, 3, 8k, 8k)`` to ``(B, k, k, outputs)``.

    Convolution 3→6 (5×5), max-pooling, 24→84→outputs: the size of the published path planning results.
    """

    def __init__(self, outputs: int = 5, tile: int = 8) -> None:
        super().__init__()
        self.tile = tile
        inner = (tile - 4) // 2
        self.net = nn.Sequential(
            nn.Conv2d(3, 6, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(6 * inner * inner, 84),
            nn.ReLU(),
            nn.Linear(84, outputs),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Logits of every tile."""
        batch, channels, height, width = maps.shape
        rows, columns, tile = height // self.tile, width // self.tile, self.tile
        tiles = maps.reshape(batch, channels, rows, tile, columns, tile).permute(0, 2, 4, 1, 3, 5)
        logits: Tensor = self.net(tiles.reshape(-1, channels, tile, tile))
        return logits.view(batch, rows, columns, -1)


def tile_net(outputs: int = 5, tile: int = 8) -> TileNet:
    """See `TileNet`."""
    return TileNet(outputs, tile)


def _dropout(share: float) -> list[nn.Module]:
    return [nn.Dropout(share)] if share > 0 else []


def _distortion(strength: float) -> list[nn.Module]:
    return [Distortion(strength)] if strength else []
