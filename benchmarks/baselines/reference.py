"""The hand-written C++ loops of benchmarks/reference, built on demand, through ctypes."""

from __future__ import annotations

import ctypes
import os
import subprocess
from functools import lru_cache
from pathlib import Path

from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "benchmarks"


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    """Build the reference loops with CMake, as optimised as the package itself, and load them."""
    configure = ["cmake", "-S", str(ROOT), "-B", str(BUILD), "-DEMNESY_BENCHMARKS=ON"]
    configure += ["-DEMNESY_BINDINGS=OFF", "-DCMAKE_BUILD_TYPE=Release"]
    build = ["cmake", "--build", str(BUILD), "--target", "emnesy_reference", "--parallel"]
    for command in (configure, [*build, str(os.cpu_count())]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    (path,) = [
        p for p in BUILD.rglob("*emnesy_reference*") if p.suffix in {".so", ".dylib", ".dll"}
    ]
    return ctypes.CDLL(str(path))


def pointer(array: NDArray) -> ctypes.c_void_p:  # type: ignore[type-arg]
    """Where an array's data lie; it must be C-contiguous and outlive the call."""
    assert array.flags.c_contiguous
    return ctypes.c_void_p(array.ctypes.data)


def checked(status: int) -> None:
    """Raise where a loop says that it failed."""
    if status:
        raise MemoryError("a reference loop failed")
