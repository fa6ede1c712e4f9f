"""Synthetic terrain maps and their pictures, in the style of the Warcraft II maps of path planning.

Five terrains in smooth regions; each tile of 8×8 pixels is drawn with a texture of its terrain, a
brightness of its own and noise in every pixel. All of it is fixed by the random generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TERRAINS = ("grass", "dirt", "forest", "water", "rock")
TENTHS = np.array([8, 12, 53, 77, 92])
"""Cost of entering a tile, in tenths: 0.8, 1.2, 5.3, 7.7, 9.2 (Vlastelica et al., ICLR 2020)."""
TILE = 8
"""Pixels along a side of a tile."""

_COLOURS = np.array(
    [[86, 132, 48], [140, 104, 62], [28, 72, 34], [44, 84, 148], [118, 116, 114]], np.float32
)
_SHARES = np.array([0.30, 0.20, 0.20, 0.15, 0.15])


def random_maps(count: int, side: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Terrain numbers ``(count, side, side)``: regions a few tiles wide, with some scattered tiles.

    One smooth random field for height (water below, rock on top) and one for growth (grass, dirt, forest
    between), cut at quantiles; a twelfth of the tiles is drawn anew from the terrains' shares.
    """
    height = _smooth(count, side, generator)
    growth = _smooth(count, side, generator)
    low, high = np.quantile(height, [_SHARES[3], 1 - _SHARES[4]], axis=(1, 2))
    rest = _SHARES[:3] / _SHARES[:3].sum()
    cuts = np.quantile(growth, np.cumsum(rest)[:2], axis=(1, 2))
    maps: NDArray[np.int64] = (growth > cuts[0][:, None, None]).astype(np.int64)
    maps += growth > cuts[1][:, None, None]
    maps[height < low[:, None, None]] = 3
    maps[height > high[:, None, None]] = 4
    scattered = generator.random(maps.shape) < 1 / 12
    maps[scattered] = generator.choice(len(TERRAINS), size=int(scattered.sum()), p=_SHARES)
    return maps


def render(
    maps: NDArray[np.int64], generator: np.random.Generator, *, noise: float = 6.0, looks: int = 1
) -> NDArray[np.uint8]:
    """Pictures ``(count, 8 * side, 8 * side, 3)`` of maps ``(count, side, side)``.

    `noise`: standard deviation of a pixel, in grey levels of 255. `looks`: so many variants of each terrain,
    which differ in hue and in the phase and direction of the texture.
    """
    count, side, _ = maps.shape
    fixed = np.random.default_rng(20)  # the looks themselves belong to the style, not to a data set
    tints = np.concatenate([np.zeros((1, 5, 3)), fixed.normal(0, 14, (looks - 1, 5, 3))])
    which = generator.integers(looks, size=maps.shape)
    tiles = (_COLOURS[maps] + tints[which, maps])[:, :, :, None, None, :].astype(np.float32)
    tiles = tiles + _texture(maps, which, generator)[..., None]
    tiles += generator.normal(0, noise * 0.6, (count, side, side, 1, 1, 1)).astype(np.float32)
    tiles += noise * generator.standard_normal((count, side, side, TILE, TILE, 3), dtype=np.float32)
    pictures = tiles.swapaxes(2, 3).reshape(count, side * TILE, side * TILE, 3)
    rounded: NDArray[np.uint8] = np.clip(np.rint(pictures), 0, 255).astype(np.uint8)
    return rounded


def _texture(
    maps: NDArray[np.int64], which: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Brightness ``(count, side, side, 8, 8)``: waves on water, rows of tree tops, cracks in rock."""
    y, x = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    turn = which[..., None, None] * 0.7
    phase = generator.uniform(0, 2 * np.pi, (*maps.shape, 1, 1)).astype(np.float32)
    result = np.zeros((*maps.shape, TILE, TILE), np.float32)
    waves = 14 * np.sin(0.9 * y + 0.25 * x + phase + turn)
    crowns = 26 * (np.sin(1.55 * x + phase) * np.sin(1.55 * y + phase + turn) > 0.25) - 8.0
    cracks = 22 * np.sin(1.1 * (x + y) + phase + turn) * np.sin(0.6 * (x - y) + phase)
    ruts = 7 * np.sin(2.2 * x + 0.4 * y + phase + turn)
    blades = 6 * np.sin(2.6 * y + 1.9 * x + phase)
    for terrain, pattern in enumerate((blades, ruts, crowns, waves, cracks)):
        result = np.where((maps == terrain)[..., None, None], pattern, result)
    return result.astype(np.float32)


def _smooth(count: int, side: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Random fields ``(count, side, side)``: octaves of bilinearly interpolated noise."""
    total = np.zeros((count, side, side))
    for cells, weight in ((max(2, side // 6), 1.0), (max(3, side // 3), 0.5)):
        knots = generator.standard_normal((count, cells + 1, cells + 1))
        place = np.linspace(0, cells, side, endpoint=False) + generator.random() * 1e-6
        first = place.astype(int)
        part = (place - first) ** 2 * (3 - 2 * (place - first))
        rows = knots[:, first] * (1 - part)[:, None] + knots[:, first + 1] * part[:, None]
        total += weight * (rows[:, :, first] * (1 - part) + rows[:, :, first + 1] * part)
    return total
