"""`emnesy train` without the command line: program in, trained networks and figures out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from emnesy.learn.checkpoint import seed_everything
from emnesy.learn.evaluate import Evaluation
from emnesy.learn.examples import Examples
from emnesy.learn.factories import make_networks
from emnesy.learn.interpretations import InterpretationDataset
from emnesy.learn.observer import Observer
from emnesy.learn.options import TrainOptions
from emnesy.learn.problems import problem
from emnesy.learn.protocols import ProgramLike
from emnesy.learn.run_folder import RunFolder, finite
from emnesy.learn.splits import SPLITS, describe, evaluation_batch, open_split
from emnesy.learn.trainer import Trainer
from emnesy.modules import importable
from emnesy.pictures.run import draw_run, run_title
from emnesy.pipeline import default_threads


@dataclass(frozen=True)
class Settings:
    """What the command line may say beside the program; see `emnesy train --help`."""

    seed: int = 0
    threads: int | None = None
    train: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    factories: Mapping[str, str] = field(default_factory=dict)
    """Network -> ``"module:factory"``, in place of the one its directive names."""


@dataclass(frozen=True)
class Outcome:
    """How a session ended: interrupted, or with an evaluation of the test split (where there is
    one).
    """

    finished: bool
    evaluation: Evaluation | None
    seconds: dict[str, float]
    epochs: int
    seed: int
    notes: tuple[str, ...] = ()
    supervised: bool = False
    restarts: int = 0
    stalled: bool = False
    log_likelihood: float | None = None
    """Of the training examples in the last epoch."""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """The program's own learnable ones."""

    def summary(self) -> dict[str, Any]:
        """The figures as the last line of ``emnesy train --json`` gives them."""
        found = self.evaluation
        nothing: dict[str, Any] = {"label_accuracy": None, "accuracy": {}, "log_likelihood": None}
        figures = found.summary() if found else dict(nothing)
        result: dict[str, Any] = {
            **{name: figures.pop(name) for name in nothing},
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "epochs": self.epochs,
            "seed": self.seed,
            **({"supervised": True} if self.supervised else {}),
            **({"restarts": self.restarts} if self.restarts else {}),
            **({"stalled": True} if self.stalled else {}),
            **figures,
        }
        if found is None:
            result["log_likelihood"] = self.log_likelihood
        if self.probabilities:
            result["probabilities"] = dict(self.probabilities)
        return dict(finite(result))


WITHOUT_NETWORKS: Mapping[str, Any] = {"epochs": 10_000, "schedule": "constant"}
"""Training options of programs without networks, where the program says nothing else."""


