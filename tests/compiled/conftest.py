from functools import cache
from pathlib import Path

import pytest

import emnesy

ADDITION = Path(__file__).parents[2] / "programs/mnist_addition.nesy"


@cache
def compile_addition(n, engine):
    return emnesy.load(ADDITION, consts={"n": n}).compile(engine=engine)


@pytest.fixture
def addition():
    """``addition(n, engine="bp")``: the compiled reference program."""
    return lambda n, engine="bp": compile_addition(n, engine)
