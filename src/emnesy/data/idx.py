"""The idx format of the original MNIST files, plain or gzip-compressed.

Format: two zero bytes, a type byte (8: unsigned byte), the number of dimensions, each dimension's
size as a big-endian 32-bit integer, then the values in row-major order
(http://yann.lecun.com/exdb/mnist/, "the IDX file format").
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import DataError, Diagnostic

_UNSIGNED_BYTE = 8


def read_idx(path: Path, *, dimensions: int) -> NDArray[np.uint8]:
    """The array in `path`, with `dimensions` axes.

    Errors: `DataError` E0621 where the file is not gzip though named so, has another type or number
    of dimensions, or holds fewer or more bytes than its header says.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(path, f"cannot be read: {error}") from error
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise _broken(path, f"has {len(content)} bytes, less than an idx header")
    zero, kind, rank = struct.unpack(">HBB", content[:4])
    if zero != 0 or kind != _UNSIGNED_BYTE:
        raise _broken(
            path, f"starts with {content[:4].hex()}, not with an idx header of unsigned bytes"
        )
    if rank != dimensions:
        raise _broken(path, f"has {rank} dimensions where {dimensions} are expected")
    shape = struct.unpack(f">{rank}I", content[4:header])
    expected = int(np.prod(shape, dtype=np.int64))
    if len(content) - header != expected:
        raise _broken(
            path, f"holds {len(content) - header} values where its header promises {expected}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _broken(path: Path, problem: str) -> DataError:
    return DataError(
        Diagnostic(
            "E0621",
            f"the data file {path} {problem}",
            help="delete the file and fetch it again",
        )
    )
