"""Random programs with networks, and random batches of priors and labels for them.

A program is put together from pieces (`PIECES`), each a few clauses over what the pieces before it define, in
three kinds of predicate: `values` map a key to an integer (functional), `truths` are unary Boolean predicates
over the keys, `flags` are propositions. Every program has at least one network, and observes some of what
it derives. Numbers of worlds stay small, so that `enumerate` is the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

import emnesy

PROBABILITIES = ("0.05", "0.2", "0.25", "0.4", "0.5", "0.8")


@dataclass
class Draft:
    """A program being written: its clauses, and what there is to refer to."""

    rng: Random
    keys: int
    top: int = 2
    """The greatest value that literals ask for."""
    lines: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    truths: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    observable: list[str] = field(default_factory=list)
    count: int = 0

    def name(self, stem: str) -> str:
        """A predicate that does not exist yet."""
        self.count += 1
        return f"{stem}{self.count}"

    def add(self, *lines: str) -> None:
        """Append clauses."""
        self.lines += lines

    def body(self, keys: list[str]) -> str:
        """Random literals about these keys, none twice and none negating another where that can be helped."""
        literals: dict[str, str] = {}
        for key in keys:
            for _ in range(3):
                literal = self.literal(key)
                about = literal.removeprefix("not ")
                if about not in literals:
                    literals[about] = literal
                    break
        return ", ".join(literals.values())

    def literal(self, key: str, *, positive: bool = False) -> str:
        """A random literal about a key, which is bound already."""
        sign = "" if positive or self.rng.random() < 0.6 else "not "
        if self.values and (not self.truths or self.rng.random() < 0.5):
            value = min(self.rng.randint(0, 2), self.top)
            return f"{sign}{self.rng.choice(self.values)}({key}, {value})"
        if self.flags and self.rng.random() < 0.2:
            return f"{sign}{self.rng.choice(self.flags)}"
        return f"{sign}{self.rng.choice(self.truths)}({key})" if self.truths else "key(0)"


def _network(draft: Draft) -> None:
    name = draft.name("d")
    top = draft.rng.randint(1, 3)
    draft.top = min(draft.top, top)
    draft.add(f"nn(net_{name}, image_{name}(K), D, 0..{top}) :: {name}(K, D) :- key(K).")
    draft.values.append(name)
    draft.observable.append(f"{name}/2")


def _binary_network(draft: Draft) -> None:
    name = draft.name("s")
    draft.add(f"nn(net_{name}, image_{name}(K)) :: {name}(K) :- key(K).")
    draft.truths.append(name)
    draft.observable.append(f"{name}/1")


def _facts(draft: Draft) -> None:
    name = draft.name("e")
    draft.add(f"{draft.rng.choice(PROBABILITIES)}::{name}(K) :- key(K).")
    draft.truths.append(name)


def _disjunction(draft: Draft) -> None:
    """One of three values, or none of them; or always one of two."""
    name = draft.name("c")
    condition = f" :- {draft.literal('0')}" if draft.rng.random() < 0.4 else ""
    weights = draft.rng.choice([("0.2", "0.3", "0.1"), ("0.5", "0.5"), ("0.25", "0.4", "0.35")])
    heads = "; ".join(f"{w}::{name}({i})" for i, w in enumerate(weights))
    draft.add(f"{heads}{condition}.")
    draft.truths.append(name)


def _noisy_or(draft: Draft) -> None:
    name = draft.name("n")
    for _ in range(draft.rng.randint(2, 3)):
        p = draft.rng.choice(PROBABILITIES)
        draft.add(f"{p}::{name}(K) :- key(K), {draft.literal('K')}.")
    draft.truths.append(name)
    draft.observable.append(f"{name}/1")


def _rule(draft: Draft) -> None:
    name = draft.name("b")
    for _ in range(draft.rng.randint(1, 2)):
        body = draft.body(["K"] * draft.rng.randint(1, 3))
        draft.add(f"{name}(K) :- key(K), {body}.")
    draft.truths.append(name)
    draft.observable.append(f"{name}/1")


def _flag(draft: Draft) -> None:
    name = draft.name("p")
    for _ in range(draft.rng.randint(1, 2)):
        keys = [str(draft.rng.randrange(draft.keys)) for _ in range(draft.rng.randint(1, 3))]
        draft.add(f"{name} :- {draft.body(keys)}.")
    draft.flags.append(name)
    draft.observable.append(f"{name}/0")


def _chain(draft: Draft) -> None:
    """A running total, which makes a chain of functional factors."""
    name, step = draft.name("t"), draft.rng.choice(draft.values)
    form = draft.rng.choice(["(T + D) mod 3", "T + D", "max(T, D)", "(T + 2 * D) mod 4"])
    draft.add(f"{name}(0, 0).", f"{name}(K + 1, {form}) :- {step}(K, D), {name}(K, T).")
    draft.values.append(name)
    draft.observable.append(f"{name}/2")


def _noisy_copy(draft: Draft) -> None:
    if not draft.truths:
        return
    name, source = draft.name("y"), draft.rng.choice(draft.values)
    truth = draft.rng.choice(draft.truths)
    draft.add(
        f"{name}(K, D) :- {source}(K, D), not {truth}(K).",
        f"{name}(K, (D + 1) mod 3) :- {source}(K, D), {truth}(K).",
    )
    draft.values.append(name)
    draft.observable.append(f"{name}/2")


def _pair(draft: Draft) -> None:
    """One value of two others."""
    name = draft.name("m")
    one, two = draft.rng.choice(draft.values), draft.rng.choice(draft.values)
    form = draft.rng.choice(["A + B", "A * B", "abs(A - B)", "max(A, B)", "10 * A + B"])
    draft.add(f"{name}({form}) :- {one}(0, A), {two}({draft.keys - 1}, B).")
    draft.observable.append(f"{name}/1")


def _clash(draft: Draft) -> None:
    """All different, as the negation of a clash of two: evidence either way."""
    bad, good = draft.name("clash"), draft.name("valid")
    source = draft.rng.choice(draft.values)
    draft.add(
        f"{bad} :- {source}(I, V), {source}(J, V), I < J.",
        f"{good} :- not {bad}.",
    )
    draft.flags += [bad, good]
    draft.observable.append(f"{good}/0")


def _square(draft: Draft) -> None:
    """A Latin square of two rows: not-equal pairs that make cliques across rows and columns."""
    name, bad, good = draft.name("h"), draft.name("clash"), draft.name("valid")
    columns = draft.rng.randint(2, 3)
    draft.add(
        f"nn(net_{name}, cell_{name}(R, C), D, 1..{columns}) :: {name}(R, C, D) "
        f":- R in 0..1, C in 0..{columns - 1}.",
        f"{bad} :- {name}(R, C, D), {name}(R, E, D), C < E.",
        f"{bad} :- {name}(R, C, D), {name}(S, C, D), R < S.",
        f"{good} :- not {bad}.",
    )
    draft.flags.append(bad)
    draft.observable.append(f"{good}/0")


def _any(draft: Draft) -> None:
    """Wide disjunctions: plain, noisy with a coin for each cause, and "at most one"."""
    name, source = draft.name("any"), draft.rng.choice(draft.truths or ["key"])
    p = draft.rng.choice(PROBABILITIES)
    kind = draft.rng.randrange(3)
    if kind < 2:
        draft.add(f"{'' if kind else p + '::'}{name} :- {source}(K).")
    else:
        draft.add(f"two{name} :- {source}(I), {source}(J), I < J.", f"{name} :- not two{name}.")
    draft.flags.append(name)
    draft.observable.append(f"{name}/0")


def _equal(draft: Draft) -> None:
    name = draft.name("same")
    one, two = draft.rng.choice(draft.values), draft.rng.choice(draft.values)
    draft.add(f"{name}(K) :- {one}(K, V), {two}(K, V).")
    draft.truths.append(name)
    draft.observable.append(f"{name}/1")


def _constraint(draft: Draft) -> None:
    source = draft.rng.choice(draft.values)
    forms = [
        f":- {source}(I, V), {source}(J, V), I < J.",
        f":- {source}(I, V), {source}(J, W), J =:= I + 1, V > W.",
        f":- {draft.literal('0', positive=True)}, {draft.literal(str(draft.keys - 1))}.",
        f":- key(K), {draft.literal('K', positive=True)}, {draft.literal('K')}.",
    ]
    draft.add(draft.rng.choice(forms))


def _aggregate(draft: Draft) -> None:
    """Counts, sums, minima and maxima over a group, and what is said of them."""
    name, far = draft.name("g"), draft.name("far")
    source = draft.rng.choice(draft.values)
    if draft.truths and draft.rng.random() < 0.5:
        draft.add(f"{name}(count<K>) :- {draft.rng.choice(draft.truths)}(K).")
    else:
        what = draft.rng.choice(["sum<D>", "max<D>", "min<D>", "sum<D * K>", "count<D>"])
        draft.add(f"{name}({what}) :- {source}(K, D).")
    test = draft.rng.choice(["N > 1", "N =:= 2", "N mod 2 =:= 0", "N < 3"])
    draft.add(f"{far} :- {name}(N), {test}.")
    draft.flags.append(far)
    draft.observable.append(f"{far}/0")


def _paths(draft: Draft) -> None:
    """Reachability, a positive cycle; or distances, where recursion goes through `min`."""
    link, name = draft.name("link"), draft.name("r")
    p = draft.rng.choice(PROBABILITIES)
    draft.add(f"{p}::{link}(I, J) :- key(I), key(J), abs(I - J) =:= 1.")
    if draft.rng.random() < 0.5:
        draft.add(f"{name}(0).", f"{name}(J) :- {name}(I), {link}(I, J).")
    else:
        dist, source = draft.name("dist"), draft.rng.choice(draft.values)
        draft.add(
            f"{dist}(0, min<0>) :- key(0).",
            f"{dist}(J, min<D + W>) :- {dist}(I, D), {link}(I, J), {source}(J, W).",
            f"{name}(J) :- {dist}(J, D), D < 2.",
        )
    draft.truths.append(name)
    draft.observable.append(f"{name}/1")


PIECES: tuple[tuple[Callable[[Draft], None], int], ...] = (
    (_network, 2), (_binary_network, 2), (_facts, 2), (_disjunction, 2), (_noisy_or, 2), (_rule, 3),
    (_flag, 2), (_chain, 3), (_noisy_copy, 1), (_pair, 2), (_clash, 2), (_equal, 1), (_constraint, 2),
    (_aggregate, 1), (_paths, 1), (_square, 1), (_any, 2),
)  # fmt: skip
"""The pieces and how often they come."""


def random_model(rng: Random) -> str:
    """The text of one program."""
    draft = Draft(rng, keys=rng.randint(1, 4))
    draft.add(f"key(0..{draft.keys - 1}).")
    _network(draft)
    pieces, weights = zip(*PIECES, strict=True)
    for piece in rng.choices(pieces, weights, k=rng.randint(1, 6)):
        piece(draft)
    observed = rng.sample(draft.observable, min(len(draft.observable), rng.randint(1, 3)))
    draft.add(*(f"observe {signature}." for signature in observed))
    asked = [f"{t}(_)" for t in draft.truths] + draft.flags + [f"{v}(_, _)" for v in draft.values]
    draft.add(*(f"query({atom})." for atom in rng.sample(asked, min(2, len(asked)))))
    if draft.truths and rng.random() < 0.15:
        sign = rng.choice(["", ", false"])
        draft.add(f"evidence({rng.choice(draft.truths)}({rng.randrange(draft.keys)}){sign}).")
    return "\n".join(draft.lines) + "\n"


@dataclass(frozen=True)
class Batch:
    """Priors and labels of some examples."""

    size: int
    priors: Mapping[str, NDArray[Any]]
    evidence: Mapping[str, NDArray[Any]]

    def cast(self, dtype: Any) -> Batch:
        """The same with priors of another type."""
        return Batch(self.size, {n: p.astype(dtype) for n, p in self.priors.items()}, self.evidence)

    def repeat(self, times: int) -> Batch:
        """Every example this many times in a row."""
        return Batch(
            self.size * times,
            {n: np.repeat(p, times, axis=0) for n, p in self.priors.items()},
            {n: np.repeat(e, times, axis=0) for n, e in self.evidence.items()},
        )


def _spread(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Distributions over the last axis: peaked or flat, some with zeros, ones and 1e-30."""
    p = rng.dirichlet(np.full(shape[-1], rng.choice([0.3, 1.0, 5.0])), shape[:-1])
    kind = rng.random(shape[:-1])
    p[kind < 0.10, 0] = 0.0
    p[kind > 0.90] = np.eye(shape[-1])[0]
    p[(kind > 0.80) & (kind < 0.90), -1] = 1e-30
    total = p.sum(-1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1.0), 1 / shape[-1])


