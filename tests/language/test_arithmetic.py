"""The front end's arithmetic is the grounder's: same functions, same values."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

import emnesy
from emnesy.diagnostics import EmnesyError
from emnesy.language.fold import FoldError, fold
from emnesy.language.operators import ARITHMETIC
from emnesy.language.printer import print_term
from emnesy.language.terms import Compound, Float, Int

numbers = st.one_of(
    st.integers(-20, 20).map(Int), st.floats(-8, 8).map(lambda x: Float(round(x, 2)))
)
expressions = st.recursive(
    numbers,
    lambda inner: st.sampled_from(sorted(ARITHMETIC)).flatmap(
        lambda function: st.tuples(*[inner] * function[1]).map(
            lambda args: Compound(function[0], args)
        )
    ),
    max_leaves=5,
)


def test_the_tables_agree():
    from emnesy import _core

    assert set(_core.arithmetic_functions()) == ARITHMETIC


@settings(max_examples=150, deadline=None)
@given(expressions)
@example(Compound("//", (Int(1), Compound("**", (Int(-3), Int(-1))))))
@example(Compound("//", (Float(1e300), Float(-0.7))))
@example(Compound("**", (Int(8), Int(-8))))
@example(Compound("**", (Int(10), Int(-5))))
@example(Compound("sqrt", (Compound("**", (Int(17), Int(15))),)))
def test_the_values_agree(expression):
    text = f"p(X) :- X is {print_term(expression)}.\nquery(p(_))."
    try:
        (answer,) = emnesy.load(text).compile(engine="enumerate").query()
    except EmnesyError:
        answer = None
    try:
        value = fold(expression)
        if isinstance(value, Float):
            value = Float(value.value + 0.0)  # the grounder has one zero
    except FoldError:
        value = None
    shown = None if value is None else f"p({print_term(value)})".replace(".0e", "e")
    assert shown == answer
