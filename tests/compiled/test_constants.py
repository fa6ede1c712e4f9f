"""Constants given from Python: numbers of any library, texts, and nothing else."""

import numpy as np
import pytest
import torch

import emnesy
from emnesy.diagnostics import ProgramError

PROGRAM = "const n = 1.\na(n).\nquery(a(_)).\n"


@pytest.mark.parametrize(
    ("value", "atom"),
    [
        (4, "a(4)"),
        (np.int64(4), "a(4)"),
        (np.float32(0.5), "a(0.5)"),
        (torch.tensor(4), "a(4)"),
        (2.5, "a(2.5)"),
        ("sun", "a(sun)"),
        (np.str_("sun"), "a(sun)"),
    ],
)
def test_what_may_be_a_constant(value, atom):
    assert emnesy.load(PROGRAM, consts={"n": value}).compile().query() == {atom: 1.0}


@pytest.mark.parametrize(
    "value",
    [None, [1], (1,), {}, float("nan"), float("inf"), np.float64("nan"), np.arange(3), 1j, b"x"],
)
def test_what_may_not(value):
    with pytest.raises(ProgramError, match=r"E0803.*constant `n` cannot be"):
        emnesy.load(PROGRAM, consts={"n": value})