def random_batch(
    model: emnesy.CompiledProgram, rng: np.random.Generator, examples: int, *, tame: bool = False
) -> Batch:
    """Examples whose labels come from worlds of the program, with parts missing or wrong.

    `tame`: priors without extremes, and every label as some world has it.
    """
    priors: dict[str, NDArray[np.float64]] = {}
    chosen: dict[str, NDArray[np.int64]] = {}
    for spec in model.interface.priors:
        shape = (examples, *spec.shape)
        if spec.domain is None:
            both = _spread(rng, (*shape, 2)) if not tame else rng.dirichlet([2, 2], shape)
            priors[spec.predicate] = both[..., 1].copy()
            chosen[spec.predicate] = (rng.random(shape) < both[..., 1]).astype(np.int64)
        else:
            p = (
                _spread(rng, shape)
                if not tame
                else rng.dirichlet(np.full(shape[-1], 2.0), shape[:-1])
            )
            priors[spec.predicate] = np.ascontiguousarray(p)
            draw = rng.random((*shape[:-1], 1))
            chosen[spec.predicate] = (draw > np.cumsum(p, -1)[..., :-1]).sum(-1)
    evidence = {}
    for name, labels in model.predict(chosen).items():
        labels = np.array(labels)
        if not chosen:  # the networks do not matter to anything
            labels = np.repeat(labels, examples, axis=0)
        flat = labels.reshape(examples, -1)
        if not tame:
            other = rng.permuted(flat, axis=0)
            wrong = rng.random(flat.shape) < 0.1
            flat[wrong] = other[wrong]
        missing = rng.random((examples, 1)) * rng.choice([0.0, 1.0], (examples, 1))
        flat[rng.random(flat.shape) < missing] = -1
        evidence[name] = labels
    return Batch(examples, priors, evidence)
