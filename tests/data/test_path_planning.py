from __future__ import annotations

import heapq
from pathlib import Path

import numpy as np
import pytest
import torch

from emnesy.data.nets import tile_net
from emnesy.data.path_picture import _line
from emnesy.data.path_planning import dataset
from emnesy.data.shortest_paths import NEIGHBOURS, cheapest_paths, distances, heap_paths
from emnesy.data.terrain import TENTHS, TERRAINS
from emnesy.diagnostics import DataError
from emnesy.ground.evaluate import Evaluator
from emnesy.pipeline import load

PROGRAM = Path(__file__).parents[2] / "programs" / "warcraft.nesy"


def dijkstra(cost: np.ndarray) -> np.ndarray:
    side = len(cost)
    best = np.full(cost.shape, 10**9)
    best[0, 0] = cost[0, 0]
    queue = [(int(cost[0, 0]), 0, 0)]
    while queue:
        so_far, row, column = heapq.heappop(queue)
        if so_far > best[row, column]:
            continue
        for dr, dc in NEIGHBOURS:
            r, c = row + dr, column + dc
            if 0 <= r < side and 0 <= c < side and so_far + cost[r, c] < best[r, c]:
                best[r, c] = so_far + cost[r, c]
                heapq.heappush(queue, (int(best[r, c]), r, c))
    return best


def test_distances_are_dijkstras() -> None:
    costs = np.random.default_rng(0).choice(TENTHS, size=(40, 7, 7))
    assert np.array_equal(distances(costs), np.stack([dijkstra(cost) for cost in costs]))


def test_paths_are_those_of_the_program() -> None:
    # Three terrains in few distinct costs: many ties, so the rule for them shows.
    terrain = np.random.default_rng(1).integers(3, size=(60, 4, 4))
    ground = load(PROGRAM, {"size": 4}).ground
    truth = Evaluator(ground)(terrain.reshape(60, 16)).truth
    names = {ground.atom_text(atom): atom for atom in range(ground.native.atom_count)}
    expected = cheapest_paths(TENTHS[terrain])
    assert truth[names["path(0,0)"]].all()
    for row in range(4):
        for column in range(4):
            found = truth[names[f"path({row},{column})"]]
            assert np.array_equal(found, expected[:, row, column])


def test_paths_by_other_rules_for_ties_cost_the_same() -> None:
    costs = TENTHS[np.random.default_rng(2).integers(2, size=(80, 6, 6))]
    first, heap = cheapest_paths(costs), heap_paths(costs / 10)
    drawn = cheapest_paths(costs, np.random.default_rng(3))
    best = distances(costs)[:, -1, -1]
    for paths in (first, heap, drawn):
        assert np.array_equal((costs * paths).sum(axis=(1, 2)), best)
    assert (drawn != first).any()
    assert (heap != first).any()
    # Where sums are exact, the heap finds the rule of the program.
    assert np.array_equal(heap_paths(costs.astype(float)), first)


def test_labels_by_other_rules() -> None:
    def data(ties: str) -> torch.Tensor:
        return dataset("test", consts={"size": 8}, test_maps=50, ties=ties)

    program, heap, random = data("program"), data("heap"), data("random")
    assert torch.equal(program.pictures, random.pictures)
    assert not torch.equal(program.paths, random.paths)
    assert not torch.equal(heap.paths, random.paths)
    assert torch.equal(random.paths, data("random").paths)
    assert "random" in random.describe()


def test_dataset() -> None:
    data = dataset("test", consts={"size": 12}, seed=3, maps=20, test_maps=30)
    assert len(data) == 30
    item = data[7]
    assert item["inputs"]["map"].shape == (3, 96, 96)
    assert abs(float(item["inputs"]["map"].mean())) < 1
    assert set(torch.unique(data.terrain).tolist()) == set(range(len(TERRAINS)))
    assert data.metrics({"terrain": data.terrain}) == {
        "optimal_cost": 1.0,
        "identical_mask": 1.0,
        "cost_ratio": 1.0,
    }
    grass = data.metrics({"terrain": torch.zeros_like(data.terrain)})
    assert grass["optimal_cost"] < 0.5
    assert grass["cost_ratio"] > 1.1


