"""`sdd`: what it is for, its limits, small and zero probabilities, batches. Random programs: elsewhere."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

import emnesy
from conformance.oracle import problog_queries
from emnesy.circuit import compiler
from emnesy.engine import sdd

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not compiler.find_spec("pysdd"), reason="the extra `sdd` is not installed"
)

COINS = """
const n = 2.
item(0..n-1).
nn(net, image(I)) :: heads(I) :- item(I).
tails :- item(I), not heads(I).
all_heads :- not tails.
observe all_heads/0.
"""

DIGITS = """
nn(net, image(I), D, 0..3) :: digit(I, D) :- item(I).
item(0). item(1).
total(A + B) :- digit(0, A), digit(1, B).
observe total/1.
"""


def grid(rows: int, columns: int) -> str:
    """Are opposite corners of a grid of links connected, each of which may be broken? Walks go both ways."""
    links = [
        f"0.8::link(n({r},{c}),n({r + dr},{c + dc}))."
        for c in range(columns)
        for r in range(rows)
        for dr, dc in ((1, 0), (0, 1))
        if r + dr < rows and c + dc < columns
    ]
    return "\n".join(links) + (
        "\nedge(A, B) :- link(A, B). edge(A, B) :- link(B, A)."
        "\nreach(n(0,0)). reach(B) :- reach(A), edge(A, B)."
        f"\nquery(reach(n({rows - 1},{columns - 1}))).\n"
    )


def test_a_network_beyond_junction_trees() -> None:
    """`exact` refuses and names `sdd`, which agrees with ProbLog."""
    text = grid(4, 5)
    with pytest.raises(emnesy.EngineError, match=r"E0706(.|\n)*`sdd`"):
        emnesy.load(text).compile("exact")
    model = emnesy.load(text).compile("sdd", options={"vtree": "right", "order": "program"})
    assert model.query() == pytest.approx(problog_queries(text), abs=1e-9)


def cyclic(seed: int) -> str:
    """Cycles through two predicates, rules with a chance, negated atoms from outside, loops at one atom."""
    rng = random.Random(seed)
    nodes = range(rng.randint(2, 5))
    lines = [
        f"0.{rng.randint(2, 8)}::e({rng.choice(nodes)},{rng.choice(nodes)})." for _ in range(6)
    ]
    lines += [f"0.3::off({n})." for n in nodes if rng.random() < 0.5] or ["0.3::off(9)."]
    lines += [
        f"p({rng.choice(nodes)}) :- e({rng.choice(nodes)},{rng.choice(nodes)}).",
        "p(Y) :- e(X, Y), q(X), not off(Y).",
        "q(Y) :- p(Y).",
        "q(Y) :- q(X), e(Y, X).",
        "0.6::p(X) :- q(Y), e(X, Y), Y \\= X.",
    ]
    if rng.random() < 0.3:  # a body that reads two atoms of the cycle
        lines.append("p(X) :- q(Y), p(Z), e(Y, Z), e(Z, X).")
    return "\n".join([*lines, "query(p(_)).", "query(q(_)).", "evidence(q(0), false)."])


@pytest.mark.parametrize("seed", range(30))
def test_cycles(seed: int) -> None:
    def answers(engine: str) -> dict[str, float] | str:
        try:
            return dict(emnesy.load(cyclic(seed)).compile(engine).query())
        except emnesy.EmnesyError as error:
            return error.diagnostics[0].code  # impossible evidence

    want = answers("enumerate")
    assert answers("sdd") == (want if isinstance(want, str) else pytest.approx(want, abs=1e-12))


def test_large_cycles() -> None:
    """Sixty nodes on a ring with links both ways: the far one is reached around either side."""
    text = "\n".join(f"0.9::link({n}, {(n + 1) % 60})." for n in range(60)) + (
        "\nr(0). r(Y) :- r(X), link(X, Y). r(Y) :- r(X), link(Y, X). query(r(30)).\n"
    )
    way = 0.9**30
    want = {"r(30)": way + way - way * way}
    assert emnesy.load(text).compile("sdd").query() == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"vtree": "right"},
        {"vtree": "left"},
        {"vtree": "vertical", "order": "program"},
        {"search": True},
        {"search": True, "order": "program"},
    ],
)
def test_options_change_the_diagram_not_the_answer(options: dict[str, object]) -> None:
    text = grid(3, 3)
    want = emnesy.load(text).compile("enumerate").query()
    model = emnesy.load(text).compile("sdd", options=options)
    assert model.query() == pytest.approx(want, abs=1e-12)
    observed = emnesy.load(DIGITS)
    prior = np.random.default_rng(0).dirichlet(np.ones(4), (5, 2))
    total = {"total": np.array([0, 3, 6, -1, 2])}
    got = observed.compile("sdd", options=options).posterior({"digit": prior}, total)
    reference = observed.compile("enumerate").posterior({"digit": prior}, total)
    np.testing.assert_allclose(got["digit"], reference["digit"], atol=1e-12)
    np.testing.assert_allclose(got.log_likelihood, reference.log_likelihood, atol=1e-12)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    with pytest.raises(emnesy.EngineError, match=r"E0715(.|\n)*pip install 'emnesy\[sdd\]'"):
        emnesy.load("0.5::a. query(a).").compile("sdd")


@pytest.mark.parametrize(
    ("options", "words"), [({"size": 50}, "elements"), ({"seconds": 0.001}, "not finished")]
)
def test_limits(options: dict[str, float], words: str) -> None:
    program = emnesy.load(ROOT / "programs/railway.nesy")
    with pytest.raises(emnesy.EngineError) as refusal:
        program.compile("sdd", options=options)
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.code == "E0716"
    assert words in diagnostic.message
    assert diagnostic.help is not None
    assert "`bp`" in diagnostic.help


def test_refusals_name_engines_that_take_the_program() -> None:
    with pytest.raises(emnesy.EngineError, match="E0716") as refusal:
        emnesy.load(grid(3, 3)).compile("sdd", options={"size": 10})
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.help is not None
    assert "`gibbs`" in diagnostic.help
    assert "`bp`" not in diagnostic.help, "it takes no positive cycles"


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that compiles ends where it has no more; this one goes on and says so."""
    monkeypatch.setattr(compiler, "MEMORY", 64 << 20)
    program = emnesy.load(ROOT / "programs/visual_sudoku.nesy")
    with pytest.raises(emnesy.EngineError, match=r"E0716(.|\n)*memory"):
        program.compile("sdd", options={"size": 1 << 40, "vtree": "right"})


