"""A finished run, opened again: its program, its networks with their weights, its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from emnesy.ground.interface import PriorSpec
from emnesy.learn.accuracy import most_probable
from emnesy.learn.batch import Batch
from emnesy.learn.bridge import Bridge
from emnesy.learn.estep import Inference
from emnesy.learn.evaluate import Evaluation, evaluate
from emnesy.learn.examples import Examples
from emnesy.learn.factories import make_networks
from emnesy.learn.interpretations import InterpretationDataset
from emnesy.learn.outputs import Output, as_float
from emnesy.learn.probabilities import Probabilities
from emnesy.learn.problems import problem
from emnesy.learn.protocols import ProgramLike
from emnesy.learn.run_folder import WEIGHTS, RunFolder
from emnesy.learn.splits import evaluation_batch, open_split
from emnesy.learn.values import ValueTable
from emnesy.modules import importable
from emnesy.pictures.run import draw_run


@dataclass(frozen=True)
class Prediction:
    """What the networks and the program say of one example.

    `symbols`: neural predicate -> most probable values, nested lists by key axes. `symbol_probabilities`:
    what the network gives these, in the same form. `truth`: the true symbols where the data set gives them,
    None for those it does not. `label`: observed predicate -> what follows from `symbols` (None: nothing
    does). `probability`: p(`label` | x) under the
    program. `given`: the data set's label and `given_probability` its probability; None where the
    example has none.
    """

    example: int
    symbols: dict[str, Any]
    label: dict[str, Any]
    probability: float
    given: dict[str, Any] | None
    given_probability: float | None
    symbol_probabilities: dict[str, Any]
    truth: dict[str, Any]


class TrainedRun:
    """Networks, and the program's own learnable probabilities, as a run left them."""

    def __init__(
        self,
        model: ProgramLike,
        program_folder: Path,
        weights: Path,
        *,
        seed: int,
        networks: Mapping[str, Mapping[str, Any]],
        data: Mapping[str, Any],
        factories: Mapping[str, str] | None = None,
        threads: int | None = None,
        interpretations: InterpretationDataset | None = None,
    ) -> None:
        """`model`: the run's program, compiled. `networks`, `data`, `factories`: as the run
        had them.

        Errors: `DataError` E0670 (weights missing, broken, or of other networks) and those of the
        factories.
        """
        self.model = model
        self._folder, self._seed, self._data = program_folder, seed, data
        self._interpretations = interpretations
        self._inference = Inference(model, threads)
        made = make_networks(model.core, program_folder, networks, factories)
        parameters = model.interface.parameters
        own = Probabilities(parameters, seed) if parameters else None
        self.bridge = Bridge(self._inference.outputs, made, own)
        self.bridge.eval()
        try:
            self.bridge.load_state_dict(load_file(weights))
        except FileNotFoundError:
            raise problem(
                "E0670",
                f"{weights.parent} holds no {WEIGHTS}",
                help="a run writes it when it ends; --resume finishes an interrupted one",
            ) from None
        except (SafetensorError, RuntimeError, OSError) as error:
            first = str(error).splitlines()[0]
            raise problem(
                "E0670", f"{weights} does not fit the program's networks: {first}"
            ) from error
        self._inference.use(own)
        self.model = self._inference.model

    def learned_probabilities(self) -> dict[str, dict[str, float]]:
        """The program's own, by name, under ``probabilities``; empty where it has none to learn."""
        found = self.model.probabilities
        return {"probabilities": dict(found)} if found else {}

    def draw(
        self, folder: RunFolder, examples: Examples, found: Evaluation, title: str
    ) -> list[str]:
        """Draw the pictures of a split into the run's folder; what to tell people about it."""
        with importable(self._folder):
            return draw_run(
                folder.path,
                examples.split,
                found,
                examples.dataset,
                self.model.interface,
                folder.read_metrics(),
                title,
            )

    def split(self, name: str) -> Examples:
        """A split of the run's data set (`DataError` E0635 where there is no such split)."""
        examples = self._other(name)
        if examples is None:
            raise problem("E0635", f"the data factory gives no {name} split")
        return examples

    def _other(self, name: str) -> Examples | None:
        inputs = sum(len(spec.choices) for spec in self.model.interface.priors)
        if self._interpretations is not None:
            if name != "train":
                return None
            return Examples(
                self._interpretations,
                self.model.interface,
                name,
                batch_size=evaluation_batch(inputs),
            )
        return open_split(
            self.model,
            self._folder,
            name,
            seed=self._seed,
            options=self._data,
            batch_size=evaluation_batch(inputs),
        )

    def evaluate(self, examples: Examples) -> Evaluation:
        """Accuracies, likelihood and the data set's own metrics."""
        with importable(self._folder):
            return evaluate(self.model, self.bridge, self._inference, examples, others=self._other)

    @torch.no_grad()
    def predict(self, examples: Examples) -> Iterator[Prediction]:
        """One `Prediction` an example, in the split's order."""
        with importable(self._folder):
            for batch in examples.batches():
                outputs = self.bridge(batch.inputs)
                chosen = {
                    name: most_probable(output, outputs[name])
                    for name, output in self._inference.outputs.items()
                }
                labels = {
                    # One world for all, where no network sees any difference between examples.
                    name: torch.as_tensor(found).expand(len(batch), *np.shape(found)[1:])
                    for name, found in self.model.predict(chosen).items()
                }
                sure = {
                    name: _sure(output, outputs[name], chosen[name])
                    for name, output in self._inference.outputs.items()
                }
                answer = self._inference(outputs, labels)
                given = self._inference(outputs, batch.labels) if batch.labels else None
                for row in range(len(batch)):
                    yield Prediction(
                        int(batch.indices[row]),
                        {s.predicate: self._symbols(s, chosen, row) for s in self._priors},
                        {n: self._label(n, values[row]) for n, values in labels.items()},
                        _probability(answer.log_likelihood[row], answer.possible[row]),
                        {n: self._label(n, v[row]) for n, v in batch.labels.items()}
                        if given
                        else None,
                        _probability(given.log_likelihood[row], given.possible[row])
                        if given
                        else None,
                        {name: shares[row].tolist() for name, shares in sure.items()},
                        {
                            s.predicate: self._symbols(s, self._positions(s, batch), row)
                            for s in self._priors
                            if s.predicate in batch.truth
                        },
                    )

    @property
    def _priors(self) -> tuple[Any, ...]:
        return self.model.interface.priors

    def _positions(self, spec: PriorSpec, batch: Batch) -> dict[str, Tensor]:
        return {spec.predicate: ValueTable(spec.domain).positions(batch.truth[spec.predicate])}

    def _symbols(self, spec: Any, chosen: Mapping[str, Tensor], row: int) -> Any:
        values = [False, True] if spec.domain is None else list(spec.domain)
        return _named(chosen[spec.predicate][row], values)

    def _label(self, name: str, values: Tensor) -> Any:
        spec = next(s for s in self.model.interface.labels if s.signature.name == name)
        if not spec.functional:
            return _nested(values, lambda v: None if v < 0 else bool(v))
        numbers = all(type(value) is int for value in spec.values)
        if numbers:
            known = set(spec.values)
            return _nested(values, lambda v: v if v in known else None)
        return _named(values, list(spec.values))


def _sure(output: Output, given: Tensor, chosen: Tensor) -> Tensor:
    """The probabilities of the alternatives `chosen`, ``(B, *key axes)``."""
    said = output.probabilities(as_float(given.detach())).double()
    if output.bernoulli:
        return torch.where(chosen > 0, said, 1 - said)
    return said.gather(-1, chosen[..., None])[..., 0]


def _named(values: Tensor, names: list[Any]) -> Any:
    return _nested(values, lambda v: _plain(names[v]) if 0 <= v < len(names) else None)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float)) else str(value)


def _nested(values: Tensor, name: Any) -> Any:
    def walk(entry: Any) -> Any:
        return [walk(e) for e in entry] if isinstance(entry, list) else name(entry)

    return walk(np.asarray(values).tolist())


def _probability(log_likelihood: Tensor, possible: Tensor) -> float:
    return min(1.0, float(log_likelihood.double().exp())) if bool(possible) else 0.0
