"""The hand-written C++ forward-backward of benchmarks/reference, built on demand, through ctypes."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "benchmarks"


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    """Build the reference loops with CMake, as optimised as the package itself, and load them."""
    configure = ["cmake", "-S", str(ROOT), "-B", str(BUILD), "-DEMNESY_BENCHMARKS=ON"]
    configure += ["-DEMNESY_BINDINGS=OFF", "-DCMAKE_BUILD_TYPE=Release"]
    for command in (configure, ["cmake", "--build", str(BUILD), "--parallel", str(os.cpu_count())]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    (path,) = [
        p for p in BUILD.rglob("*emnesy_reference*") if p.suffix in {".so", ".dylib", ".dll"}
    ]
    return ctypes.CDLL(str(path))


def prepare(
    priors: NDArray[np.float32], sums: NDArray[np.int32]
) -> Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The call for one batch, ready to be timed: posteriors (B, 2, n, 10) and log-likelihoods (B,).

    `priors`: float32 (B, 2, n, 10); `sums`: int32 (B, n + 1); both C-contiguous. The results are written
    into the same arrays every time.
    """
    work = library().emnesy_reference_addition
    posteriors, log_likelihood = np.empty_like(priors), np.empty(len(priors), np.float32)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (priors, sums, posteriors, log_likelihood)]
    batch, digits = ctypes.c_int64(len(priors)), ctypes.c_int32(priors.shape[2])

    def call() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if work(pointers[0], pointers[1], batch, digits, pointers[2], pointers[3]):
            raise MemoryError
        return posteriors, log_likelihood

    return call