def test_computed_numbers_are_refused() -> None:
    text = "0.5::a(1). 0.4::a(2). n(count<X>) :- a(X). many :- n(C), C > 1. query(many)."
    with pytest.raises(emnesy.EngineError, match=r"E0705(.|\n)*`exact`"):
        emnesy.load(text).compile("sdd")


@pytest.mark.parametrize("n", [2, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_and_zero_priors(n: int, dtype: type) -> None:
    """Forty coins of 1e-30: far below the least float64. By hand: all heads, or not."""
    model = emnesy.load(COINS, consts={"n": n}).compile("sdd")
    small = dtype(1e-30)
    prior = np.full((5, n), small, dtype)
    prior[1, 0] = 0.0
    prior[2] = 1.0
    prior[3, 1] = 0.25
    seen = np.array([1, 1, 0, 1, -1])
    answer = model.posterior({"heads": prior}, {"all_heads": seen})
    assert answer.possible.tolist() == [True, False, False, True, True]
    one = math.log(float(small))
    want = [n * one, emnesy.engine.base.LOG_ZERO, emnesy.engine.base.LOG_ZERO]
    want += [(n - 1) * one + math.log(0.25), 0.0]
    np.testing.assert_allclose(answer.log_likelihood, np.array(want, dtype), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(answer["heads"][[0, 3]], 1.0)
    np.testing.assert_array_equal(answer["heads"][[1, 2]], prior[[1, 2]])
    np.testing.assert_allclose(answer["heads"][4], prior[4], rtol=1e-6)
    beyond = answer.report.extra["logarithms"].tolist()
    assert beyond == [n == 40, n == 40, False, n == 40, n == 40]


def test_small_posteriors_keep_their_precision() -> None:
    """By hand: of the two ways to make 1, one is 1e-30 times as probable; 2 by 0 + 2 has prior zero."""
    prior = np.array([[[0.5, 0.5 - 1e-30, 0, 0], [0.5, 1e-30, 0.0, 0.5]]])
    model = emnesy.load(DIGITS).compile("sdd")
    answer = model.posterior({"digit": prior}, {"total": np.array([1])})
    assert answer["digit"][0, 0, 0] == pytest.approx(2e-30, rel=1e-12)
    assert answer["digit"][0, 1, 1] == pytest.approx(2e-30, rel=1e-12)
    assert answer["digit"][0, 0, 2] == 0
    assert math.exp(answer.log_likelihood[0]) == pytest.approx(0.25, rel=1e-12)


@pytest.mark.parametrize("task", ["marginals", "map", "sample"])
def test_threads_and_pieces_change_nothing(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three examples go together here, so that threads have something to share."""
    model = emnesy.load(DIGITS).compile("sdd")
    monkeypatch.setattr(sdd, "NUMBERS", 3 * model.engine._circuit.elements)  # type: ignore[attr-defined]
    random = np.random.default_rng(1)
    prior = {"digit": random.dirichlet(np.full(4, 0.5), (50, 2))}
    total = {"total": random.integers(-1, 7, 50)}
    one, *others = (model.posterior(prior, total, task=task, seed=5, threads=t) for t in (1, 2, 4))
    for other in others:
        assert one["digit"].tobytes() == other["digit"].tobytes()
        assert one.log_likelihood.tobytes() == other.log_likelihood.tobytes()
    again = model.posterior(
        {"digit": prior["digit"][:7]}, {"total": total["total"][:7]}, task=task, seed=5
    )
    np.testing.assert_allclose(one["digit"][:7], again["digit"], rtol=1e-12)


def test_samples_are_distributed_as_the_posterior() -> None:
    model = emnesy.load(DIGITS).compile("sdd")
    prior = np.array([[[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]])
    count = 4000
    seen = {"total": np.full(count, 3)}
    want = model.posterior({"digit": prior}, {"total": np.array([3])})["digit"][0]
    got = model.posterior({"digit": np.repeat(prior, count, 0)}, seen, task="sample", seed=2)
    # Five standard deviations of a share of so many.
    np.testing.assert_allclose(got["digit"].mean(axis=0), want, atol=5 * math.sqrt(0.25 / count))


def test_gradients_are_posteriors() -> None:
    """The derivative of log p(y) with respect to the log-prior, as for every engine."""
    torch = pytest.importorskip("torch")
    logits = torch.randn(3, 2, 4, dtype=torch.float64, requires_grad=True)
    prior = torch.softmax(logits, -1)
    prior.retain_grad()
    seen = {"total": torch.tensor([2, 5, 0])}
    model = emnesy.load(DIGITS).compile("sdd")
    model.log_likelihood({"digit": prior}, seen).sum().backward()
    want = emnesy.load(DIGITS).compile("enumerate").posterior({"digit": prior.detach()}, seen)
    np.testing.assert_allclose((prior.grad * prior).detach(), want["digit"], atol=1e-12)


def test_auto_takes_no_extra() -> None:
    """Whether PySDD is installed changes no answer; why approximate ones are, names what is exact."""
    model = emnesy.load(grid(4, 5)).compile()
    assert not model.engine.exact
    assert "`sdd`" in model.why_approximate()