def test_no_validation_maps_no_validation_split() -> None:
    options = {"consts": {"size": 4}, "maps": 3, "test_maps": 2}
    assert dataset("valid", **options, valid_maps=0) is None
    assert len(dataset("valid", **options, valid_maps=5)) == 5
    assert len(dataset("test", **options, valid_maps=0)) == 2


def test_seeds_and_splits() -> None:
    def maps(split: str, seed: int, count: int = 10) -> torch.Tensor:
        data = dataset(split, consts={"size": 5}, seed=seed, maps=count, test_maps=10)
        return data.pictures

    assert torch.equal(maps("train", 0), maps("train", 0))
    assert torch.equal(maps("train", 0), maps("train", 0, 130)[:10])
    assert not torch.equal(maps("train", 0), maps("train", 1))
    assert not torch.equal(maps("train", 0), maps("test", 0))


def write(folder: Path, split: str, side: int, count: int) -> np.ndarray:
    terrain = np.random.default_rng(2).integers(5, size=(count, side, side))
    np.save(folder / f"{split}_maps.npy", np.zeros((count, 8 * side, 8 * side, 3), np.uint8))
    np.save(folder / f"{split}_vertex_weights.npy", (TENTHS[terrain] / 10).astype(np.float16))
    np.save(folder / f"{split}_shortest_paths.npy", cheapest_paths(TENTHS[terrain]).astype("uint8"))
    return terrain


def test_original_layout(tmp_path: Path) -> None:
    terrain = write(tmp_path, "train", 3, 6)
    write(tmp_path, "val", 3, 4)
    data = dataset("train", consts={"size": 3}, folder=str(tmp_path), maps=5)
    assert np.array_equal(data.terrain.numpy(), terrain[:5])
    assert np.array_equal(data.paths.numpy(), cheapest_paths(TENTHS[terrain[:5]]))
    assert len(dataset("valid", consts={"size": 3}, folder=str(tmp_path))) == 4
    with pytest.raises(DataError, match=r"test_maps\.npy is missing"):
        dataset("test", consts={"size": 3}, folder=str(tmp_path))
    with pytest.raises(DataError, match="has shape"):
        dataset("train", consts={"size": 4}, folder=str(tmp_path))
    (tmp_path / "val_maps.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match="no NumPy array"):
        dataset("valid", consts={"size": 3}, folder=str(tmp_path))
    np.save(tmp_path / "train_vertex_weights.npy", np.full((6, 3, 3), 3.3))
    with pytest.raises(DataError, match="cost is none of"):
        dataset("train", consts={"size": 3}, folder=str(tmp_path))


def test_bad_options() -> None:
    with pytest.raises(DataError, match="constant size"):
        dataset("train", consts={})
    for options in (
        {"maps": 0},
        {"looks": -1},
        {"noise": -1.0},
        {"test_maps": True},
        {"ties": "x"},
        {"valid_maps": -1},
    ):
        with pytest.raises(DataError, match=next(iter(options))):
            dataset("train", consts={"size": 4}, **options)


def test_tile_net_sees_each_tile_alone() -> None:
    net = tile_net()
    maps = torch.randn(2, 3, 24, 32)
    logits = net(maps)
    assert logits.shape == (2, 3, 4, 5)
    changed = maps.clone()
    changed[0, :, 8:16, 24:32] += 1
    differs = (net(changed) - logits).abs().amax(-1) > 1e-6
    assert differs.nonzero().tolist() == [[0, 1, 3]]


def test_picture(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    data = dataset("test", consts={"size": 5}, test_maps=3)
    path = tmp_path / "maps.png"
    data.picture({"terrain": data.terrain}, str(path))
    right = path.read_bytes()
    data.picture({"terrain": (data.terrain + 1) % 5}, str(path))
    assert path.read_bytes() != right


def test_a_line_follows_the_path() -> None:
    data = dataset("test", consts={"size": 6}, test_maps=20)
    costs = TENTHS[data.terrain.numpy()]
    for mask, cost in zip(data.paths.numpy(), distances(costs), strict=True):
        x, y = (np.array(places) for places in _line(mask, cost))
        assert (x[0], y[0]) == (3.5, 3.5)
        assert (x[-1], y[-1]) == (43.5, 43.5)
        steps = np.abs(np.stack([np.diff(x), np.diff(y)])) / 8
        assert (steps.max(axis=0) == 1).all()  # every tile is a neighbour of the one before
