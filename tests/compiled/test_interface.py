"""The tensors of a program: shapes that follow from its keys alone."""

import numpy as np

import emnesy

PROGRAM = """
pos(0..2).
nn(net, image(I), D, 0..3) :: digit(I, D) :- pos(I).
s(D) :- digit(1, D).
observe s/1.
"""


def test_inputs_that_matter_to_nothing_keep_their_place():
    for engine in ("bp", "enumerate"):
        model = emnesy.load(PROGRAM).compile(engine=engine)
        (spec,) = model.interface.priors
        assert spec.shape == (3, 4)
        priors = np.random.default_rng(0).dirichlet(np.ones(4), size=(2, 3))
        answer = model.posterior({"digit": priors}, {"s": np.array([2, 0])})
        np.testing.assert_allclose(answer["digit"][:, [0, 2]], priors[:, [0, 2]], atol=1e-12)
        np.testing.assert_allclose(answer["digit"][:, 1], np.eye(4)[[2, 0]], atol=1e-12)
        np.testing.assert_allclose(
            answer.log_likelihood, np.log([priors[0, 1, 2], priors[1, 1, 0]])
        )


def test_symbols_index_in_the_order_of_the_text_and_integers_by_value():
    program = """
    side(right). side(left).
    nn(net, image(S, I), D, [no, yes]) :: flag(S, I, D) :- side(S), I in 1..2.
    both(I) :- flag(left, I, yes), flag(right, I, yes).
    observe both/1.
    """
    model = emnesy.load(program).compile(engine="bp")
    (spec,) = model.interface.priors
    assert spec.shape == (2, 3, 2)  # integers index by value: position 0 stays unused
    assert spec.axes[0].labels == ("right", "left")
    assert spec.axes[1].labels == (None, 1, 2)
    assert spec.domain == ("no", "yes")
    (label,) = model.interface.labels
    assert label.shape == (3,)
    assert not label.functional
