"""Where the programs are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from conformance.header import Header, read_header

ROOT = Path(__file__).resolve().parents[2]


@cache
def programs() -> tuple[Path, ...]:
    """Every program of `programs/` and `tests/corpus/`, sorted."""
    found = [*(ROOT / "programs").rglob("*.nesy"), *(ROOT / "tests/corpus").rglob("*.nesy")]
    return tuple(sorted(found))


@cache
def header_of(path: Path) -> Header:
    """The program's expectations."""
    return read_header(path)


def name_of(path: Path) -> str:
    """The program's path from the repository's root, for test names."""
    return path.relative_to(ROOT).as_posix()


def with_oracle() -> tuple[Path, ...]:
    """Programs that ProbLog reads too and answers alike."""
    return tuple(path for path in programs() if header_of(path).oracle == "problog")


def evaluable() -> tuple[Path, ...]:
    """Programs that have answers."""
    return tuple(path for path in programs() if header_of(path).evaluable)
