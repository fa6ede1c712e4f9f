"""Where a run is, and the running sums of its current epoch."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from emnesy.learn.accuracy import Confusion
from emnesy.learn.estep import EStep


class Progress:
    """Counts and sums; everything here but `best_weights` goes into the checkpoint as JSON."""

    def __init__(self) -> None:
        self.attempt = 0  # how often the networks were made anew
        self.epoch = 0  # whole epochs done
        self.batch = 0  # batches done in the current one
        self.step = 0  # gradient steps done in all
        self.seconds = {"network": 0.0, "e_step": 0.0, "total": 0.0}
        self.loss_sum = 0.0
        self.loss_count = 0
        self.likelihood_sum = 0.0
        self.examples = 0
        self.impossible = 0
        self.compared: dict[str, Confusion] = {}  # predicate -> symbols against the truth
        self.history: list[dict[str, Any]] = []
        self.best: float | None = None
        self.epochs_without_better = 0
        self.best_weights: dict[str, Tensor] = {}

    def saw(self, step: EStep) -> None:
        """Add a batch's E-step to the sums."""
        self.likelihood_sum += float(step.log_likelihood.double().sum())
        self.examples += len(step.possible)
        self.impossible += step.impossible

    @property
    def accuracy(self) -> dict[str, float]:
        """Share of right symbols of the epoch so far, where the data set gives the truth."""
        shares = {name: confusion.share for name, confusion in self.compared.items()}
        return {name: share for name, share in shares.items() if share is not None}

    def add_loss(self, loss: float, count: int) -> None:
        """Add a gradient step's loss to the sums."""
        self.loss_sum += loss * count
        self.loss_count += count

    @property
    def loss(self) -> float:
        """Mean loss of the epoch so far."""
        return self.loss_sum / max(1, self.loss_count)

    @property
    def log_likelihood(self) -> float | None:
        """Mean log p(y | x) of the epoch's examples so far, without the impossible ones."""
        possible = self.examples - self.impossible
        return self.likelihood_sum / possible if possible else None

    def end_epoch(self, rate: float) -> dict[str, Any]:
        """Close the epoch: its record, and sums back to zero."""
        before = self.history[-1]["seconds"] if self.history else dict.fromkeys(self.seconds, 0.0)
        self.epoch += 1
        record: dict[str, Any] = {
            "epoch": self.epoch,
            "loss": self.loss,
            "log_likelihood": self.log_likelihood,
            "accuracy": self.accuracy,
            "examples": self.examples,
            "impossible": self.impossible,
            "steps": self.step,
            "lr": rate,
            "seconds": dict(self.seconds),
            "e_step_share": (self.seconds["e_step"] - before["e_step"])
            / max(1e-9, self.seconds["total"] - before["total"]),
        }
        self.history.append(record)
        if self.attempt:
            record["attempt"] = self.attempt
        self.batch = self.loss_count = self.examples = self.impossible = 0
        self.loss_sum = self.likelihood_sum = 0.0
        self.compared = {}
        return record

    def restart(self) -> None:
        """Between two epochs: begin another attempt. The time and the history go on."""
        self.attempt += 1
        self.epoch = self.step = 0
        self.best, self.epochs_without_better, self.best_weights = None, 0, {}

    def is_best(self, likelihood: float | None) -> bool:
        """Note a validation likelihood; True where it is the best so far."""
        if likelihood is not None and (self.best is None or likelihood > self.best):
            self.best = likelihood
            self.epochs_without_better = 0
            return True
        self.epochs_without_better += 1
        return False

    def keep_best(self, networks: nn.Module) -> None:
        """Remember the weights as the best so far."""
        self.best_weights = {k: v.detach().clone() for k, v in networks.state_dict().items()}

    def scalars(self) -> dict[str, Any]:
        """Everything but the weights, for JSON."""
        values = {name: value for name, value in vars(self).items() if name != "best_weights"}
        compared = {name: confusion.scalars() for name, confusion in self.compared.items()}
        return {**values, "compared": compared}

    def restore(self, scalars: dict[str, Any]) -> None:
        """Undo `scalars`."""
        compared = {n: Confusion.restored(c) for n, c in scalars["compared"].items()}
        vars(self).update({**scalars, "compared": compared})
