"""The hand-written C++ forward-backward of benchmarks/reference, built on demand, through ctypes."""

from __future__ import annotations

import ctypes
import os
import subprocess
from functools import lru_cache
from pathlib import Path

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
