"""Arithmetic over computed cells says the same as arithmetic while grounding."""

import pytest

import emnesy
from emnesy import _core
from emnesy.ground.arithmetic import _BINARY, _UNARY


def test_every_function_of_the_grounder_is_known():
    assert {name for name, arity in _core.arithmetic_functions() if arity == 1} == set(_UNARY)
    assert {name for name, arity in _core.arithmetic_functions() if arity == 2} == set(_BINARY)


@pytest.mark.parametrize("x", [-7, -2, 3, 8])
@pytest.mark.parametrize(
    "term",
    ["{x} + 3", "2 - {x}", "{x} * {x}", "{x} / 2", "{x} // 2", "{x} mod 3", "{x} rem 3", "{x} ** 2",
     "{x} ^ 2", "min({x}, 1)", "max({x}, 1)", "{x} /\\ 6", "{x} \\/ 6", "{x} xor 6", "{x} << 2", "{x} >> 1",
     "-{x}", "abs({x})",
     "sign({x})", "floor({x} / 2)", "ceiling({x} / 2)", "round({x} / 2)", "integer({x} / 2)",
     "truncate({x} / 2)", "float({x})", "sqrt(abs({x}))", "exp({x})", "log(abs({x}))"],
)  # fmt: skip
def test_sum_of_one_uncertain_number(term, x):
    """`n(x)` is uncertain, so that its sum is computed in each world; `m(x)` is known while grounding."""
    known = f"m({x}). r(Y) :- m(X), Y is {term.format(x='X')}. query(r(_))."
    unknown = (
        f"0.5::n({x}). s(sum<X>) :- n(X). r(Y) :- s(X), Y is {term.format(x='X')}. query(r(_))."
    )
    (atom,) = emnesy.load(known).compile("enumerate").query()
    answers = emnesy.load(unknown).compile("enumerate").query()
    ((computed, probability),) = answers.items()
    assert probability == pytest.approx(0.5)
    value, expected = (float(text[2:-1]) for text in (computed, atom))
    assert value == pytest.approx(expected, rel=1e-12)


def test_long_chains_of_numbers_are_no_recursion():
    """Three thousand numbers, each one more than the one before; one that is no integer in the middle."""
    text = """
    0.5::go. far(0, min<0>) :- go.
    far(I + 1, min<D + S>) :- far(I, D), step(I, S).
    step(I, 1) :- I in 0..2999, I =\\= 1500. step(1500, 0.5).
    query(far(1500, _)). query(far(3000, _)).
    """
    answers = emnesy.load(text).compile(engine="rejection", options={"samples": 512}).query()
    assert set(answers) == {"far(1500,1500)", "far(3000,2999.5)"}
