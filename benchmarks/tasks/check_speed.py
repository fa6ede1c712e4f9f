"""Checking long programs: the front end, and its parser against Lark's own loop.

Processor seconds, best of alternated repeats (ratios of the medians in brackets). Both parsers run the same
tables; Lark's loop builds its default tree, the front end's the syntax tree with its spans. A process adds
what it takes to import emnesy and Lark and to compute the tables.
"""

from __future__ import annotations

import subprocess
import sys
import time
from random import Random

from emnesy.diagnostics import Source
from emnesy.language.frontend import analyse
from emnesy.language.grammar import make_lark
from emnesy.language.parser import parse, tokens
from measure import alternate, speedup
from report import Cell, Table


def facts(lines: int) -> str:
    """A table of facts, as programs that carry their data have."""
    rng = Random(0)
    rows = [f"road({rng.randrange(999)}, {rng.randrange(999)}, {k})." for k in range(lines - 2)]
    return "\n".join(
        [*rows, "far(X, Z) :- road(X, Y, A), road(Y, Z, B), A + B > 9.", "query(far(1, _)).\n"]
    )


def rules(lines: int) -> str:
    """Rules of every kind, most of them in layers on each other, about seventeen tokens a line."""
    rng = Random(0)
    text = ["const n = 4.", ""]
    for k in range(lines // 10):
        a, b, e = rng.randrange(999), rng.randrange(999), k % 50
        text += [
            f"edge{e}({a}, {b}).",
            f"0.{1 + a % 9}::open{e}({a}, {b}).",
            f"reach{k}(X, Y) :- edge{e}(X, Y), not open{e}(Y, X).",
            f"reach{k}(X, Z) :- reach{k}(X, Y), edge{e}(Y, Z), X =\\= Z.",
            f"cost{k}(X, C + {a}) :- reach{k}(X, Y), C in 0..n-1, (Y > {b} ; X < 10).",
            f"0.2::w{k}(D, sun); 0.5::w{k}(D, rain) :- cost{k}(_, D), D mod 2 =:= 1.  % weather",
            f"best{k}(X, min<C>) :- cost{k}(X, C).",
            f":- best{k}(X, C), C > {99999 + b}, edge{e}(X, X), w{k}(C, _).",
            f"query(best{k}({a}, _)).",
            "",
        ]
    return "\n".join(text[:lines]) + "\n"


def process(text: str) -> float:
    """Processor seconds of ``emnesy check`` on the standard input, everything included."""
    code = (
        "import sys, time; from emnesy.cli.main import main; "
        "main(['check', '-', '--format', 'concise']); sys.stderr.write(f'\\n{time.process_time()}')"
    )
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True)
    return float(done.stderr.rpartition("\n")[2])


def run(quick: bool) -> list[Table]:
    """Time, after comparing the tokens."""
    lark = make_lark()
    table = Table("Checking a program", " ".join((__doc__ or "").split("\n\n")[1].split()))
    for title, make in (("facts", facts), ("rules", rules)):
        for lines in (1000,) if quick else (1000, 10_000):
            text = make(lines)
            source = Source("program", text)
            found = tokens(source)
            kinds = [token.kind for token in found if token.kind != "COMMENT"]
            if kinds != [token.type for token in lark.parse_interactive(text).iter_parse()]:
                raise AssertionError("the parsers read different tokens")
            times = alternate(
                {
                    "check": lambda s=source: analyse(s, {}),  # type: ignore[misc]
                    "parse": lambda s=source: parse(s),  # type: ignore[misc]
                    "Lark": lambda t=text: lark.parse(t),  # type: ignore[misc]
                },
                repeats=3 if quick else 9,
                seconds=0.1,
                clock=time.process_time,
            )
            row: dict[str, Cell] = {"program": title, "lines": lines, "tokens": len(found)}
            row |= {f"{name} s": times[name].best for name in times}
            row["Lark : parse"] = speedup(times, "Lark", "parse")
            row["process s"] = min(process(text) for _ in range(1 if quick else 3))
            table.rows.append(row)
    return [table]
