"""Figures that a data set brings itself.

A data set may have

- ``asks``: name -> labels (predicate -> value, or tensor by keys) whose log-probability given x is wanted for
  every example, whatever its own label;
- ``metrics(predictions)``: name -> figure. Where it has parameters of these names it also gets
  ``scores``, name -> ``(examples,)`` log p(labels | x) for each entry of ``asks``, and ``splits``, a
  function from the name of another split to its `Findings` (None where there is none): for thresholds,
  which must not be chosen on the split that is judged.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from emnesy.diagnostics import EmnesyError
from emnesy.learn.accuracy import most_probable
from emnesy.learn.bridge import Bridge
from emnesy.learn.estep import Inference
from emnesy.learn.examples import Examples
from emnesy.learn.problems import problem
from emnesy.learn.values import ValueTable

OtherSplits = Callable[[str], "Findings | None"]


@dataclass(frozen=True)
class Findings:
    """What the networks and the program say of a split: see the module."""

    dataset: Any
    predictions: Mapping[str, Tensor]
    scores: Mapping[str, Tensor]


def own_metrics(found: Findings, splits: OtherSplits | None = None) -> dict[str, float]:
    """The data set's own figures; empty where it has none. Errors: `DataError` E0635 where they fail."""
    metrics = getattr(found.dataset, "metrics", None)
    if metrics is None:
        return {}
    offered = {"scores": found.scores, "splits": splits or (lambda _: None)}
    wanted = inspect.signature(metrics).parameters
    extra = {name: value for name, value in offered.items() if name in wanted}
    try:
        figures = metrics(found.predictions, **extra)
        return {str(name): float(value) for name, value in figures.items()}
    except EmnesyError:
        raise
    except Exception as error:
        raise problem(
            "E0635",
            f"the data set's metrics failed: {type(error).__name__}: {error}",
            help="`metrics` of a data set returns a mapping from names to numbers",
        ) from error


def ask(
    inference: Inference, dataset: Any, outputs: Mapping[str, Tensor], size: int
) -> dict[str, Tensor]:
    """``asks`` -> ``(size,)`` log p(labels | x) of a batch; -inf where it is impossible."""
    scores = {}
    for name, labels in getattr(dataset, "asks", {}).items():
        given = {
            predicate: torch.as_tensor(value).expand(size, *torch.as_tensor(value).shape)
            for predicate, value in labels.items()
        }
        step = inference(outputs, {p: v.contiguous() for p, v in given.items()})
        scores[name] = step.log_likelihood.double().masked_fill(~step.possible, -torch.inf)
    return scores


@torch.no_grad()
def look(
    bridge: Bridge,
    inference: Inference,
    examples: Examples,
    device: torch.device | None = None,
) -> Findings:
    """Predictions and scores of a split, without its labels; `bridge` must be in evaluation mode."""
    predictions: dict[str, list[Tensor]] = {name: [] for name in inference.outputs}
    scores: dict[str, list[Tensor]] = {}
    for batch in examples.batches():
        outputs = bridge((batch if device is None else batch.to(device)).inputs)
        for name, output in inference.outputs.items():
            predictions[name].append(values(most_probable(output, outputs[name]), output.spec))
        for name, score in ask(inference, examples.dataset, outputs, len(batch)).items():
            scores.setdefault(name, []).append(score)
    return Findings(examples.dataset, _joined(predictions), _joined(scores))


def values(alternatives: Tensor, spec: Any) -> Tensor:
    """Alternatives as the values that tensors hold for the predicate."""
    table = ValueTable(spec.domain)
    if table.symbolic:
        return alternatives
    return torch.tensor([int(v) for v in table.values])[alternatives]  # type: ignore[arg-type]


def _joined(parts: Mapping[str, list[Tensor]]) -> dict[str, Tensor]:
    return {name: torch.cat(tensors) for name, tensors in parts.items() if tensors}
