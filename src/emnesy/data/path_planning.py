"""Path planning on terrain maps: pictures of maps, labelled with the tiles of the cheapest path.

Two sources. The original files of the Warcraft benchmark (Vlastelica et al., "Differentiation of
blackbox combinatorial solvers", ICLR 2020), from a folder: ``{split}_maps.npy`` uint8 ``(N, 8k, 8k,
3)``, ``{split}_vertex_weights.npy`` ``(N, k, k)`` and ``{split}_shortest_paths.npy`` ``(N, k, k)``. Or
synthetic maps in that layout (`emnesy.data.terrain`), whose labels follow the rule of
``programs/warcraft.nesy`` for equally cheap paths; results on them should be called synthetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from typing import Literal as OneOf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from emnesy.data.path_picture import draw_maps
from emnesy.data.problems import bad_option
from emnesy.data.shortest_paths import cheapest_paths, distances, heap_paths
from emnesy.data.terrain import TENTHS, TERRAINS, TILE, random_maps, render
from emnesy.diagnostics import DataError, Diagnostic
from emnesy.learn.batch import Batch, Item

SPLITS = ("train", "valid", "test")
_FILES = {"train": "train", "valid": "val", "test": "test"}  # as the original names them


class PathDataset(Dataset[Item]):
    """Maps of one split.

    An item has ``inputs {"map": (3, 8k, 8k)}`` (float32, normalised by the statistics of the training split),
    ``labels {"path": (k, k)}`` and ``truth {"terrain": (k, k)}``, positions in `TERRAINS`.
    """

    def __init__(
        self,
        pictures: NDArray[np.uint8],
        terrain: NDArray[np.int64],
        paths: NDArray[np.bool_],
        source: str,
        statistics: tuple[float, float],
    ) -> None:
        self.pictures = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        self.terrain = torch.from_numpy(terrain)
        self.paths = torch.from_numpy(paths)
        self.source = source
        self.mean, self.deviation = statistics

    def __len__(self) -> int:
        return len(self.terrain)

    def __getitem__(self, index: int) -> Item:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> Batch:
        """A batch, which is also the list of its items: PyTorch's protocol for whole batches."""
        chosen = torch.as_tensor(indices)
        pictures = self.pictures[chosen].to(torch.float32)
        return Batch(
            inputs={"map": pictures.sub_(self.mean).div_(self.deviation).contiguous()},
            labels={"path": self.paths[chosen].to(torch.int64)},
            truth={"terrain": self.terrain[chosen]},
            indices=chosen,
        )

    def describe(self) -> str:
        """One line for people."""
        side = self.terrain.shape[1]
        return f"{len(self)} maps of {side}×{side} tiles, {self.source}"

    def metrics(self, predictions: Mapping[str, Tensor]) -> dict[str, float]:
        """`optimal_cost`: share of maps where the path predicted costs as little as the cheapest one.

        `identical_mask`: where it is that of the label; `cost_ratio`: its true cost over the optimum.
        """
        true = TENTHS[self.terrain.numpy()]
        predicted = cheapest_paths(TENTHS[predictions["terrain"].numpy()])
        cost = (true * predicted).sum(axis=(1, 2))
        optimum = distances(true)[:, -1, -1]
        return {
            "optimal_cost": float((cost == optimum).mean()),
            "identical_mask": float((predicted == self.paths.numpy()).all(axis=(1, 2)).mean()),
            "cost_ratio": float((cost / optimum).mean()),
        }

    def picture(self, predictions: Mapping[str, Tensor], path: str) -> None:
        """Draw some maps with both paths and the terrain read into the image file `path`."""
        draw_maps(
            self.pictures[:8].permute(0, 2, 3, 1).numpy(),
            self.terrain.numpy(),
            predictions["terrain"].numpy(),
            self.paths.numpy(),
            path,
        )


