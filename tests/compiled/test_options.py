"""Options of engines: from the program, overridden by the call."""

import numpy as np
import pytest

import emnesy

RING = """
0.6::a(0). 0.4::a(1). 0.7::a(2). 0.5::a(3).
:- a(I), not a(J), J is (I + 1) mod 4, I > 0.
query(a(_)).
"""


def iterations(program, **options):
    answer = emnesy.load(program).compile().posterior(options=options)
    assert answer.report.engine == "bp"
    return int(answer.report.iterations[0])


def test_the_program_sets_options_and_the_call_overrides_them():
    ring = RING + ":- a(0), a(2).\n:- not a(0), not a(2).\n"
    program = ring + ":- engine(bp, max_iterations=2, tolerance=0.0, cluster=0).\n"
    assert iterations(program) == 2
    assert iterations(program, max_iterations=3) == 3


def test_options_of_another_engine_are_not_passed_on():
    program = RING + ":- engine(bp, damping=0.5).\n"
    emnesy.load(program).compile("enumerate").query()


@pytest.mark.parametrize("option", [{"dampin": 0.1}, {"damping": 2.0}, {"schedule": "random"}])
def test_unknown_options_and_values_are_refused(option):
    model = emnesy.load(RING).compile("bp")
    with pytest.raises(emnesy.EngineError, match=next(iter(option))):
        model.posterior(options=option)


def test_auto_is_exact_on_a_small_loopy_program():
    model = emnesy.load(RING).compile()
    assert model.engine.exact
    exact = emnesy.load(RING).compile("enumerate").query()
    assert np.allclose(list(model.query().values()), list(exact.values()))
