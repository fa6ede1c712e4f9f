"""Programs of Boolean chance: links of a grid, friends who smoke, and Bayesian networks with evidence.

ProbLog reads them as they are.
"""

from __future__ import annotations

from random import Random

from workloads.networks import random_network


def grid(side: int) -> str:
    """Is the last node of a square grid reached from the first over links that lead both ways?"""
    rng = Random(side)
    lines = []
    for x in range(side):
        for y in range(side):
            here = x * side + y
            for other in ([here + 1] if y + 1 < side else []) + (
                [here + side] if x + 1 < side else []
            ):
                lines.append(f"0.{rng.randint(2, 8)}::link({here}, {other}).")
    return "\n".join(
        [
            *lines,
            "joined(X, Y) :- link(X, Y).",
            "joined(X, Y) :- link(Y, X).",
            "reached(0).",
            "reached(Y) :- reached(X), joined(X, Y).",
            f"query(reached({side * side - 1})).",
        ]
    )


def smokers(people: int) -> str:
    """Everybody has two friends, one of them a neighbour on a ring; friendship is mutual."""
    rng = Random(people)
    friends = {(i, (i + 1) % people) for i in range(people)}
    friends |= {tuple(sorted(rng.sample(range(people), 2))) for _ in range(people // 4)}  # type: ignore[misc]
    pairs = sorted(friends | {(b, a) for a, b in friends})
    return "\n".join(
        [
            *(f"person({i})." for i in range(people)),
            *(f"friend({a}, {b})." for a, b in pairs),
            "0.3::stress(X) :- person(X).",
            "0.2::influences(X, Y) :- friend(Y, X).",
            "smokes(X) :- stress(X).",
            "smokes(X) :- friend(X, Y), influences(Y, X), smokes(Y).",
            "0.4::asthma(X) :- smokes(X).",
            "evidence(smokes(0), true).",
            "evidence(asthma(1), false).",
            "query(smokes(_)).",
            "query(asthma(_)).",
        ]
    )


def network(nodes: int) -> str:
    """A random Bayesian network, a quarter of its nodes observed."""
    made = random_network(nodes)
    seen = made.labels(1, seed=1)[0]
    lines = [line for line in made.program().split("\n") if not line.startswith("observe")]
    lines += [
        f"evidence(n{node}, {'true' if value else 'false'})."
        for node, value in zip(made.observed, seen, strict=True)
    ]
    return "\n".join(lines)
