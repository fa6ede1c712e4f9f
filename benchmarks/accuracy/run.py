"""Train by protocols, several seeds each, and write their tables to benchmarks/results/accuracy/.

A family of protocols is a module of `benchmarks/accuracy/protocols/` with a `FAMILY`. Each seed runs in a
process of its own on one thread and leaves its log and its figures in the folder of its protocol. A seed that
is there already, with the same command line, is not run again.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from accuracy import runs  # noqa: E402
from accuracy.protocol import Family  # noqa: E402


def families() -> dict[str, Family]:
    """All families, by the name of their module."""
    names = [module.name for module in pkgutil.iter_modules([str(FOLDER / "protocols")])]
    return {n: importlib.import_module(f"accuracy.protocols.{n}").FAMILY for n in sorted(names)}


def parse_seeds(text: str) -> list[int]:
    """``"0-4"``, ``"1,3"`` or both -> numbers."""
    seeds = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        seeds += range(int(first), int(last if dash else first) + 1)
    return seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="families or protocols")
    parser.add_argument("--seeds", type=parse_seeds, default=parse_seeds("0-4"))
    parser.add_argument("--all", action="store_true", help="all families")
    parser.add_argument("--list", action="store_true", help="list families and protocols")
    parser.add_argument("--out", type=Path, default=FOLDER.parent / "results" / "accuracy")
    options = parser.parse_args()
    known = families()
    if options.all:
        options.names = list(known)
    if options.list or not options.names:
        for name, family in known.items():
            print(name, *(f"  {p.name}: {p.title}" for p in family.protocols), sep="\n")
        return
    there = {*known, *(p.name for family in known.values() for p in family.protocols)}
    if unknown := set(options.names) - there:
        parser.error(f"nothing of the name {', '.join(sorted(unknown))}; --list shows all")
    for name, family in known.items():
        chosen = [p for p in family.protocols if name in options.names or p.name in options.names]
        for protocol in chosen:
            done = {run.seed for run in runs.kept(options.out, protocol)}
            for seed in options.seeds:
                if seed in done:
                    continue
                print(f"== {protocol.name}, seed {seed}", flush=True)
                run = runs.train(protocol, seed, options.out)
                print(f"   {run.cpu:.0f} s CPU  {run.result}", flush=True)
                summarise(name, family, options.out)
        if chosen:
            summarise(name, family, options.out)


def summarise(name: str, family: Family, folder: Path) -> None:
    """Write the family's tables from what is there."""
    from accuracy.summary import tables
    from measure import machine
    from report import write

    kept = {p.name: runs.kept(folder, p) for p in family.protocols}
    write(folder, name, family.title, machine(), tables(family, kept))


if __name__ == "__main__":
    main()
