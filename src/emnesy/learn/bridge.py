"""From a batch's inputs to the outputs of all neural predicates: one call per network and batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from emnesy.ground.interface import PriorSpec
from emnesy.learn.inputs import InputPlan, plan_inputs
from emnesy.learn.outputs import Output
from emnesy.learn.probabilities import Probabilities
from emnesy.learn.problems import problem


@dataclass(frozen=True)
class _Reading:
    """Where one predicate finds its choices among the rows that its network answers."""

    output: Output
    group: int
    rows: Tensor | None  # (choices,); None: choice i reads row i
    index: tuple[Tensor, ...]  # of net[R, C]: one (choices,) tensor an axis
    places: Tensor | None  # (choices * width,) in the flattened tensor; None: the rows in order

    @property
    def spec(self) -> PriorSpec:
        return self.output.spec


class Bridge(nn.Module):
    """All networks of a program as one module: ``inputs -> {predicate: (B, *shape)}``.

    Identical inputs of one network are computed once, whichever predicates and keys read them. The
    program's own learnable probabilities go with the networks wherever these are saved or averaged.
    """

    def __init__(
        self,
        outputs: Mapping[str, Output],
        networks: Mapping[str, nn.Module],
        probabilities: Probabilities | None = None,
    ) -> None:
        super().__init__()
        self.probabilities = probabilities
        self.networks = nn.ModuleDict(dict(networks))
        self._plans: dict[str, InputPlan] = {}
        self._readings: dict[str, list[_Reading]] = {}
        for network in networks:
            read = [output for output in outputs.values() if output.spec.network == network]
            plan, rows = plan_inputs([output.spec for output in read])
            self._plans[network] = plan
            self._readings[network] = [
                _reading(output, group, row)
                for output, (group, row) in zip(read, rows, strict=True)
            ]
            for output in read:
                _check_last_layer(output, networks[network])

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs of all neural predicates, each ``(B, *spec.shape)``.

        Errors: `DataError` E0631 (an input tensor too small for the program's keys), E0641 (a
        network returned another shape), E0644 (a network failed).
        """
        result: dict[str, Tensor] = {}
        for name, network in self.networks.items():
            plan = self._plans[name]
            tensors, size = plan.gather(inputs)
            answers = plan.split(_call(name, network, tensors), size, name)
            for reading in self._readings[name]:
                result[reading.spec.predicate] = _place(reading, answers[reading.group])
        return result


def _reading(output: Output, group: int, rows: Tensor) -> _Reading:
    spec = output.spec
    width = 1 if spec.domain is None else len(spec.domain)
    places = (torch.from_numpy(spec.offsets)[:, None] + torch.arange(width)).flatten()
    index: tuple[Tensor, ...] = ()
    if spec.output_indices is not None:
        index = tuple(torch.from_numpy(column.copy()) for column in spec.output_indices.T)
    return _Reading(
        output,
        group,
        None if torch.equal(rows, torch.arange(len(rows))) else rows,
        index,
        None if torch.equal(places, torch.arange(spec.size)) else places,
    )


def _call(name: str, network: nn.Module, tensors: list[Tensor]) -> Tensor:
    try:
        answer = network(*tensors)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
        raise problem(
            "E0644",
            f"the network {name} failed on inputs of shape {shapes}: "
            f"{str(error).splitlines()[0] if str(error) else type(error).__name__}",
            help="does it take what the data set gives?",
        ) from error
    if not isinstance(answer, Tensor):
        raise problem(
            "E0641", f"the network {name} returned a {type(answer).__name__}, not a tensor"
        )
    return answer


def _place(reading: _Reading, answer: Tensor) -> Tensor:
    """Rows of network output ``(B, rows, …)`` to the predicate's tensor ``(B, *shape)``."""
    spec = reading.spec
    bernoulli = spec.domain is None
    wanted = len(reading.index) + (0 if bernoulli else 1)
    if bernoulli and answer.ndim == wanted + 3 and answer.shape[-1] == 1:
        answer = answer.squeeze(-1)
    width = () if spec.domain is None else (len(spec.domain),)
    ends = answer.shape[len(answer.shape) - len(width) :] if answer.ndim == wanted + 2 else None
    if ends != torch.Size(width) or any(
        int(column.max()) >= side
        for column, side in zip(reading.index, answer.shape[2:], strict=False)
    ):
        axes = [f"≥{int(column.max()) + 1}" for column in reading.index]
        needed = ", ".join(["inputs", *axes, *(str(side) for side in width)])
        raise problem(
            "E0641",
            f"the network {spec.network} returned {tuple(answer.shape[2:])} for each input, "
            f"{spec.predicate} needs ({needed})",
        )
    device = answer.device
    if reading.rows is not None or reading.index:
        rows = torch.arange(len(spec.choices)) if reading.rows is None else reading.rows
        place: tuple[Any, ...] = (
            slice(None),
            rows.to(device),
            *(column.to(device) for column in reading.index),
        )
        answer = answer[place]
    if reading.places is None:
        return answer.reshape(len(answer), *spec.shape)
    # Entries that no choice reads still have to look like outputs of the declared kind.
    blank = 1.0 / (width[0] if width else 2) if reading.output.kind == "probabilities" else 0.0
    full = answer.new_full((len(answer), spec.size), blank)
    full[:, reading.places.to(device)] = answer.flatten(1)
    return full.view(len(answer), *spec.shape)


def _check_last_layer(output: Output, network: nn.Module) -> None:
    last = None
    for module in network.modules():
        last = module
    if output.kind == "logits" and isinstance(last, (nn.Sigmoid, nn.Softmax)):
        spec = output.spec
        raise problem(
            "E0643",
            f"the network {spec.network} ends in a {type(last).__name__}, "
            f"logits of {spec.predicate} are expected",
            help="drop that layer, or declare "
            f'`:- network({spec.network}, "…", output=probabilities).`',
        )
