"""Learned probabilities against ProbLog's own learning from interpretations, from the same initial values."""

from __future__ import annotations

import itertools
import math
import sys
import warnings

import pytest

import emnesy
from emnesy.diagnostics import Source
from emnesy.learn.examples import Examples
from emnesy.learn.interpretations import (
    InterpretationDataset,
    observed_atoms,
    read_interpretations,
)
from emnesy.learn.options import TrainOptions
from emnesy.learn.trainer import Trainer

TOLERANCE = 1e-3

# name -> program, interpretations with how often each is seen.
CASES = {
    "facts": ("t(0.5)::a. t(0.3)::b.", {"a. b.": 3, "a. \\+b.": 5, "\\+a. \\+b.": 2}),
    "a hidden cause": (
        "t(0.3)::a. 0.4::b. c :- a. c :- b.",
        {"c.": 7, "\\+c.": 3},
    ),
    "two hidden causes, one seen sometimes": (
        "t(0.3)::a. t(0.6)::b. c :- a. c :- b.",
        {"c.": 4, "\\+c.": 3, "a. c.": 2, "b. c.": 1, "c. \\+a.": 2},
    ),
    "rules": (
        "t(0.2)::burglary. 0.3::earthquake. "
        "t(0.4)::alarm :- burglary. t(0.6)::alarm :- earthquake. t(0.5)::calls :- alarm.",
        {
            "calls. burglary.": 3, "\\+calls. \\+burglary.": 9, "alarm. \\+calls.": 2,
            "alarm. calls. \\+burglary.": 4, "calls. \\+earthquake.": 2,
        },
    ),
    "a table": (
        "t(0.3)::b. 0.2::e. t(0.4)::p1. t(0.5)::p2. t(0.6)::p3. "
        "alarm :- b, e, p1. alarm :- b, \\+e, p2. alarm :- \\+b, e, p3.",
        {
            "b. alarm.": 4, "\\+b. \\+alarm.": 8, "e. alarm.": 3, "\\+e. b. \\+alarm.": 2,
            "b. e. \\+alarm.": 1, "\\+b. e. alarm.": 2,
        },
    ),
    "one parameter for several facts": (
        "t(0.2)::up(1). t(0.7)::edge(X) :- node(X). node(1). node(2). node(3). "
        "path :- edge(1), edge(2). path :- edge(3), up(1).",
        {"path. edge(3).": 3, "\\+path. up(1).": 4, "path. \\+edge(2).": 1, "\\+edge(1).": 3},
    ),
    "one parameter for each value": (
        "t(0.5, X)::likes(X, Y) :- p(X), p(Y). p(1). p(2). "
        "both :- likes(1, 2), likes(2, 1). loved :- likes(1, 1). loved :- likes(2, 1).",
        {"both.": 2, "\\+both. loved.": 3, "\\+loved.": 4, "likes(1,2). \\+both.": 3},
    ),
    "an annotated disjunction": (
        "t(0.2)::red; t(0.3)::green; t(0.1)::blue; t(0.4)::grey. warm :- red. warm :- green.",
        {"warm.": 5, "\\+warm.": 4, "red.": 3, "blue.": 2, "grey.": 2, "\\+red. \\+green. \\+blue.": 1},
    ),
    "a disjunction with a body": (
        "0.6::sun. t(0.3)::w(walk); t(0.3)::w(ride); t(0.4)::w(stay) :- sun. "
        "t(0.2)::w(walk); t(0.5)::w(ride); t(0.3)::w(stay) :- \\+sun. "
        "out :- w(walk). out :- w(ride).",
        {
            "sun. out.": 4, "w(walk). \\+sun.": 3, "w(stay).": 3, "w(ride).": 4, "out. \\+sun.": 2,
            "sun. w(walk).": 5,
        },
    ),
    "a chain of weather": (
        "t(0.5)::s(0); t(0.5)::r(0). "
        "t(0.7)::s(T); t(0.3)::r(T) :- d(T), P is T-1, s(P). "
        "t(0.2)::s(T); t(0.8)::r(T) :- d(T), P is T-1, r(P). "
        "d(1). d(2). d(3). e(0). e(T) :- d(T). "
        "0.9::wet(T) :- r(T), e(T). 0.2::wet(T) :- s(T), e(T).",
        {
            "wet(0). wet(1). wet(3).": 2, "\\+wet(0). \\+wet(1). s(2).": 3,
            "s(0). r(1).": 2, "s(0). s(1). r(3).": 2, "r(0). r(2). wet(3).": 3,
        },
    ),
    "smokers with a cycle": (
        "t(0.3)::stress(X) :- p(X). t(0.4)::inf(X, Y) :- f(X, Y). "
        "smokes(X) :- stress(X). smokes(X) :- f(X, Y), inf(Y, X), smokes(Y). "
        "p(1). p(2). p(3). f(1, 2). f(2, 1). f(2, 3). f(3, 2).",
        {
            "smokes(1). smokes(2).": 3, "\\+smokes(1). smokes(3).": 2,
            "\\+smokes(1). \\+smokes(2). \\+smokes(3).": 4, "stress(1). \\+smokes(2).": 2,
        },
    ),
    "an impossible interpretation": (
        "t(0.5)::a. 0.5::b. c :- a, b.",
        {"c.": 2, "\\+a.": 3, "c. \\+b.": 4, "a. \\+c.": 1},
    ),
}  # fmt: skip


