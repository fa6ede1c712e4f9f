"""Grounding: a transitive closure over probabilistic edges, its time, memory and growth.

Processor seconds of one thread, since machines are shared. clingo gets the same graph with choice edges,
``{ edge(1,2) }.`` Both go from text to the ground program, and the paths are first compared with those of a
breadth-first search.
"""

from __future__ import annotations

import gc
import time
from typing import Any

import emnesy
from baselines import clingo_closure
from measure import Ways, Work, alternate, speedup
from report import Figure, Table
from tasks.growth import exponent
from tasks.memory import fresh, peak, reset_peak
from workloads.closure import clingo_text, edges, emnesy_text, reachable

NODES, EDGES = 200, 1000


def check(graph: list[tuple[int, int]], program: emnesy.Program) -> tuple[int, int]:
    """Paths and rules; AssertionError where they are not those of the graph."""
    native = program.ground.native
    reached = reachable(graph)
    paths = sum(map(len, reached.values()))
    rules = len(graph) + sum(1 + len(reached.get(b, ())) for _, b in graph)
    looped = sum(b in reached[a] and a == b for a, b in graph)
    if (len(native.queries), native.rule_count) != (paths, rules - looped):
        raise AssertionError(f"{len(native.queries)} paths and {native.rule_count} rules")
    return paths, native.rule_count


def against_clingo(quick: bool) -> Table:
    """The same closure twice, in turns."""
    table = Table(
        f"Transitive closure of {NODES} nodes and {EDGES:,} probabilistic edges",
        "Processor milliseconds from text to ground program, best of alternated repeats (ratio of the "
        "medians in brackets); `grounding`: without reading and checking the text.",
    )
    graph = edges(NODES, EDGES)
    text = emnesy_text(graph)
    paths, rules = check(graph, emnesy.load(text))
    found = Ways()
    found.add("emnesy", lambda: lambda: emnesy.load(text).ground)

    def grounding() -> Work:
        from emnesy.ground.grounder import ground

        core = emnesy.load(text).core
        return lambda: ground(core)

    found.add("grounding", grounding)
    found.add("clingo", lambda: clingo_closure.prepare(clingo_text(graph)))
    if "clingo" in found.works:
        control: Any = found.works["clingo"]()  # must live as long as its atoms are read
        if sum(1 for _ in control.symbolic_atoms.by_signature("path", 2)) != paths:
            raise AssertionError("clingo finds other paths")
    times = alternate(
        found.works, repeats=3 if quick else 15, seconds=0.05, clock=time.process_time
    )
    table.rows.append(
        {"paths": paths, "rules": rules}
        | {name: timing.best * 1e3 for name, timing in times.items()}
        | {"clingo : emnesy": speedup(times, "clingo", "emnesy")}
    )
    table.add_note(found.note)
    return table


def measure(nodes: int) -> dict[str, float]:
    """In a fresh process: rules, and processor seconds and bytes at most of grounding checked rules."""
    from emnesy.ground.grounder import ground
    from emnesy.ground.planner import Planner

    ground(emnesy.load(emnesy_text(edges(20, 100))).core)
    core = emnesy.load(emnesy_text(edges(nodes, 5 * nodes))).core
    best, first, planning = float("inf"), 0.0, float("inf")
    for _ in range(max(1, 400 // nodes)):
        gc.collect()
        reset_peak()
        before, start = peak(), time.process_time()
        grounded = ground(core, max_ground=1 << 40)
        best = min(best, time.process_time() - start)
        first = first or (peak() - before) * 1e6  # later ones reuse what it had
        start = time.process_time()
        Planner(core, keep_all=False).run()
        planning = min(planning, time.process_time() - start)
    rules = grounded.native.rule_count
    return {"rules": rules, "seconds": best, "planning": planning, "bytes": first / rules}


def growth(quick: bool) -> tuple[Table, Figure]:
    """Ten times as many rules, and again."""
    table = Table(
        "Growth",
        "Each row a process of its own; `planning`: of `seconds`, what planning the source rules in "
        "Python takes, one for each edge; `joins`: nanoseconds a ground rule without it; `bytes per "
        "rule`: resident at most beyond what was there before.",
    )
    points: list[tuple[float, float]] = []
    for nodes in (45, 142, 450) if quick else (45, 142, 450, 1420):
        found = fresh(f"measure({nodes})", "tasks.grounding")
        nanoseconds = found["seconds"] / found["rules"] * 1e9
        points.append((found["rules"], found["seconds"]))
        table.rows.append(
            {
                "nodes": nodes,
                "edges": 5 * nodes,
                "rules": int(found["rules"]),
                "seconds": found["seconds"],
                "planning": found["planning"],
                "ns per rule": nanoseconds,
                "joins": (found["seconds"] - found["planning"]) / found["rules"] * 1e9,
                "bytes per rule": found["bytes"],
            }
        )
    table.rows.append({"nodes": "exponent", "seconds": exponent(points)})
    return table, Figure(
        "Grounding",
        "ground rules",
        "processor seconds",
        {"transitive closure": points},
        linear=True,
    )


def run(quick: bool) -> list[Table | Figure]:
    """Against clingo, and growth."""
    return [against_clingo(quick), *growth(quick)]
