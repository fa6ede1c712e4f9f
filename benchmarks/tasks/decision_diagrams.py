"""Boolean programs, from text to answers: `sdd` with ProbLog over the same library, and with `exact`.

Reachability over the links of a grid, which lead both ways; friends who smoke; random Bayesian networks. One
thread; processor seconds, those of the process in which `sdd` compiles included, and so is its start. Answers
are compared before anything is timed: a difference above 1e-6 ends the run.
"""

from __future__ import annotations

import resource
from collections.abc import Callable

import emnesy
from baselines import problog_diagrams
from measure import Ways, Work, alternate, speedup
from report import Cell, Figure, Table
from workloads import boolean_programs

TOLERANCE = 1e-6

SIZES: dict[str, tuple[Callable[[int], str], str, tuple[int, ...], dict[str, str]]] = {
    "Undirected reachability on a grid": (
        boolean_programs.grid,
        "side",
        (3, 4),
        {"vtree": "right", "order": "program"},
    ),
    "Friends who smoke": (boolean_programs.smokers, "people", (4, 8, 12), {}),
    "Bayesian networks": (boolean_programs.network, "nodes", (10, 20, 40), {}),
}


def cpu() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def run(quick: bool) -> list[Table | Figure]:
    """Compare, and time."""
    found = [one(title, *what, quick) for title, what in SIZES.items()]
    return [*(table for table, _ in found), *(figure for _, figure in found)]


def one(
    title: str,
    make: Callable[[int], str],
    x: str,
    sizes: tuple[int, ...],
    tuned: dict[str, str],
    quick: bool,
) -> tuple[Table, Figure]:
    """A kind of program by its size."""
    note = "Milliseconds from text to answers; `again`: of the compiled program, its queries once more."
    if tuned:
        options = ", ".join(f"`{name}={value}`" for name, value in tuned.items())
        note += f" `tuned`: with {options}."
    table = Table(title, note)
    curves: dict[str, list[tuple[float, float]]] = {}
    for size in sizes[:2] if quick else sizes:
        text = make(size)
        found = Ways()
        found.add("sdd", lambda t=text: ready(t, "sdd", {}))  # type: ignore[misc]
        if tuned:
            found.add("tuned", lambda t=text: ready(t, "sdd", tuned))  # type: ignore[misc]
        found.add("exact", lambda t=text: ready(t, "exact", {}))  # type: ignore[misc]
        found.add("ProbLog", lambda t=text: problog_diagrams.prepare(t))  # type: ignore[misc]
        difference = compare(found.works)
        if "sdd" in found.works or "tuned" in found.works:
            options = {} if "sdd" in found.works else tuned
            found.works["again"] = (
                emnesy.load(text).compile("sdd", options=options, threads=1).query
            )
        times = alternate(found.works, repeats=3 if quick else 5, seconds=0.1, clock=cpu)
        row: dict[str, Cell] = {x: size}
        for name in ("sdd", *(["tuned"] if tuned else []), "again", "exact", "ProbLog"):
            row[name] = times[name].best * 1e3 if name in times else None
            if name in times:
                curves.setdefault(name, []).append((size, times[name].best * 1e3))
        row["ProbLog : sdd"] = speedup(times, "ProbLog", "sdd")
        if tuned:
            row["ProbLog : tuned"] = speedup(times, "ProbLog", "tuned")
        row["exact : sdd"] = speedup(times, "exact", "sdd")
        row["difference"] = difference
        table.rows.append(row)
        table.add_note(found.note)
    return table, Figure(title, x, "milliseconds", curves)


def ready(text: str, engine: str, options: dict[str, str]) -> Work:
    """The way from text to answers. EngineError where the engine refuses the program."""

    def call() -> dict[str, float]:
        answers = emnesy.load(text).compile(engine, options=options, threads=1).query()
        return {atom.replace(" ", ""): float(p) for atom, p in answers.items()}

    call()
    return call


def compare(works: dict[str, Work]) -> float:
    """The greatest difference between two answers; AssertionError where it is too great."""
    answers = {name: work() for name, work in works.items()}
    reference = next(iter(answers.values()))
    assert isinstance(reference, dict)
    worst = 0.0
    for name, other in answers.items():
        assert isinstance(other, dict)
        for atom in reference.keys() | other.keys():
            # ProbLog leaves out what is impossible, or names it.
            difference = abs(reference.get(atom, 0.0) - other.get(atom, 0.0))
            if not difference <= TOLERANCE:
                raise AssertionError(f"{name}: {atom} differs by {difference:g}")
            worst = max(worst, difference)
    return worst
