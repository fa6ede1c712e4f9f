from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader

from emnesy.data import mnist
from emnesy.data.addition import add, dataset
from emnesy.data.addition_metrics import regrouped_sum
from emnesy.data.digits import Digits, normalised
from emnesy.data.nets import bn_cnn, lenet
from emnesy.diagnostics import DataError


def made_up(split: str, source: str = "auto") -> Digits:
    count = 100 if split == "train" else 50
    generator = torch.Generator().manual_seed(count)
    images = torch.randint(0, 256, (count, 28, 28), generator=generator).to(torch.uint8)
    return Digits(images, torch.randint(10, (count,), generator=generator), "made-up digits")


@pytest.fixture(autouse=True)
def _digits(monkeypatch):
    monkeypatch.setattr(mnist, "load_digits", made_up)


def number(digits: torch.Tensor) -> int:
    return sum(int(d) * 10**i for i, d in enumerate(digits))


@pytest.mark.parametrize("n", [1, 3, 20])
def test_sums_of_random_numbers(n):
    digits = torch.randint(10, (50, 2, n))
    for pair, result in zip(digits, add(digits), strict=True):
        assert number(result) == number(pair[0]) + number(pair[1])


def test_protocol():
    train, test = (dataset(split, consts={"n": 4}) for split in ("train", "test"))
    assert (len(train), len(test)) == (100 // 8, 50 // 8)
    assert len(set(train.rows.flatten().tolist())) == 12 * 8  # no image twice
    item = train[5]
    assert item["inputs"]["image"].shape == (2, 4, 1, 28, 28)
    assert item["labels"]["sum"].shape == (5,)
    assert item["truth"]["digit"].shape == (2, 4)
    digits = made_up("train")
    rows = train.rows[5]
    assert torch.equal(item["truth"]["digit"], digits.classes[rows])
    assert torch.equal(item["inputs"]["image"][:, :, 0], normalised(digits.images)[rows])
    a, b = item["truth"]["digit"]
    assert number(item["labels"]["sum"]) == number(a) + number(b)
    assert "made-up digits" in train.describe()


def test_order():
    in_file = dataset("train", consts={"n": 2})
    assert in_file.rows.flatten().tolist() == list(range(100))
    one, same, other = (
        dataset("train", consts={"n": 2}, order="shuffled", seed=seed).rows for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert sorted(one.flatten().tolist()) == list(range(100))


def test_validation_images_are_held_out():
    train = dataset("train", consts={"n": 1}, valid=0.2, order="shuffled")
    valid = dataset("valid", consts={"n": 1}, valid=0.2)
    assert (len(train), len(valid)) == (40, 10)
    held_out = {image.numpy().tobytes() for image in valid.images}
    assert not held_out & {image.numpy().tobytes() for image in train.images}
    assert dataset("valid", consts={"n": 1}) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"consts": {}}, "needs a constant n"),
        ({"consts": {"n": 0}}, "n = 0"),
        ({"consts": {"n": "four"}}, "n = four"),
        ({"consts": {"n": 1}, "order": "sorted"}, "order is"),
        ({"consts": {"n": 1}, "valid": 1.5}, "valid is a share"),
        ({"consts": {"n": 51}}, "do not make one sum"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(DataError, match=message):
        dataset("train", **options)


def test_whole_batches_and_the_default_loader_agree():
    data = dataset("train", consts={"n": 2})
    batch = data.__getitems__([3, 4])
    assert batch.inputs["image"].shape == (2, 2, 2, 1, 28, 28)
    loaded = next(iter(DataLoader(data, batch_size=2, sampler=[3, 4])))
    assert torch.equal(loaded["inputs"]["image"], batch.inputs["image"])
    assert torch.equal(loaded["labels"]["sum"], batch.labels["sum"])
    assert torch.equal(data[4]["inputs"]["image"], batch[1]["inputs"]["image"])


def test_regrouped_accuracy():
    digits = torch.randint(10, (25, 2, 2))
    assert regrouped_sum(digits, digits) == 1
    wrong = digits.clone()
    wrong[0, 0, 0] = (wrong[0, 0, 0] + 1) % 10
    assert regrouped_sum(wrong, digits) == pytest.approx(24 / 25)  # one digit spoils one sum


def test_picture(tmp_path):
    pytest.importorskip("matplotlib")
    data = dataset("test", consts={"n": 3})
    path = tmp_path / "picture.png"
    data.picture({"digit": (data.digits + (data.digits == 3)) % 10}, str(path))
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_networks():
    images = torch.randn(3, 1, 28, 28)
    assert lenet()(images).shape == (3, 10)
    assert sum(p.numel() for p in lenet().parameters()) == 44426
    assert bn_cnn(outputs=4)(images).shape == (3, 4)
    kinds = [type(layer).__name__ for layer in lenet(dropout=0.5)]
    assert kinds.count("Dropout") == 2
    assert "Dropout" not in [type(layer).__name__ for layer in lenet()]
