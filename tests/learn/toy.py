"""A small addition data set of made-up digits, and what is needed to train on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from fake_addition import FakeAddition
from torch import nn

from emnesy.data.addition import AdditionDataset
from emnesy.data.digits import Digits
from emnesy.data.nets import lenet
from emnesy.learn.checkpoint import seed_everything
from emnesy.learn.examples import Examples
from emnesy.learn.observer import Observer
from emnesy.learn.options import TrainOptions
from emnesy.learn.trainer import Trainer


def toy_digits(count: int = 80) -> Digits:
    generator = torch.Generator().manual_seed(3)
    prototypes = torch.randint(0, 256, (10, 28, 28), generator=generator)
    classes = torch.arange(count) % 10
    noise = torch.randint(-20, 21, (count, 28, 28), generator=generator)
    images = (prototypes[classes] + noise).clamp(0, 255).to(torch.uint8)
    return Digits(images, classes, "made-up digits")


def toy_addition(n: int = 1, count: int = 80) -> AdditionDataset:
    rows = torch.randperm(count, generator=torch.Generator().manual_seed(4))
    return AdditionDataset(toy_digits(count), n, rows[: count // (2 * n) * 2 * n].view(-1, 2, n))


def toy_trainer(
    folder: Path | None = None,
    observer: Observer | None = None,
    seed: int = 0,
    network: nn.Module | None = None,
    **options: Any,
) -> Trainer:
    model = FakeAddition(1)
    settings = TrainOptions.read({"epochs": 4, "lr": 1e-3, **options})
    seed_everything(seed)
    train = Examples(
        toy_addition(),
        model.interface,
        "train",
        batch_size=None if settings.batch_size == "full" else 8,
        shuffle=True,
        seed=seed,
        workers=settings.workers,
    )
    return Trainer(
        model,
        {"digit_net": network or lenet(dropout=0.2)},
        train,
        settings,
        seed=seed,
        threads=1,
        observer=observer,
        folder=folder,
    )
