"""Terms as Python's values: every term comes back as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import emnesy
from emnesy import _core
from emnesy.ground.python_values import NoTerm, put, term_at, to_python, to_term
from emnesy.ground.terms import Interner
from emnesy.language.terms import Compound, Float, Int, Str, Sym


def pairs(functor, items, last):
    for item in reversed(items):
        last = Compound(functor, (item, last))
    return last


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
LEAVES = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(Int),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: Float(x + 0.0)),
    TEXT.map(Sym),
    TEXT.map(Str),
    st.sampled_from([Sym("true"), Sym("false"), Sym("[]"), Int(1), Float(1.0)]),
)
TERMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: pairs("[|]", items, Sym("[]"))),
        st.lists(inner, min_size=2, max_size=4).map(lambda x: pairs(",", x[:-1], x[-1])),
        st.lists(inner, min_size=2, max_size=3).map(lambda x: pairs("[|]", x[:-1], x[-1])),
        st.tuples(TEXT, st.lists(inner, min_size=1, max_size=3)).map(
            lambda x: Compound(x[0], tuple(x[1]))
        ),
    ),
)


@given(TERMS)
def test_there_and_back(term):
    assert to_term(to_python(term)) == term
    values = _core.ValueTable()
    assert term_at(values, put(values, term)) == term
    interner = Interner()
    assert term_at(interner.values, interner(term)) == term


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (Int(3), 3),
        (Float(3.0), 3.0),
        (Sym("sun"), "sun"),
        (Sym("true"), True),
        (Sym("false"), False),
        (Str("sun"), emnesy.String("sun")),
        (Sym("[]"), []),
        (pairs("[|]", [Int(1), Sym("a")], Sym("[]")), [1, "a"]),
        (pairs(",", [Int(1), Sym("a")], Float(0.5)), (1, "a", 0.5)),
        (Compound("f", (Int(1), Sym("[]"))), emnesy.Compound("f", (1, []))),
        (Compound("[|]", (Int(1), Sym("a"))), emnesy.Compound("[|]", (1, "a"))),
    ],
)
def test_values(term, value):
    found = to_python(term)
    assert found == value
    assert type(found) is type(value)
    assert to_term(value) == term


def test_numpy():
    assert to_term(np.int8(3)) == Int(3)
    assert to_term(np.float32(0.5)) == Float(0.5)
    assert to_term(np.bool_(True)) == Sym("true")
    assert to_term([np.int64(1)]) == pairs("[|]", [Int(1)], Sym("[]"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "nan, which is no number here"),
        (-np.inf, "-inf"),
        (2**63, "more than 64 bits"),
        (np.uint64(2**63), "more than 64 bits"),
        (None, "None inside"),
        ([None], "None inside"),
        (b"bytes", "type bytes"),
        ({}, "type dict"),
        (3j, "type complex"),
        (np.zeros(()), "numpy.ndarray"),
        ((1,), "fewer than two items"),
        (emnesy.Compound("f", ()), "Compound"),
        (emnesy.Compound(3, (1,)), "Compound(name"),
        (emnesy.Compound("f", [1]), "Compound(name"),
        ([0] * 10_001, "10,000 deep"),
    ],
)
def test_what_is_no_term(value, said):
    with pytest.raises(NoTerm) as error:
        to_term(value)
    assert said in str(error.value)
