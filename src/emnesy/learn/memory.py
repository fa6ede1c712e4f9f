"""What the engine remembers of each training example from one E-step to the next: messages, chains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emnesy.engine.base import EngineState


class Memory:
    """`EngineState` rows by the example's number in the data set.

    A Markov chain that starts where the last E-step left it needs no burn-in, and messages that start
    near their fixed point need fewer iterations: the networks change little from step to step.
    """

    def __init__(self, count: int) -> None:
        """`count`: examples in the data set."""
        self._engine = ""
        self._arrays: dict[str, NDArray[np.generic]] = {}
        self._known = np.zeros(count, np.bool_)

    def recall(self, indices: Tensor) -> EngineState | None:
        """The state of these examples; None unless every one of them has been kept."""
        numbers = indices.numpy()
        if not self._arrays or not self._known[numbers].all():
            return None
        arrays = {name: array[numbers] for name, array in self._arrays.items()}
        return EngineState(self._engine, arrays)

    def keep(self, indices: Tensor, state: EngineState | None) -> None:
        """Remember the state of these examples, where the engine returned one."""
        if state is None:
            return
        numbers = indices.numpy()
        if not self._arrays:
            self._engine = state.engine
            self._arrays = {
                name: np.zeros((len(self._known), *array.shape[1:]), array.dtype)
                for name, array in state.arrays.items()
            }
        for name, array in state.arrays.items():
            self._arrays[name][numbers] = array
        self._known[numbers] = True

    def tensors(self) -> dict[str, Tensor]:
        """Everything, for a checkpoint; empty while there is nothing to remember."""
        if not self._arrays:
            return {}
        known = {f"known.{self._engine}": torch.from_numpy(self._known)}
        return known | {f"array.{n}": torch.from_numpy(a) for n, a in self._arrays.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undo `tensors`."""
        for key, tensor in tensors.items():
            part, name = key.split(".", 1)
            if part == "known":
                self._engine = name
                self._known = tensor.numpy().astype(np.bool_)
            else:
                self._arrays[name] = tensor.numpy().copy()
