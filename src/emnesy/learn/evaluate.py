"""How good the networks are: accuracies on a split, through the program, and the log-likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emnesy.learn.accuracy import Confusion, Count, count_truth, most_probable, nameless
from emnesy.learn.batch import Batch
from emnesy.learn.bridge import Bridge
from emnesy.learn.estep import Inference
from emnesy.learn.examples import Examples
from emnesy.learn.own_metrics import Findings, ask, look, own_metrics, values
from emnesy.learn.protocols import ProgramLike
from emnesy.learn.run_folder import finite
from emnesy.learn.values import ValueTable


@dataclass(frozen=True)
class Evaluation:
    """Figures of one split; accuracies are fractions, None where nothing was there to compare with.

    `label_accuracy`: share of the examples in which all labels follow from the most probable
    symbols. `accuracy`: for neural predicates with a truth the share of right symbols, for observed
    predicates that of examples in which all its labels are right. `log_likelihood`: mean of log p(y
    | x) over the examples with possible labels; `impossible` counts the others. `predictions`:
    neural predicate -> the values of the most probable symbols, ``(examples, *key axes)``.
    `metrics`: what the data set adds. `confusion`: for neural predicates with a truth.
    `scores`: what the data set asks for, see `emnesy.learn.own_metrics`.
    """

    label_accuracy: float | None
    accuracy: dict[str, float | None]
    log_likelihood: float | None
    examples: int
    impossible: int
    predictions: dict[str, Tensor]
    metrics: dict[str, float] = field(default_factory=dict)
    confusion: dict[str, Confusion] = field(default_factory=dict)
    scores: dict[str, Tensor] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """The figures, as JSON lines give them."""
        result: dict[str, Any] = {
            "label_accuracy": self.label_accuracy,
            "accuracy": dict(self.accuracy),
            "log_likelihood": self.log_likelihood,
        }
        if self.metrics:
            result["metrics"] = dict(self.metrics)
        if self.impossible:
            result["impossible"] = self.impossible
        return dict(finite(result))


@torch.no_grad()
def evaluate(
    model: ProgramLike,
    bridge: Bridge,
    inference: Inference,
    examples: Examples,
    *,
    device: torch.device | None = None,
    progress: Callable[[int], None] | None = None,
    others: Callable[[str], Examples | None] | None = None,
) -> Evaluation:
    """Evaluate the networks of `bridge` on a split; they are put into evaluation mode and back.

    `others`: opens another split for figures that need it, see `emnesy.learn.own_metrics`.
    """
    inference.use(bridge.probabilities)
    model = inference.model
    was_training = bridge.training
    bridge.eval()
    try:
        return _evaluate(model, bridge, inference, examples, device, progress, others)
    finally:
        bridge.train(was_training)


def _evaluate(
    model: ProgramLike,
    bridge: Bridge,
    inference: Inference,
    examples: Examples,
    device: torch.device | None,
    progress: Callable[[int], None] | None,
    others: Callable[[str], Examples | None] | None,
) -> Evaluation:
    tables = {spec.predicate: ValueTable(spec.domain) for spec in model.interface.priors}
    unobserved = {
        spec.signature.name: ValueTable(spec.values if spec.functional else None).unobserved
        for spec in model.interface.labels
    }
    confusion: dict[str, Confusion] = {}
    counts: dict[str, Count] = {}
    whole = Count()
    predictions: dict[str, list[Tensor]] = {name: [] for name in tables}
    scores: dict[str, list[Tensor]] = {}
    likelihood, possible, seen = 0.0, 0, 0
    for batch in examples.batches():
        outputs = bridge((batch if device is None else batch.to(device)).inputs)
        step = inference(outputs, batch.labels)
        likelihood += float(step.log_likelihood.double().sum())
        possible += len(step.possible) - step.impossible
        seen += len(batch)
        choices = {
            name: most_probable(output, outputs[name]) for name, output in inference.outputs.items()
        }
        for name, chosen in choices.items():
            predictions[name].append(values(chosen, inference.outputs[name].spec))
        for name, score in ask(inference, examples.dataset, outputs, len(batch)).items():
            scores.setdefault(name, []).append(score)
        count_truth(confusion, batch.truth, choices, tables, nameless(examples.dataset))
        if tables:  # without networks the most probable world is the same for all examples
            whole.add(_count_labels(counts, batch, model.predict(choices), unobserved))
        if progress is not None:
            progress(seen)
    joined = {name: torch.cat(parts) for name, parts in predictions.items() if parts}
    found = Findings(examples.dataset, joined, {n: torch.cat(parts) for n, parts in scores.items()})

    def other(split: str) -> Findings | None:
        opened = others(split) if others is not None else None
        return None if opened is None else look(bridge, inference, opened, device)

    return Evaluation(
        whole.share,
        {n: c.share for n, c in confusion.items()} | {n: c.share for n, c in counts.items()},
        likelihood / possible if possible else None,
        seen,
        seen - possible,
        joined,
        own_metrics(found, other),
        confusion,
        dict(found.scores),
    )


def _count_labels(
    counts: dict[str, Count],
    batch: Batch,
    predicted: Mapping[str, Any],
    unobserved: Mapping[str, int],
) -> Tensor:
    """Which labelled examples have all labels right; counts each observed predicate on the way."""
    size = len(batch)
    all_right = torch.ones(size, dtype=torch.bool)
    labelled = torch.zeros(size, dtype=torch.bool)
    for name, labels in batch.labels.items():
        known = (labels != unobserved[name]).view(size, -1)
        right = (torch.as_tensor(np.asarray(predicted[name])).long() == labels).view(size, -1)
        right = (right | ~known).all(dim=1)
        some = known.any(dim=1)
        counts.setdefault(name, Count()).add(right[some])
        all_right &= right
        labelled |= some
    return all_right[labelled]
