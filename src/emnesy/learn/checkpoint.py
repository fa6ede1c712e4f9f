"""Checkpoints: one safetensors file with all tensors, and all scalars as JSON in its header. No
pickle.

The file is written beside its final place, flushed to the disk and renamed: whatever happens, the
folder holds the previous checkpoint or the new one, whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.optim import Optimizer

from emnesy.learn.problems import problem

_VERSION = 1


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]) -> None:
    """Replace the checkpoint `path`. `scalars` is anything JSON can hold.

    Errors: `DataError` E0671 where it cannot be written; the file that was there is then untouched.
    """
    data = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        metadata={"emnesy": json.dumps({"version": _VERSION, **scalars})},
    )
    write_atomically(path, data)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that `path` never holds a part of it (E0671 where it cannot be)."""
    temporary = path.with_name(path.name + ".new")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        kept = "the previous one is still there" if path.exists() else "there is no earlier one"
        raise problem(
            "E0671",
            f"cannot write {path}: {error.strerror or error}; {kept}",
            help="free some space or choose another folder with --out, then --resume",
        ) from error


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and scalars of a checkpoint.

    Errors: `DataError` E0670 where there is none, or it is broken or of another version.
    """
    if not path.is_file():
        raise problem(
            "E0670",
            f"{path.parent} holds no checkpoint",
            help="--resume takes the folder of an earlier run",
        )
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            scalars = json.loads(file.metadata()["emnesy"])
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise problem("E0670", f"{path} is no whole checkpoint: {error}") from error
    if scalars.get("version") != _VERSION:
        raise problem("E0670", f"{path} is of version {scalars.get('version')}, not {_VERSION}")
    return tensors, scalars


def optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimizer's state: tensors by ``parameter.name``, the rest for JSON."""
    state = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    loose: dict[str, dict[str, Any]] = {}
    for number, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{number}.{name}"] = value
            else:
                loose.setdefault(str(number), {})[name] = value
    return tensors, {"loose": loose, "groups": state["param_groups"]}


def restore_optimizer(
    optimizer: Optimizer, tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]
) -> None:
    """Undo `optimizer_state`. Tensors get the strides of their parameters: kernels round by
    layout.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Any]] = {
        int(number): dict(entries) for number, entries in scalars["loose"].items()
    }
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        parameter = parameters[int(number)]
        if value.shape == parameter.shape and value.ndim:
            value = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
        state.setdefault(int(number), {})[name] = value
    groups = [
        {name: tuple(v) if isinstance(v, list) and name == "betas" else v for name, v in g.items()}
        for g in scalars["groups"]
    ]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def random_state() -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The states of the global random generators of PyTorch, NumPy and Python."""
    tensors = {"torch": torch.get_rng_state()}
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        for number, state in enumerate(torch.cuda.get_rng_state_all()):
            tensors[f"cuda{number}"] = state
    name, keys, *rest = np.random.get_state(legacy=True)
    tensors["numpy"] = torch.from_numpy(np.asarray(keys, np.uint32).view(np.int32).copy())
    version, words, gauss = random.getstate()
    return tensors, {"numpy": [name, *rest], "python": [version, list(words), gauss]}


def restore_random(tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]) -> None:
    """Undo `random_state`."""
    torch.set_rng_state(tensors["torch"])
    cuda = [tensors[key] for key in sorted(tensors) if key.startswith("cuda")]
    if cuda and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(cuda)
    name, *rest = scalars["numpy"]
    np.random.set_state((name, tensors["numpy"].numpy().view(np.uint32), *rest))
    version, words, gauss = scalars["python"]
    random.setstate((version, tuple(words), gauss))


def seed_everything(seed: int) -> None:
    """Seed the global random generators of PyTorch, NumPy and Python."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
