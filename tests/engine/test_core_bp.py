"""The native engine through its bindings."""

from __future__ import annotations

import gc
import os
import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emnesy import _core

from .graphs import Maker, engine, two_dice

PRIOR = np.array([[0.5, 0.3, 0.2, 0.1, 0.2, 0.7]])


def joint(label: int) -> tuple[np.ndarray, float]:
    """Posterior of both dice and p(label), by the definition."""
    table = np.outer(PRIOR[0, :3], PRIOR[0, 3:])
    i, j = np.indices(table.shape)
    table[(i + j) != label] = 0
    evidence = table.sum()
    return np.concatenate([table.sum(1), table.sum(0)]) / evidence, float(evidence)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-12)])
def test_posteriors_and_log_evidence_of_a_batch(dtype, tolerance):
    labels = np.array([[0], [1], [2], [3], [4]], np.int32)
    bp = engine(two_dice().graph())
    assert bp.exact
    posteriors, log_evidence, possible, _, progress, _ = bp.run(
        [PRIOR.astype(dtype)], labels
    )
    assert posteriors[0].dtype == log_evidence.dtype == dtype
    assert posteriors[0].shape == (5, 6)
    for row, label in enumerate(labels[:, 0]):
        expected, evidence = joint(label)
        assert_allclose(posteriors[0][row], expected, atol=tolerance)
        assert_allclose(log_evidence[row], np.log(evidence), atol=10 * tolerance)
    assert possible.all()
    assert progress is None


def test_a_missing_label_gives_the_prior_and_the_query_its_probability():
    posteriors, log_evidence, _, queries, *_ = engine(two_dice().graph()).run(
        [PRIOR], np.array([[-1]], np.int32)
    )
    assert_allclose(posteriors[0], PRIOR)
    assert_allclose(log_evidence, 0, atol=1e-12)
    assert_allclose(queries[0, 0], sum(joint(label)[1] for label in (0, 2, 4)))


def test_impossible_evidence_is_reported():
    prior = np.array([[1.0, 0, 0, 0, 1.0, 0]])
    posteriors, log_evidence, possible, queries, *_ = engine(two_dice().graph()).run(
        [prior], np.array([[4], [1]], np.int32)
    )
    assert possible.tolist() == [False, True]
    assert log_evidence.tolist() == [-1e30, 0.0]
    assert_array_equal(posteriors[0], np.repeat(prior, 2, axis=0))
    assert queries[0, 0] == 0


@pytest.mark.parametrize("task", ["map", "sample"])
def test_decoded_and_sampled_worlds_are_one_hot_and_agree_with_the_label(task):
    labels = np.full((200, 1), 2, np.int32)
    posteriors, log_evidence, _, queries, *_ = engine(two_dice().graph()).run(
        [PRIOR], labels, task=task, seed=3
    )
    a, b = posteriors[0][:, :3], posteriors[0][:, 3:]
    assert ((a.sum(1) == 1) & (b.sum(1) == 1)).all()
    assert_array_equal(a.argmax(1) + b.argmax(1), 2)
    assert_allclose(log_evidence, np.log(joint(2)[1]))
    assert (queries == 1).all()
    if task == "map":
        assert (a.argmax(1) == 0).all()  # 0.5 * 0.7 beats 0.3 * 0.2 and 0.2 * 0.1
    else:
        share = 0.5 * 0.7 / joint(2)[1]
        assert abs((a.argmax(1) == 0).mean() - share) < 5 * np.sqrt(share * (1 - share) / 200)


def test_the_answer_does_not_depend_on_threads_and_depends_on_the_seed():
    bp = engine(two_dice().graph())
    labels = np.resize(np.arange(-1, 5, dtype=np.int32), (300, 1))
    first = bp.run([PRIOR], labels, task="sample", seed=5)
    for threads in (2, 4):
        again = bp.run([PRIOR], labels, task="sample", seed=5, threads=threads)
        assert_array_equal(first[0][0], again[0][0])
        assert_array_equal(first[1], again[1])
    assert (bp.run([PRIOR], labels, task="sample", seed=6)[0][0] != first[0][0]).any()


def test_many_python_threads_at_once():
    bp = engine(two_dice().graph())
    labels = np.resize(np.arange(5, dtype=np.int32), (500, 1))
    expected = bp.run([PRIOR], labels)[0][0]
    wrong = []

    def work() -> None:
        for _ in range(20):
            if not np.array_equal(bp.run([PRIOR], labels, threads=2)[0][0], expected):
                wrong.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_can_use_the_pool():
    bp = engine(two_dice().graph())
    labels = np.resize(np.arange(5, dtype=np.int32), (200, 1))
    expected = bp.run([PRIOR], labels, threads=3)[1]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python 3.12 warns of any fork with threads
        child = os.fork()
    if child == 0:
        ok = np.array_equal(bp.run([PRIOR], labels, threads=3)[1], expected)
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_results_own_their_memory():
    def result() -> np.ndarray:
        return engine(two_dice().graph()).run([PRIOR], np.array([[2]], np.int32))[0][0]

    kept = result()
    gc.collect()
    assert_allclose(kept[0], joint(2)[0])
    assert kept.flags.writeable


