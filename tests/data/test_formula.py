from __future__ import annotations

import json
from itertools import product
from math import prod

import numpy as np
import pytest
import torch

import emnesy
from emnesy.data import mnist
from emnesy.data.digits import Digits, normalised
from emnesy.data.formula import SYMBOLS, dataset, value
from emnesy.data.operators import SIGNS, draw_signs
from emnesy.diagnostics import DataError

WRITTEN = {"plus": "+", "minus": "-", "times": "*"}


def made_up(split: str, source: str = "auto") -> Digits:
    count = 90 if split == "train" else 40
    generator = torch.Generator().manual_seed(count)
    images = torch.randint(0, 256, (count, 28, 28), generator=generator).to(torch.uint8)
    return Digits(images, torch.randint(10, (count,), generator=generator), "made-up digits")


@pytest.fixture(autouse=True)
def _digits(monkeypatch):
    monkeypatch.setattr(mnist, "load_digits", made_up)


def by_hand(symbols: list[int]) -> int:
    """The sum of the terms, each the product of its digits."""
    names = [SYMBOLS[s] for s in symbols]
    text = "".join(WRITTEN.get(name, name) for name in names)
    terms = text.replace("-", "+-").split("+")
    return sum(prod(int(factor) for factor in term.split("*")) for term in terms)


@pytest.mark.parametrize("length", [1, 3, 5, 7])
def test_values_are_sums_of_products(length):
    data = dataset("train", consts={"length": length})
    assert data.values.tolist() == [by_hand(row) for row in data.symbols.tolist()]
    assert torch.equal(value(data.symbols), data.values)


def test_each_digit_is_used_once():
    data = dataset("train", consts={"length": 5})
    digits = made_up("train")
    assert len(data) == 30
    used = data.images[:, ::2].reshape(-1, 28 * 28)
    assert len(used.unique(dim=0)) == 90
    item = data[7]
    assert item["inputs"]["glyph"].shape == (5, 1, 28, 28)
    assert item["labels"]["value"].shape == ()
    for place in (0, 2, 4):
        image = item["inputs"]["glyph"][place, 0]
        (row,) = [i for i in range(90) if torch.equal(normalised(digits.images[i]), image)]
        assert item["truth"]["symbol"][place] == digits.classes[row]
    assert set(data.symbols[:, 1::2].flatten().tolist()) == {10, 11, 12}
    assert "30 formulas of 5 symbols" in data.describe()


def test_splits():
    consts = {"length": 3}
    assert dataset("valid", consts=consts) is None
    train, valid = (dataset(s, consts=consts, valid=0.2) for s in ("train", "valid"))
    assert (len(train), len(valid)) == (36, 9)
    assert len(dataset("test", consts=consts)) == 20
    assert len(dataset("train", consts=consts, formulas=4)) == 4
    again, other = (dataset("train", consts=consts, seed=s, valid=0.2) for s in (0, 1))
    assert torch.equal(train.images, again.images)
    assert not torch.equal(train.images, other.images)


@pytest.mark.parametrize(
    ("consts", "options"),
    [
        ({"length": 4}, {}),
        ({"length": "long"}, {}),
        ({}, {}),
        ({"length": 201}, {}),
        ({"length": 3}, {"formulas": 0}),
        ({"length": 3}, {"valid": 1}),
    ],
)
def test_bad_options(consts, options):
    with pytest.raises(DataError) as caught:
        dataset("train", consts=consts, **options)
    assert caught.value.diagnostics[0].code == "E0623"


def test_metrics_tell_digits_from_signs():
    data = dataset("train", consts={"length": 3}, formulas=44)
    read = data.symbols.clone()
    read[:, 0] = (read[:, 0] + 1) % 10
    read[::2, 1] = 0
    assert data.metrics({"symbol": read}) == {"digit_accuracy": 0.5, "sign_accuracy": 0.5}


def test_signs_look_like_what_they_are():
    count = 300
    signs = torch.arange(count) % 3
    images = draw_signs(signs, torch.Generator().manual_seed(1)).float() / 255
    assert images.shape == (count, 28, 28)
    assert torch.equal(images, draw_signs(signs, torch.Generator().manual_seed(1)).float() / 255)
    assert len(images.flatten(1).unique(dim=0)) == count
    assert (images.flatten(1).amax(dim=1) > 0.5).all()
    cut = images[:, [0, -1]].amax(dim=(1, 2)) > 0.5
    assert float(cut.double().mean()) < 0.02
    wide, high = ((images.amax(dim=axis) > 0.3).sum(dim=1).float() for axis in (1, 2))
    minus = signs == 1
    assert (high[minus] < wide[minus]).all()
    assert ((wide / high)[~minus] < 2).all()
    # A plus is brightest along the middle row and column, a times sign along the diagonals.
    mean = torch.stack([images[signs == k].mean(dim=0) for k in range(len(SIGNS))])
    assert mean[0, 14, 9] > 1.5 * mean[0, 10, 10]
    assert mean[2, 10, 10] > 1.5 * mean[2, 14, 9]


def every_reading(priors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of all well-formed readings of five glyphs: symbols, values and probabilities."""
    digits, signs = range(10), range(10, 13)
    symbols = np.array(list(product(digits, signs, digits, signs, digits)))
    values = np.array([by_hand(list(row)) for row in symbols])
    return symbols, values, np.prod(priors[np.arange(5), symbols], axis=1)


@pytest.mark.parametrize("engine", ["bp", "exact"])
def test_the_program_against_every_reading(engine):
    model = emnesy.load("programs/formula.nesy", consts={"length": 5}).compile(engine, threads=1)
    assert model.engine.exact
    priors = np.random.default_rng(2).dirichlet(np.full(13, 0.5), size=5)
    symbols, values, probability = every_reading(priors)
    labels = np.array([7, 89, -73, 729, 0])
    batch = np.repeat(priors[None], len(labels), axis=0)
    answer = model.posterior({"symbol": batch}, {"value": labels})
    for row, label in enumerate(labels):
        weight = probability * (values == label)
        assert answer.log_likelihood[row] == pytest.approx(np.log(weight.sum()), rel=1e-9)
        expected = np.zeros((5, 13))
        np.add.at(expected, (np.arange(5)[:, None], symbols.T), weight / weight.sum())
        np.testing.assert_allclose(answer["symbol"][row], expected, atol=1e-10)


def test_long_formulas_stay_small():
    graph = emnesy.load("programs/formula.nesy", consts={"length": 7}).lowered.graph
    assert graph.is_forest()
    assert len(graph.tuple_begin) - 1 < 20
    assert graph.tuple_begin[-1] < 200_000


def test_a_run_brings_its_figures_and_picture(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    from emnesy.cli.main import main

    data = ["--data", "formulas=40", "--epochs", "2"]
    options = ["--threads", "1", "--json", "--out", str(tmp_path / "run")]
    arguments = ["train", "programs/formula.nesy", "-c", "length=3", *data, *options]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert set(result["metrics"]) == {"digit_accuracy", "sign_accuracy"}
    assert result["log_likelihood"] < 0
    assert (tmp_path / "run" / "examples-test.png").stat().st_size > 1000
