"""The E-step: from network outputs and labels to targets for the M-step. No graph is recorded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal as OneOf

import torch
from torch import Tensor

from emnesy.engine.base import EngineState
from emnesy.learn.outputs import Output, as_float
from emnesy.learn.probabilities import Probabilities
from emnesy.learn.problems import problem
from emnesy.learn.protocols import ProgramLike

Targets = OneOf["soft", "hard", "stochastic"]

TASKS = {"soft": "marginals", "hard": "map", "stochastic": "sample"}
"""Kind of target -> what the engine is asked for."""


@dataclass(frozen=True)
class EStep:
    """What the E-step found out about a batch.

    `targets` and `priors`: predicate -> ``(B, *shape)``, float32 or float64, on the device of the
    network output. `log_likelihood`: ``(B,)``, 0 for the examples that are not `possible`.
    `seconds`: wall time. `state`: what the engine remembers of these examples. `expectations`: of the
    program's own learnable choices, see `emnesy.learn.probabilities`; None where it has none, or no
    example is possible.
    """

    targets: dict[str, Tensor]
    priors: dict[str, Tensor]
    log_likelihood: Tensor
    possible: Tensor
    seconds: float
    state: EngineState | None = None
    expectations: Tensor | None = None

    @property
    def impossible(self) -> int:
        """How many examples have labels that the program cannot explain."""
        return len(self.possible) - int(self.possible.sum())


class Inference:
    """The E-step of one compiled program."""

    def __init__(self, model: ProgramLike, threads: int | None = None) -> None:
        self.model = model
        self.threads = threads
        self.outputs = {
            spec.predicate: Output(
                spec,
                "probabilities" if _declared(model, spec.network) == "probabilities" else "logits",
            )
            for spec in model.interface.priors
        }
        self._kinds_checked = False
        self._probabilities: Probabilities | None = None

    def use(self, probabilities: Probabilities | None) -> None:
        """Take the program's own learnable probabilities from here, as they are now."""
        self._probabilities = probabilities
        if probabilities is not None:
            self.model = self.model.with_probabilities(probabilities.values.numpy())

    @torch.no_grad()
    def __call__(
        self,
        outputs: Mapping[str, Tensor],
        evidence: Mapping[str, Tensor],
        *,
        targets: Targets = "soft",
        seed: int = 0,
        state: EngineState | None = None,
        noise: float = 0.0,
        spread: float = 0.0,
    ) -> EStep:
        """Targets for network `outputs` (predicate -> ``(B, *shape)``) given labels.

        `noise`: probability with which each symbol is thought to be drawn from all alternatives alike, in
        place of the network's; the targets are those of the network's share (`Output.denoised`), the
        likelihood is that with noise. `spread`: above 0, priors are those of the standardised outputs
        (`Output.spread`), and so is the likelihood.

        Errors: `DataError` E0641 (missing output, wrong shape), E0642 (NaN or infinity), E0643 (the
        other kind of output than declared), and those of `CompiledProgram.posterior` for the
        evidence.
        """
        started = time.perf_counter()
        self.check(outputs)
        priors = {
            name: output.spread(as_float(outputs[name].detach()), spread)
            if spread
            else output.probabilities(as_float(outputs[name].detach()))
            for name, output in self.outputs.items()
        }
        mixed = {n: self.outputs[n].noisy(p, noise) if noise else p for n, p in priors.items()}
        on_cpu = {name: prior.cpu() for name, prior in mixed.items()}
        answer = self.model.posterior(
            on_cpu,
            evidence,
            task=TASKS[targets],
            threads=self.threads,
            seed=seed,
            state=state,
        )
        possible = torch.as_tensor(answer.possible) & _answered(answer)
        likelihood = torch.as_tensor(answer.log_likelihood)
        result = {name: answer[name].to(prior.device) for name, prior in priors.items()}
        if noise:
            result = {n: self.outputs[n].denoised(priors[n], q, noise) for n, q in result.items()}
        return EStep(
            result,
            priors,
            torch.where(possible, likelihood, torch.zeros_like(likelihood)),
            possible,
            time.perf_counter() - started,
            answer.state,
            None
            if self._probabilities is None
            else self._probabilities.expectations(answer.fixed, possible),
        )

    def check(self, outputs: Mapping[str, Tensor]) -> None:
        """Shapes and finiteness of network outputs; at the first batch also their kind."""
        size = None
        for name, output in self.outputs.items():
            spec = output.spec
            if name not in outputs:
                raise problem(
                    "E0641",
                    f"no output for the neural predicate {name}",
                    help=f'pass {{"{name}": tensor of shape (batch, {_sides(spec.shape)})}}',
                )
            given = outputs[name]
            if not isinstance(given, Tensor):
                raise problem(
                    "E0641",
                    f"the output for {name} is a {type(given).__name__}, not a tensor of PyTorch's",
                )
            if not given.is_floating_point() or tuple(given.shape[1:]) != spec.shape:
                raise problem(
                    "E0641",
                    f"the output for {name} has shape {tuple(given.shape)} and dtype "
                    f"{str(given.dtype).removeprefix('torch.')}, the program needs floating-point "
                    f"(batch, {_sides(spec.shape)})",
                )
            size = len(given) if size is None else size
            if len(given) != size:
                raise problem(
                    "E0641", f"the output for {name} has {len(given)} examples, others have {size}"
                )
            self._check_finite(name, given.detach())
        if not self._kinds_checked and size:
            for name, output in self.outputs.items():
                output.check_kind(outputs[name])
            self._kinds_checked = True

    def _check_finite(self, name: str, given: Tensor) -> None:
        if bool(torch.isfinite(given.sum())) or bool(torch.isfinite(given).all()):
            return
        place = [int(i) for i in (~torch.isfinite(given)).nonzero()[0]]
        raise problem(
            "E0642",
            f"the network {self.outputs[name].spec.network} returned {float(given[tuple(place)])} "
            f"for {name}, example {place[0]} of the batch, entry {tuple(place[1:])}",
            help="a lower learning rate or gradient clipping (clip=1.0) may help; "
            "check the inputs for NaN",
        )


def _answered(answer: object) -> Tensor:
    """False for examples of which a sampling engine found no world with their label: it knows nothing

    of them, either way.
    """
    report = getattr(answer, "report", None)
    return torch.as_tensor(True if report is None else report.extra.get("answered", True))


def _declared(model: ProgramLike, network: str) -> object:
    directive = model.core.networks.get(network)
    kind = None if directive is None else directive.options.get("output")
    if kind not in (None, "logits", "probabilities"):
        raise problem(
            "E0643",
            f"the network {network} is declared with output={kind}",
            span=None if directive is None else directive.span,
            help="output is logits (the default) or probabilities",
        )
    return kind


def _sides(shape: tuple[int, ...]) -> str:
    return ", ".join(str(side) for side in shape)