LABELS = np.array([[2], [3]], np.int32)


@pytest.mark.parametrize(
    ("priors", "labels", "message"),
    [
        ([PRIOR.astype(np.float16)], LABELS, "must be a C-contiguous float64 .* not float16"),
        (
            [PRIOR[:, :5].copy()],
            LABELS,
            r"shape \(2 or 1, 6\), not float64 array of shape \(1, 5\)",
        ),
        ([np.repeat(PRIOR, 3, 0)], LABELS, r"not float64 array of shape \(3, 6\)"),
        ([np.repeat(PRIOR, 2, 0)[:, ::-1]], LABELS, "not C-contiguous"),
        ([PRIOR[0]], LABELS, r"not float64 array of shape \(6,\)"),
        ([PRIOR.tolist()], LABELS, "not list"),
        ([PRIOR, PRIOR], LABELS, "expected 1 prior blocks, not 2"),
        ([PRIOR], LABELS.astype(np.int64), "evidence must be .* int32 .* not int64"),
        ([PRIOR], LABELS[:, 0], r"shape \(B, 1\), not int32 array of shape \(2,\)"),
        ([PRIOR], np.zeros((2, 2), np.int32), r"not int32 array of shape \(2, 2\)"),
    ],
)
def test_wrong_arrays_are_refused_not_cast(priors, labels, message):
    with pytest.raises(TypeError, match=message):
        engine(two_dice().graph()).run(priors, labels)


def test_mixed_dtypes_are_refused():
    maker = two_dice()
    bp = _core.BeliefPropagation(
        maker.graph(),
        block=np.array([0, 1], np.int32),
        offset=np.zeros(2, np.int64),
        stride=np.ones(2, np.int32),
        block_size=[3, 3],
    )
    first, second = np.ascontiguousarray(PRIOR[:, :3]), np.ascontiguousarray(PRIOR[:, 3:])
    posteriors = bp.run([first, second], LABELS)[0]
    assert_allclose(np.hstack(posteriors)[0], joint(2)[0])
    with pytest.raises(TypeError, match="prior block 1 must be a C-contiguous float32"):
        bp.run([first.astype(np.float32), second], LABELS)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("task", "guess"),
        ("threads", 0),
        ("damping", 1.0),
        ("max_iterations", 0),
        ("tolerance", -1.0),
        ("schedule", "random"),
    ],
)
def test_options_out_of_range_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        engine(two_dice().graph()).run([PRIOR], LABELS, **{option: value})


@pytest.mark.parametrize("label", [5, 1000])
def test_a_label_that_the_slot_lacks_is_refused(label):
    with pytest.raises(IndexError, match=f"label {label} of evidence slot 0, which has 5"):
        engine(two_dice().graph()).run([PRIOR], np.array([[label]], np.int32))


def test_a_loopy_graph_reports_iterations_and_stays_near_enumeration():
    maker = Maker()
    for _ in range(4):
        maker.variable(2, choice=True)
    for i in range(4):
        maker.scopes.append([i, (i + 1) % 4])
        maker.tables.append([(0, 0), (0, 1), (1, 0)])
    bp = engine(maker.graph())
    assert not bp.exact
    prior = np.array([[0.8, 0.2, 0.7, 0.3, 0.9, 0.1, 0.6, 0.4]])
    table = np.ones((2, 2, 2, 2))
    for world in np.ndindex(table.shape):
        allowed = all(world[i] + world[(i + 1) % 4] < 2 for i in range(4))
        table[world] = allowed * np.prod([prior[0, 2 * i + v] for i, v in enumerate(world)])
    expected = np.concatenate([table.sum(axis=tuple({0, 1, 2, 3} - {i})) for i in range(4)])
    for schedule in ("sequential", "flooding", "residual"):
        posteriors, log_evidence, _, _, (converged, iterations, residual), _ = bp.run(
            [prior], np.zeros((1, 0), np.int32), schedule=schedule, tolerance=1e-9
        )
        assert converged[0]
        assert iterations[0] > 1
        assert residual[0] <= 1e-9
        assert_allclose(posteriors[0][0], expected / table.sum(), atol=0.02)
        assert_allclose(log_evidence[0], np.log(table.sum()), atol=0.02)