class Session:
    """A program with its networks and data, ready to be trained."""

    def __init__(
        self,
        model: ProgramLike,
        program: Path,
        settings: Settings,
        *,
        observer: Observer | None = None,
        interpretations: InterpretationDataset | None = None,
    ) -> None:
        """Makes networks and data sets and checks the first example of each split against the
        program. `interpretations`: the training split, in place of what the program's data factory makes.

        Errors: `DataError` of the E06 family, at the directive concerned where there is one.
        """
        core = model.core
        _check_trainable(model)
        self.model = model
        self.settings = settings
        self.interpretations = interpretations
        self.folder: RunFolder | None = None
        self.program_folder = program.parent
        inputs = sum(len(spec.choices) for spec in model.interface.priors)
        defaults = {} if inputs else WITHOUT_NETWORKS
        self.options = TrainOptions.read({**defaults, **core.train_options, **settings.train})
        threads = settings.threads or default_threads()
        # PyTorch's threads spin while they wait. One for every core makes small networks many times slower as
        # soon as anything else runs, so half the cores are its default; the engine's threads sleep.
        torch.set_num_threads(settings.threads or max(1, threads // 2))
        networks = self._renew(settings.seed)
        self._inputs = inputs
        splits = {split: self._open(split, training=split == "train") for split in SPLITS}
        if splits["train"] is None:
            raise problem(
                "E0635",
                "the data factory gives no training split",
                span=core.data.span if core.data else None,
            )
        self.test = splits["test"]
        self.trainer = Trainer(
            model,
            networks,
            splits["train"],
            self.options,
            valid=splits["valid"],
            seed=settings.seed,
            threads=threads,
            observer=_Recorder(self, observer or Observer()),
            renew=self._renew,
        )
        self.descriptions = [
            f"{split}: {describe(examples)}" for split, examples in splits.items() if examples
        ]
        if self.options.supervised:
            self.descriptions.append(
                "supervised: trained on the true symbols, the ceiling for learning from observations"
            )

    def _renew(self, seed: int) -> dict[str, nn.Module]:
        seed_everything(seed)
        settings = self.settings
        return make_networks(
            self.model.core, self.program_folder, settings.networks, settings.factories
        )

    def use(self, folder: RunFolder) -> None:
        """Write checkpoints, metrics, weights and pictures to `folder`."""
        self.folder = folder
        self.trainer.folder = folder.path

    def run(self) -> Outcome:
        """Train to the end or to an interruption, evaluate, and write the run's files."""
        trainer = self.trainer
        with importable(self.program_folder):
            finished = trainer.fit()
            if not finished:
                self.record()
                return self._outcome(finished)
            found = (
                trainer.signs() if trainer.progress.history and trainer.bridge.networks else None
            )
            trainer.finish()
            evaluation = trainer.evaluate(self.test, self._open) if self.test else None
        outcome = self._outcome(finished, evaluation)
        if found is not None and found.stalled:
            notes = (f"stalled: {found}", self._advice())
            outcome = replace(outcome, stalled=True, notes=notes)
        if self.folder is None:
            return outcome
        self.record({"test": outcome.summary()})
        self.folder.write_weights(trainer.networks)
        return replace(outcome, notes=(*outcome.notes, *self._draw(evaluation)))

    def _advice(self) -> str:
        done = self.trainer.progress.attempt
        if done:
            return f"{done} restarts were in vain: other options or more data may help"
        return "another --seed, or --train restarts=3 to start again by itself, may help"

    def record(self, *more: Mapping[str, Any]) -> None:
        """Write the epochs' records, and `more`, to the run's ``metrics.jsonl``."""
        if self.folder is not None:
            self.folder.write_metrics([*self.trainer.progress.history, *more])

    def _open(self, split: str, training: bool = False) -> Examples | None:
        options = self.options
        size = _batch_size(options, self._inputs) if training else evaluation_batch(self._inputs)
        if self.interpretations is not None:
            if not training:
                return None
            return Examples(
                self.interpretations,
                self.model.interface,
                split,
                batch_size=size,
                shuffle=options.shuffle and size is not None,
                seed=self.settings.seed,
            )
        return open_split(
            self.model,
            self.program_folder,
            split,
            seed=self.settings.seed,
            options=self.settings.data,
            batch_size=size,
            shuffle=training and options.shuffle,
            workers=options.workers if training else 0,
        )

    def _outcome(self, finished: bool, evaluation: Evaluation | None = None) -> Outcome:
        progress = self.trainer.progress
        own = self.trainer.networks.probabilities
        return Outcome(
            finished,
            evaluation,
            dict(progress.seconds),
            progress.epoch,
            self.settings.seed,
            supervised=self.options.supervised,
            restarts=progress.attempt,
            log_likelihood=progress.history[-1]["log_likelihood"] if progress.history else None,
            probabilities=own.named() if own is not None else {},
        )

    def _draw(self, evaluation: Evaluation | None) -> list[str]:
        if self.test is None or evaluation is None or self.folder is None:
            return []
        with importable(self.program_folder):
            return draw_run(
                self.folder.path,
                self.test.split,
                evaluation,
                self.test.dataset,
                self.model.interface,
                self.folder.read_metrics(),
                run_title(RunFolder.reopen(self.folder.path)[1]),
            )


class _Recorder(Observer):
    """Writes the metrics of every epoch, then tells the observer of the command line."""

    def __init__(self, session: Session, observer: Observer) -> None:
        self._session = session
        self.epoch_begins = observer.epoch_begins  # type: ignore[method-assign]
        self.batch_ends = observer.batch_ends  # type: ignore[method-assign]
        self._epoch_ends = observer.epoch_ends

    def epoch_ends(self, record: dict[str, Any]) -> None:
        if self._session.trainer.saved == record["epoch"]:
            self._session.record()
        self._epoch_ends(record)


def _check_trainable(model: ProgramLike) -> None:
    if not model.interface.priors and not model.interface.parameters:
        raise problem(
            "E0661",
            "the program has neither neural predicates nor learnable probabilities: there is "
            "nothing to train",
            help="`nn(net, input, X, domain) :: p(…, X) :- …` declares a neural predicate, "
            "`t(_)::p` a probability to be learned",
        )
    if not model.interface.labels:
        raise problem(
            "E0661",
            "the program observes nothing: there is nothing to learn from",
            help="observe p/arity. says which predicate the examples give values for",
        )


def _batch_size(options: TrainOptions, inputs: int) -> int | None:
    if options.batch_size == "full" or (options.batch_size == "auto" and not inputs):
        return None
    if options.batch_size == "auto":
        return max(1, round(options.batch_inputs / inputs))
    return int(options.batch_size)