def dataset(
    split: str,
    *,
    consts: Mapping[str, Any],
    seed: int = 0,
    folder: str = "",
    maps: int = 1500,
    test_maps: int = 1000,
    valid_maps: int = 1000,
    noise: float = 6.0,
    looks: int = 1,
    ties: OneOf["program", "heap", "random"] = "program",
) -> PathDataset | None:
    """The maps of one split.

    `consts` gives ``size``, the tiles along a side. `folder`: of the original files; synthetic maps
    otherwise. `maps`: training maps (synthetic: made; original: the first so many); `test_maps`,
    `valid_maps`: of the other splits; without validation maps there is no such split.
    `noise`, `looks`: see `emnesy.data.terrain.render`. `ties`: which of several cheapest paths labels a
    synthetic map; the program's (``argmin``'s), that of Dijkstra's algorithm on fractions
    (`emnesy.data.shortest_paths.heap_paths`), or a random one.

    Errors: `DataError` E0623 for an option out of range, E0620 and E0621 for missing and broken files.
    """
    side = consts.get("size")
    if not isinstance(side, int) or side < 2:
        raise bad_option(
            f"path planning needs a constant size of at least 2; the program has {side}"
        )
    for name, value, least in (
        ("maps", maps, 1),
        ("test_maps", test_maps, 1),
        ("valid_maps", valid_maps, 0),
        ("looks", looks, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise bad_option(f"{name} is a number from {least} on, not {value!r}")
    if not isinstance(noise, (int, float)) or not 0 <= noise <= 255:
        raise bad_option(f"noise is a number of grey levels from 0 to 255, not {noise!r}")
    if ties not in ("program", "heap", "random"):
        raise bad_option(f'ties is "program", "heap" or "random", not {ties!r}')
    count = {"train": maps, "valid": valid_maps, "test": test_maps}[split]
    if count == 0:
        return None
    if folder:
        return _read(Path(folder), split, side, count)
    train = _draw(0, min(count, 200), side, seed, noise, looks)[0]
    drawn, terrain = _draw(SPLITS.index(split), count, side, seed, noise, looks)
    paths = _label(terrain, ties, np.random.default_rng([seed, SPLITS.index(split), side, 1]))
    style = "synthetic" if ties == "program" else f"synthetic, ties: {ties}"
    return PathDataset(drawn, terrain, paths, style, _statistics(train))


def _draw(
    split: int, count: int, side: int, seed: int, noise: float, looks: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    generator = np.random.default_rng([seed, split, side])
    pictures, terrain = [], []
    for begin in range(0, count, 100):  # so that the first maps do not depend on how many there are
        block = random_maps(100, side, generator)
        pictures.append(render(block, generator, noise=noise, looks=looks)[: count - begin])
        terrain.append(block[: count - begin])
    return np.concatenate(pictures), np.concatenate(terrain)


def _label(maps: NDArray[np.int64], ties: str, generator: np.random.Generator) -> NDArray[np.bool_]:
    if ties == "heap":
        return heap_paths(TENTHS[maps] / 10)
    return cheapest_paths(TENTHS[maps], generator if ties == "random" else None)


def _statistics(pictures: NDArray[np.uint8]) -> tuple[float, float]:
    return float(pictures.mean()), float(pictures.std())


def _read(folder: Path, split: str, side: int, count: int) -> PathDataset:
    pictures = _load(folder, f"{_FILES[split]}_maps.npy")
    weights = _load(folder, f"{_FILES[split]}_vertex_weights.npy")
    paths = _load(folder, f"{_FILES[split]}_shortest_paths.npy")
    number = len(pictures)
    shapes = (number, side * TILE, side * TILE, 3), (number, side, side), (number, side, side)
    for array, shape, name in zip(
        (pictures, weights, paths),
        shapes,
        ("maps", "vertex_weights", "shortest_paths"),
        strict=True,
    ):
        if array.shape != shape:
            raise DataError(
                Diagnostic(
                    "E0621",
                    f"{folder}: {_FILES[split]}_{name}.npy has shape {array.shape}, expected {shape}",
                    help="does the constant size fit these maps?",
                )
            )
    gaps = np.abs(weights[:count, ..., None].astype(np.float64) * 10 - TENTHS)
    if float(gaps.min(axis=-1).max()) > 0.1:  # tenths; the original costs are float16
        raise DataError(
            Diagnostic("E0621", f"{folder}: a tile's cost is none of {list(TENTHS / 10)}")
        )
    train = pictures if split == "train" else _load(folder, "train_maps.npy")
    return PathDataset(
        np.ascontiguousarray(pictures[:count]).astype(np.uint8),
        gaps.argmin(axis=-1),
        paths[:count] != 0,
        f"from {folder}",
        _statistics(train[:200]),
    )


def _load(folder: Path, name: str) -> NDArray[Any]:
    path = folder / name
    try:
        loaded: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DataError(
            Diagnostic(
                "E0620",
                f"{path} is missing",
                help="the folder holds {train,val,test}_{maps,vertex_weights,shortest_paths}.npy; "
                "without a folder, synthetic maps are made",
            )
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(Diagnostic("E0621", f"{path} is no NumPy array file: {error}")) from None
    return loaded


__all__ = ["SPLITS", "TERRAINS", "PathDataset", "dataset"]
