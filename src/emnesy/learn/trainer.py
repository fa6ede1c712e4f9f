"""The training loop: EM or gradient descent on the likelihood, stopped and resumed at any step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from emnesy.learn.accuracy import count_truth, most_probable, nameless
from emnesy.learn.batch import Batch
from emnesy.learn.bridge import Bridge
from emnesy.learn.device import usable_device
from emnesy.learn.estep import EStep
from emnesy.learn.evaluate import Evaluation, evaluate
from emnesy.learn.examples import Examples
from emnesy.learn.interrupt import Interrupt
from emnesy.learn.losses import EMLoss, LogLikelihood
from emnesy.learn.memory import Memory
from emnesy.learn.observer import Observer
from emnesy.learn.optimizers import (
    balance_weight,
    entropy_weight,
    make_average,
    make_optimizer,
    make_schedule,
    noise_share,
    spread_scale,
)
from emnesy.learn.options import TrainOptions
from emnesy.learn.probabilities import Convergence, Probabilities
from emnesy.learn.problems import problem
from emnesy.learn.progress_state import Progress
from emnesy.learn.protocols import ProgramLike
from emnesy.learn.snapshot import restore, save
from emnesy.learn.stall import Signs, signs
from emnesy.learn.supervision import Supervision
from emnesy.learn.values import ValueTable


class Trainer:
    """Trains the networks of one program on one data set.

    `fit` runs from wherever the state is to the last epoch; with a `folder` it writes a checkpoint
    after every epoch, and when it is interrupted.
    """

    def __init__(
        self,
        model: ProgramLike,
        networks: Mapping[str, nn.Module],
        train: Examples,
        options: TrainOptions,
        *,
        valid: Examples | None = None,
        seed: int = 0,
        threads: int | None = None,
        observer: Observer | None = None,
        folder: Path | None = None,
        renew: Callable[[int], Mapping[str, nn.Module]] | None = None,
    ) -> None:
        """`renew`: makes the networks anew from a seed, for restarts.

        Errors: `DataError` E0660 where the schedule needs a length that the data set does not tell, E0663
        where it gives no symbols for supervised training.
        """
        self.model = model
        self.options = options
        self.seed = seed
        self.observer = observer or Observer()
        self.folder = folder
        self.train, self.valid = train, valid
        self.device = usable_device(options.device)
        self.loss: EMLoss | LogLikelihood = (
            EMLoss(model, options.targets, threads=threads, seed=seed)
            if options.mode == "em" or options.supervised
            else LogLikelihood(model, threads=threads, seed=seed)
        )
        self.supervision = (
            Supervision(self.loss.inference.outputs, train.first()) if options.supervised else None
        )
        if options.restarts and renew is None:
            raise problem(
                "E0660", "restarts need a function that makes the networks anew (`renew`)"
            )
        self._renew = renew
        self._order_seed = train.seed
        self.progress = Progress()
        self._tables = {s.predicate: ValueTable(s.domain) for s in model.interface.priors}
        self._begin(networks)

    def _begin(self, networks: Mapping[str, nn.Module]) -> None:
        """All that training starts from, for fresh networks."""
        options, train = self.options, self.train
        parameters = self.model.interface.parameters
        if parameters:
            self.loss.probabilities = Probabilities(parameters, self.attempt_seed)
        self.convergence = Convergence()
        self._saved, self.saved = time.monotonic(), 0  # when, and after how many epochs
        self.bridge = Bridge(self.loss.inference.outputs, networks, self.loss.probabilities)
        self.bridge.to(self.device)
        if options.channels_last:
            self.bridge.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.bridge.train()
        self.optimizer = make_optimizer(self.bridge.parameters(), options)
        self.schedule = make_schedule(self.optimizer, options, self._planned_steps())
        self.average = make_average(self.bridge, options.ema)
        self.targets: dict[int, EStep] = {}  # e_step="epoch": by batch number
        # Without numbers that stay with the examples, nothing can be kept for them.
        known = options.persist and train.count is not None and not train.iterable
        self.memory = Memory(train.count or 0) if known else None
        self.seed_order()

    @property
    def attempt_seed(self) -> int:
        """The seed that networks are made with: the next one after each restart."""
        return self.seed + self.progress.attempt

    def seed_order(self) -> None:
        """Let the order of the examples be that of the attempt."""
        self.train.seed = self._order_seed + self.progress.attempt

    @property
    def probabilities(self) -> Probabilities | None:
        """The program's own learnable probabilities."""
        return self.bridge.probabilities

    @property
    def networks(self) -> Bridge:
        """The networks to evaluate: the moving average where there is one and it has begun."""
        if self.average is None or int(self.average.n_averaged) == 0:
            return self.bridge
        average: Bridge = self.average.module  # type: ignore[assignment]
        return average

    def fit(self) -> bool:
        """Train up to the last epoch; False where it was interrupted (the state is saved then)."""
        self.bridge.train()
        with Interrupt() as interrupt:
            while self.progress.epoch < self.options.epochs and not self._has_ended():
                started = time.perf_counter()
                whole = self._epoch(interrupt)
                self.progress.seconds["total"] += time.perf_counter() - started
                if not whole:
                    self.save()
                    return False
                self._end_epoch()
        return True

    def evaluate(
        self, examples: Examples, others: Callable[[str], Examples | None] | None = None
    ) -> Evaluation:
        """Accuracies and log-likelihood on a split; `others` as `emnesy.learn.evaluate.evaluate` has it."""
        return evaluate(
            self.model,
            self.networks,
            self.loss.inference,
            examples,
            device=self.device,
            others=others,
        )

    def save(self) -> None:
        """Write the checkpoint, if there is a folder for it."""
        self._saved, self.saved = time.monotonic(), self.progress.epoch
        if self.folder is not None:
            save(self, self.folder)

    def resume(self, folder: Path) -> None:
        """Go back to the state of the checkpoint in `folder`."""
        restore(self, folder)

    def _epoch(self, interrupt: Interrupt) -> bool:
        epoch = self.progress.epoch
        self.observer.epoch_begins(epoch, self.options.epochs, self.train.batches_per_epoch)
        if self.options.e_step == "epoch" and self.progress.batch == 0:
            self._whole_e_step(epoch)
        for batch in self.train.batches(epoch, start=self.progress.batch):
            self._step(batch)
            self.observer.batch_ends(self.progress)
            if interrupt.requested:
                return False
        return True

    def _step(self, batch: Batch) -> None:
        """One E-step and its M-steps."""
        clock = time.perf_counter()
        inputs = batch.to(self.device).inputs
        outputs: dict[str, Tensor] = {}
        step = self.targets.get(self.progress.batch)
        e_seconds = 0.0
        for _ in range(self.options.m_steps):
            outputs = self.bridge(inputs)
            if step is None:
                self._anneal()
                taught_by = self._teacher(inputs, outputs)
                step = self._e_step(taught_by, batch, self._e_step_seed())
                e_seconds = step.seconds
                self._update_probabilities([step])
            if not self.bridge.networks:
                self._count(step)
                break
            if isinstance(self.loss, EMLoss):
                self.loss.entropy = entropy_weight(self.options, self._share_done())
                self.loss.balance = balance_weight(self.options, self._share_done())
            taught = step if self.supervision is None else self.supervision(step, batch.truth)
            self._gradient_step(self.loss.value(outputs, taught), count=len(step.possible))
        if step is not None:
            self.progress.saw(step)
        self._compare(outputs, batch)
        self.progress.seconds["e_step"] += e_seconds
        self.progress.seconds["network"] += time.perf_counter() - clock - e_seconds
        self.progress.batch += 1

    def _teacher(
        self, inputs: Mapping[str, Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """What the E-step sees of a batch: `outputs`, those of the training pass, or a pass of its own."""
        if self.options.teacher == "train":
            return outputs
        self.bridge.eval()
        self._teaching.eval()
        with torch.no_grad():
            found: dict[str, Tensor] = self._teaching(inputs)
        self.bridge.train()
        return found

    @property
    def _teaching(self) -> Bridge:
        return self.networks if self.options.teacher == "average" else self.bridge

    def _e_step(self, outputs: Mapping[str, Tensor], batch: Batch, seed: int) -> EStep:
        if self.memory is None:
            return self.loss.e_step(outputs, batch.labels, seed)
        step = self.loss.e_step(outputs, batch.labels, seed, self.memory.recall(batch.indices))
        self.memory.keep(batch.indices, step.state)
        return step

    def _update_probabilities(self, steps: Sequence[EStep]) -> None:
        """The M-step of the program's own probabilities: one of EM where `steps` are the whole data set."""
        counted = [(s.expectations, len(s.possible) - s.impossible) for s in steps]
        known = [(found, count) for found, count in counted if found is not None]
        if self.probabilities is None or not known:
            return
        total = sum(count for _, count in known)
        mean = torch.stack([found * (count / total) for found, count in known]).sum(dim=0)
        whole = self.options.e_step == "epoch" or self.train.batches_per_epoch == 1
        change = self.probabilities.update(mean, None if whole else self.options.step_power)
        self.convergence.saw(change)

    def _count(self, step: EStep) -> None:
        """What `_gradient_step` does, where there is no network: the loss is −log p(y)."""
        possible = len(step.possible) - step.impossible
        loss = -float(step.log_likelihood.double().sum()) / max(possible, 1)
        self.progress.step += 1
        self.progress.add_loss(loss, possible)

    def _gradient_step(self, loss: Tensor, count: int) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if self.loss.last_impossible < count:  # otherwise nothing can be learned from this batch
            if not loss.requires_grad:
                raise problem(
                    "E0641",
                    "no gradient leads from the networks' outputs to parameters that can be trained",
                    help="do the networks detach their outputs, or have they no parameters, or frozen ones?",
                )
            loss.backward()  # type: ignore[no-untyped-call]
            if self.options.clip:
                nn.utils.clip_grad_norm_(self.bridge.parameters(), self.options.clip)
            self.optimizer.step()
            if self.average is not None:
                self.average.update_parameters(self.bridge)
            self.schedule.step()
        self.progress.step += 1
        self.progress.add_loss(loss.item(), count)

    def _compare(self, outputs: Mapping[str, Tensor], batch: Batch) -> None:
        """Note how many symbols are right, where the data set gives the truth."""
        choices = {
            name: most_probable(self.loss.inference.outputs[name], outputs[name])
            for name in batch.truth
        }
        unnamed = nameless(self.train.dataset)
        count_truth(self.progress.compared, batch.truth, choices, self._tables, unnamed)

    def _anneal(self) -> None:
        """What the E-step assumes at this point of the training."""
        done = self._share_done()
        self.loss.noise = noise_share(self.options, done)
        self.loss.spread = spread_scale(self.options, done)

    def _whole_e_step(self, epoch: int) -> None:
        """Targets for the whole data set, from the networks as they are now."""
        self.targets = {}
        self.bridge.eval()
        self._teaching.eval()
        self._anneal()
        with torch.no_grad():
            for number, batch in enumerate(self.train.batches(epoch)):
                outputs = self._teaching(batch.to(self.device).inputs)
                step = self._e_step(outputs, batch, self._e_step_seed() + number)
                self.targets[number] = step
                self.progress.seconds["e_step"] += step.seconds
        self._update_probabilities(list(self.targets.values()))
        self.bridge.train()

    def _end_epoch(self) -> None:
        record: dict[str, Any] = self.progress.end_epoch(self.optimizer.param_groups[0]["lr"])
        self.targets = {}
        if self.probabilities is not None:
            record["probabilities"] = self.probabilities.named()
        due = self.progress.epoch % self.options.valid_every == 0
        if self.valid is not None and (due or self.progress.epoch == self.options.epochs):
            found = self.evaluate(self.valid)
            record["valid"] = {
                "label_accuracy": found.label_accuracy,
                "accuracy": found.accuracy,
                "log_likelihood": found.log_likelihood,
            }
            if self.progress.is_best(found.log_likelihood) and self.options.patience:
                self.progress.keep_best(self.networks)
        self._look_for_stall(record)
        # Without networks epochs may be thousands a second.
        last = self.progress.epoch == self.options.epochs or self._has_ended()
        if self.bridge.networks or last or time.monotonic() - self._saved > 1:
            self.save()
        self.observer.epoch_ends(record)

    def signs(self) -> Signs:
        """Whether the networks tell their inputs apart, see `emnesy.learn.stall`."""
        return signs(
            self.bridge,
            self.loss.inference,
            self.train,
            device=self.device,
            seed=self._e_step_seed(),
        )

    def _look_for_stall(self, record: dict[str, Any]) -> None:
        """Once an attempt: start again where it has led nowhere, while restarts are left."""
        if not self.options.restarts or self.progress.epoch != self.options.restart_epoch:
            return
        found = self.signs()
        record["stall"] = found.record()
        poor = found.stalled or found.gain < self.options.restart_gain
        if poor and self.progress.attempt < self.options.restarts and self._renew:
            self.progress.restart()
            record["restart"] = {"attempt": self.progress.attempt, "seed": self.attempt_seed}
            self._begin(self._renew(self.attempt_seed))

    def finish(self) -> None:
        """With early stopping: go back to the weights that were best on the validation split."""
        if self.progress.best_weights:
            self.networks.load_state_dict(self.progress.best_weights)

    def _has_ended(self) -> bool:
        """Out of patience, or EM without networks has converged."""
        left = self.convergence.left
        if not self.bridge.networks and left is not None and left <= self.options.tolerance:
            return True
        patience = self.options.patience
        return bool(patience) and self.progress.epochs_without_better >= patience

    def _share_done(self) -> float:
        return self.progress.step / max(1, self._planned_steps())

    def _planned_steps(self) -> int:
        batches = self.train.batches_per_epoch
        if batches is None:
            options = self.options
            if options.schedule != "constant" or options.entropy or options.warm:
                raise problem(
                    "E0660",
                    "the data set does not tell its length, which the schedule "
                    f"{options.schedule} needs",
                    help="schedule=constant (and no entropy, no warm), or give the data set a __len__",
                )
            return 0
        return batches * self.options.epochs * self.options.m_steps

    def _e_step_seed(self) -> int:
        # Distinct for every E-step of every run, and the same when a run is resumed.
        return (self.attempt_seed << 32) + self.progress.step
