"""FactorGraph through its bindings."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from emnesy import _core

from .graphs import two_dice


def test_arrays_come_back_as_read_only_views():
    arrays = two_dice().arrays()
    graph = _core.FactorGraph(**arrays)
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            continue
        view = getattr(graph, name)
        assert_array_equal(view, array)
        assert view.dtype == array.dtype
        assert not view.flags.writeable
    assert graph.is_forest()
    assert graph.variable_count == 3
    assert graph.factor_count == 1
    assert "factor 0: table(v0, v1, v2), 9 tuples" in graph.dump()


def test_views_outlive_the_graph():
    view = _core.FactorGraph(**two_dice().arrays()).tuple_value
    assert_array_equal(view, np.ravel(two_dice().tables[0]))


def test_a_broken_invariant_is_named():
    arrays = two_dice().arrays()
    arrays["tuple_value"] = arrays["tuple_value"] + np.int32(1)
    with pytest.raises(ValueError, match="factor 0: tuple values lie in the variables' range"):
        _core.FactorGraph(**arrays)


def test_wrong_dtypes_and_unknown_arrays_are_refused():
    arrays = two_dice().arrays()
    with pytest.raises(TypeError, match="scope must be a one-dimensional array of int32"):
        _core.FactorGraph(**{**arrays, "scope": arrays["scope"].astype(np.int64)})
    with pytest.raises(TypeError, match="no array 'scopes'"):
        _core.FactorGraph(**arrays, scopes=arrays["scope"])


def test_a_layout_outside_its_block_is_refused():
    with pytest.raises(ValueError, match="choice 1 lies outside of its block"):
        _core.BeliefPropagation(
            two_dice().graph(),
            block=np.zeros(2, np.int32),
            offset=np.array([0, 4], np.int64),
            stride=np.ones(2, np.int32),
            block_size=[6],
        )
