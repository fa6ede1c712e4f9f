"""Rewrite the `% expect query` lines of every `% oracle problog` program with ProbLog's answers.

Run from the repository's root: ``PYTHONPATH=tests python -m conformance.regenerate [--check]``. It
never uses emnesy, so that the expectations stay independent of what they test.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from conformance.corpus import header_of, name_of, with_oracle
from conformance.oracle import problog_queries

QUERY_LINE = re.compile(r"%\s*expect\s+query\s")


def natural_key(atom: str) -> list[tuple[int, int, str]]:
    """Sorts p(2) before p(10)."""
    parts = re.findall(r"\d+|\D+", atom)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]


def expectations(text: str) -> list[str]:
    """The header lines that ProbLog's answers make; twelve digits are what doubles can promise."""
    answers = problog_queries(text)
    return [
        f"% expect query {atom} {answers[atom]:.12g}" for atom in sorted(answers, key=natural_key)
    ]


def rewritten(text: str) -> str:
    """The program with its `% expect query` lines replaced, at the place of the `% oracle` line."""
    lines = [line for line in text.splitlines() if not QUERY_LINE.match(line)]
    place = next(i for i, line in enumerate(lines) if re.match(r"%\s*oracle\s", line))
    lines[place + 1 : place + 1] = expectations(text)
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Rewrite, or with ``--check`` only say which files would change (exit status 1)."""
    stale: list[Path] = []
    for path in with_oracle():
        if header_of(path).errors:
            continue
        text = path.read_text(encoding="utf-8")
        if (new := rewritten(text)) != text:
            stale.append(path)
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    for path in stale:
        print(("stale: " if "--check" in arguments else "rewritten: ") + name_of(path))
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