def interpretations(seen: dict[str, int]) -> list[str]:
    return [text for text, count in seen.items() for _ in range(count)]


def learn(program: str, seen: dict[str, int], engine: str | None = None, **options: object):
    """A trainer that has run EM on all interpretations at once to its end."""
    whole = emnesy.load(program + "\n")
    source = Source("examples.pl", "\n---\n".join(interpretations(seen)))
    read = read_interpretations(source, whole.core)
    model = whole.observing(observed_atoms(read)).compile(engine, threads=1)
    data = InterpretationDataset(read, model, "examples.pl")
    examples = Examples(data, model.interface, "train", batch_size=None)
    settings = TrainOptions.read({"epochs": 5000, "schedule": "constant", **options})
    trainer = Trainer(model, {}, examples, settings, threads=1)
    assert trainer.fit()
    return trainer


def problog(program: str, seen: dict[str, int]) -> dict[str, float]:
    """ProbLog's answer: Gutmann et al., "Learning the parameters of probabilistic logic programs from
    interpretations", ECML 2011.
    """
    limit = sys.getrecursionlimit()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from problog.learning.lfi import LFIProblem, extract_evidence
        from problog.program import PrologString

        examples = []
        for text in interpretations(seen):
            atoms = [part for part in text.replace(".", ". ").split(". ") if part.strip()]
            evidence = "".join(f"evidence({atom.strip()}).\n" for atom in atoms)
            examples.append(extract_evidence(PrologString(evidence)))
        # ProbLog knows no "none of the alternatives" in disjunctions: those here sum to one.
        task = LFIProblem(
            PrologString(program),
            examples,
            max_iter=2000,
            min_improv=1e-13,
            infer_AD_values=False,
            normalize=True,
        )
        try:
            task.run()
        finally:
            sys.setrecursionlimit(limit)
    result = {}
    for index, name in enumerate(task.names):
        for arguments, value in task.get_weights(index):
            keys = dict(
                zip(map(str, name.probability.args[1:]), map(str, arguments.args), strict=True)
            )
            text = str(name.with_probability()).replace(" ", "")
            for variable, constant in keys.items():
                text = text.replace(variable, constant)
            result.setdefault(text, []).append(value)
    return result


@pytest.mark.parametrize("case", CASES)
def test_same_probabilities_as_problog(case: str) -> None:
    program, seen = CASES[case]
    learned: dict[str, list[float]] = {}
    for name, value in learn(program, seen).probabilities.named().items():
        learned.setdefault(name.split(" :- ")[0], []).append(value)
    for name, values in problog(program, seen).items():
        assert learned[name] == pytest.approx(values, abs=TOLERANCE), name


@pytest.mark.parametrize("case", CASES)
def test_the_likelihood_never_falls(case: str) -> None:
    program, seen = CASES[case]
    trainer = learn(program, seen, "exact", epochs=60)
    likelihoods = [record["log_likelihood"] for record in trainer.progress.history]
    assert all(math.isfinite(value) for value in likelihoods)
    falls = [b - a for a, b in itertools.pairwise(likelihoods)]
    assert min(falls, default=0.0) > -1e-9


@pytest.mark.parametrize(
    "engine", [":- engine(gibbs).", ":- engine(abc, kernel=exact).", ":- engine(rejection)."]
)
def test_sampling_engines_come_near(engine: str) -> None:
    program, seen = CASES["two hidden causes, one seen sometimes"]
    exact = learn(program, seen, "enumerate").probabilities.named()
    near = learn(program + engine, seen, epochs=60).probabilities.named()
    assert near == pytest.approx(exact, abs=0.05)


def test_the_impossible_is_left_out_and_named() -> None:
    program, seen = CASES["an impossible interpretation"]
    data = learn(program, seen).train.dataset
    assert len(data) == 6
    assert [one.number for one in data.impossible] == [6, 7, 8, 9]
    assert "4 impossible" in data.describe()
    assert "6 (line 11)" in data.describe()
