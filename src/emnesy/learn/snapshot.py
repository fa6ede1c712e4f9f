"""The whole state of a `Trainer` as a checkpoint, and back."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from emnesy.learn.checkpoint import (
    optimizer_state,
    random_state,
    read_checkpoint,
    restore_optimizer,
    restore_random,
    write_checkpoint,
)
from emnesy.learn.estep import EStep
from emnesy.learn.problems import problem
from emnesy.learn.run_folder import CHECKPOINT

if TYPE_CHECKING:
    from emnesy.learn.trainer import Trainer


def save(trainer: Trainer, folder: Path) -> None:
    """Write the checkpoint of `trainer` into `folder`."""
    optimizer_tensors, optimizer_scalars = optimizer_state(trainer.optimizer)
    random_tensors, random_scalars = random_state()
    groups: dict[str, dict[str, Tensor]] = {
        "networks": trainer.bridge.state_dict(),
        "average": {} if trainer.average is None else trainer.average.state_dict(),
        "optimizer": optimizer_tensors,
        "random": random_tensors,
        "best": trainer.progress.best_weights,
        "targets": _targets(trainer),
        "memory": {} if trainer.memory is None else trainer.memory.tensors(),
    }
    tensors = {f"{g}.{name}": t.clone() for g, part in groups.items() for name, t in part.items()}
    scalars = {
        "options": dataclasses.asdict(trainer.options),
        "seed": trainer.seed,
        "progress": trainer.progress.scalars(),
        "convergence": vars(trainer.convergence),
        "optimizer": optimizer_scalars,
        "schedule": trainer.schedule.state_dict(),
        "random": random_scalars,
    }
    write_checkpoint(folder / CHECKPOINT, tensors, scalars)


def restore(trainer: Trainer, folder: Path) -> None:
    """Put `trainer`, made from the same program, data and options, into the state of the
    checkpoint.

    Errors: `DataError` E0670 (no or broken checkpoint), E0672 (made with other options or
    networks).
    """
    tensors, scalars = read_checkpoint(folder / CHECKPOINT)
    _check_options(trainer, scalars)
    groups: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        group, name = key.split(".", 1)
        groups.setdefault(group, {})[name] = tensor
    _load(trainer.bridge, groups["networks"])
    if trainer.average is not None:
        _load(trainer.average, groups["average"])
    restore_optimizer(trainer.optimizer, groups.get("optimizer", {}), scalars["optimizer"])
    trainer.schedule.load_state_dict(scalars["schedule"])
    trainer.progress.restore(scalars["progress"])
    trainer.seed_order()
    trainer.progress.best_weights = groups.get("best", {})
    vars(trainer.convergence).update(scalars.get("convergence", {}))
    trainer.targets = _restored_targets(groups.get("targets", {}))
    if trainer.memory is not None:
        trainer.memory.restore(groups.get("memory", {}))
    restore_random(groups["random"], scalars["random"])


def _load(module: nn.Module, state: dict[str, Tensor]) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise problem(
            "E0672", f"the checkpoint's weights do not fit the networks: {error}"
        ) from error


def _check_options(trainer: Trainer, scalars: dict[str, Any]) -> None:
    now = {**dataclasses.asdict(trainer.options), "seed": trainer.seed}
    then = {**scalars["options"], "seed": scalars["seed"]}
    # More epochs only continue the same run where the schedule does not depend on their number.
    free = {"workers", "device", "restarts"}
    options = trainer.options
    shares = (options.entropy, options.warm, options.restarts and options.restart_after < 1)
    fixed = any(shares)
    if trainer.options.schedule == "constant" and not fixed:
        free.add("epochs")
    for name, value in now.items():
        if name not in free and then.get(name) != value:
            raise problem(
                "E0672",
                f"the run was made with {name} = {then.get(name)}, not {value}",
                help="resume without that option; only with schedule=constant can epochs be added",
            )


def _targets(trainer: Trainer) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for number, step in trainer.targets.items():
        tensors[f"{number}.likelihood"] = step.log_likelihood
        tensors[f"{number}.possible"] = step.possible
        for name, target in step.targets.items():
            tensors[f"{number}.target.{name}"] = target
            tensors[f"{number}.prior.{name}"] = step.priors[name]
    return tensors


def _restored_targets(tensors: dict[str, Tensor]) -> dict[int, EStep]:
    steps: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        number, rest = key.split(".", 1)
        steps.setdefault(int(number), {})[rest] = tensor
    return {
        number: EStep(
            {k.split(".", 1)[1]: v for k, v in parts.items() if k.startswith("target.")},
            {k.split(".", 1)[1]: v for k, v in parts.items() if k.startswith("prior.")},
            parts["likelihood"],
            parts["possible"].to(torch.bool),
            0.0,
        )
        for number, parts in steps.items()
    }
