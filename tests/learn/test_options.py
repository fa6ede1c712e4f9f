from __future__ import annotations

import math

import pytest
import torch

from emnesy.diagnostics import DataError
from emnesy.learn.optimizers import (
    balance_weight,
    entropy_weight,
    make_average,
    make_optimizer,
    make_schedule,
    noise_share,
)
from emnesy.learn.options import TrainOptions


def test_values_of_directives_and_of_the_command_line():
    options = TrainOptions.read({"lr": 1, "shuffle": "false", "batch_size": "full", "epochs": 3})
    assert (options.lr, options.shuffle, options.batch_size) == (1.0, False, "full")
    assert TrainOptions.read({"batch_size": 8}).batch_size == 8


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epoch": 3}, r"E0660.*epoch(.|\n)*did you mean `epochs`"),
        ({"epochs": 2.5}, "epochs is an integer, not 2.5"),
        ({"epochs": True}, "epochs is an integer"),
        ({"epochs": -1}, "not between 0"),
        ({"lr": "fast"}, "lr is a number, not 'fast'"),
        ({"optimizer": "lion"}, "none of adamw, adam, sgd"),
        ({"batch_size": "half"}, "batch_size is an integer, not 'half'"),
        ({"shuffle": 3}, "shuffle is true or false"),
        ({"m_steps": 0}, "m_steps = 0 is not between 1"),
    ],
)
def test_bad_options(given, message):
    with pytest.raises(DataError, match=message):
        TrainOptions.read(given)


@pytest.mark.parametrize("schedule", ["onecycle", "cosine", "constant"])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("warmup", [0.0, 0.2, 1.0])
def test_schedules_of_any_length(schedule, steps, warmup):
    parameter = torch.nn.Parameter(torch.ones(1))
    options = TrainOptions.read({"schedule": schedule, "lr": 0.1, "warmup": warmup})
    optimizer = make_optimizer([parameter], options)
    scheduler = make_schedule(optimizer, options, steps)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        parameter.grad = torch.ones(1)
        optimizer.step()
        scheduler.step()
    assert all(0 < rate <= 0.1 + 1e-12 for rate in rates)
    if steps > 1 and warmup < 1:
        assert max(rates) == pytest.approx(0.1, rel=0.1)


def test_average_forgets_quickly_at_first():
    module = torch.nn.Linear(1, 1, bias=False)
    average = make_average(module, 0.99)
    values, expected = [], None
    for step in range(40):
        with torch.no_grad():
            module.weight.fill_(step)
        average.update_parameters(module)
        decay = min(0.99, (1 + step) / (10 + step))
        expected = float(step) if expected is None else decay * expected + (1 - decay) * step
        values.append(float(average.module.weight.detach()))
        assert values[-1] == pytest.approx(expected, rel=1e-5)
    assert make_average(module, 0.0) is None


def test_balance_counts_for_a_share_of_the_steps():
    options = TrainOptions(balance=0.1)
    assert [balance_weight(options, share) for share in (0.0, 0.84, 0.86)] == [0.1, 0.1, 0]
    assert balance_weight(TrainOptions(balance=0.1, balance_until=1.0), 0.99) == 0.1
    assert balance_weight(TrainOptions(balance=0.1, supervised=True), 0.0) == 0


def test_noise_falls_geometrically_and_stays_at_its_end():
    options = TrainOptions(noise=0.1, noise_end=0.001)
    assert noise_share(options, 0.0) == pytest.approx(0.1)
    assert noise_share(options, 0.425) == pytest.approx(0.01)
    assert noise_share(options, 0.85) == noise_share(options, 1.0) == pytest.approx(0.001)
    assert noise_share(TrainOptions(noise=0.1), 1.0) == 0.1
    assert noise_share(TrainOptions(noise_end=0.1), 0.5) == 0
    assert noise_share(TrainOptions(noise=0.1, supervised=True), 0.5) == 0


def test_entropy_weight_falls_geometrically_and_ends():
    options = TrainOptions.read({"entropy": 0.1, "entropy_end": 0.001})
    assert entropy_weight(options, 0.0) == pytest.approx(0.1)
    assert entropy_weight(options, 0.425) == pytest.approx(math.sqrt(0.1 * 0.001))
    assert entropy_weight(options, 0.85) == 0
    assert entropy_weight(TrainOptions(), 0.3) == 0
