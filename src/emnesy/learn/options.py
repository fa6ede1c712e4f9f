"""The options of training: what `:- train(...)` may say and `--train key=value` may override."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from typing import Literal as OneOf

from emnesy.diagnostics import Span
from emnesy.learn.problems import problem, unknown_name


@dataclass(frozen=True)
class TrainOptions:
    """How to train. The defaults learn multi-digit addition from 4 to 100 digits; see `docs`."""

    epochs: int = 15
    batch_size: int | OneOf["full", "auto"] = "auto"
    """Examples a step; ``full`` the whole data set; ``auto`` about `batch_inputs` network
    inputs.
    """
    batch_inputs: int = 120
    e_step: OneOf["batch", "epoch"] = "batch"
    """``epoch``: one E-step over the whole data set before the gradient steps of each epoch."""
    m_steps: int = 1
    """Gradient steps a batch on the same targets (Multi-M)."""
    mode: OneOf["em", "std"] = "em"
    """``em``: M-step on the E-step's targets; ``std``: gradient of log p(y | x) itself."""
    targets: OneOf["soft", "hard", "stochastic"] = "soft"
    teacher: OneOf["train", "eval", "average"] = "train"
    """Whose outputs the E-step of a batch takes: those of the training pass itself (with dropout and batch
    statistics), or of a second pass in evaluation mode, of the networks or of their moving average.
    """
    supervised: bool = False
    """Train on the true symbols that the data set gives, whatever `mode` and `targets` are."""
    optimizer: OneOf["adamw", "adam", "sgd"] = "adamw"
    lr: float = 3e-3
    weight_decay: float = 0.01
    momentum: float = 0.9
    """Of ``sgd``."""
    schedule: OneOf["onecycle", "cosine", "constant"] = "onecycle"
    warmup: float = 0.2
    """Share of the steps in which ``onecycle`` rises."""
    clip: float = 0.0
    """Largest norm of the gradient; 0: not clipped."""
    ema: float = 0.99
    """Decay of the moving average of the weights that is evaluated and saved; 0: none."""
    entropy: float = 0.0
    """Weight of the entropy bonus at the first step, falling geometrically to `entropy_end`."""
    entropy_end: float = 1e-3
    balance: float = 0.0
    """Weight of the entropy of a predicate's mean output over a batch."""
    balance_until: float = 0.85
    """The share of the steps, from the first on, in which `balance` counts."""
    warm: float = 0.0
    """Share of the steps, at first, in which the E-step takes standardised outputs."""
    spread: float = 2.0
    """Standard deviation of the log-probabilities that these are scaled to."""
    noise: float = 0.0
    """Share of each prior that the E-step takes to be uniform; the M-step learns the rest."""
    noise_end: float = 0.0
    """Where `noise` falls to, geometrically; 0: it stays as it is."""
    step_power: float = 0.7
    """Of the program's own probabilities on mini-batches: the k-th step counts ``(k + 2) ** -step_power``."""
    tolerance: float = 1e-6
    """Without networks: training stops where no probability is farther from EM's limit than this."""
    valid_every: int = 1
    """Epochs from one look at the validation split to the next; the last epoch has one in any case."""
    patience: int = 0
    """Looks at the validation split without a better likelihood after which training stops; 0: never."""
    restarts: int = 0
    """How often networks that ignore their inputs are made anew (`emnesy.learn.stall`)."""
    restart_gain: float = 0.0
    """Those that explain less of the labels than this share are made anew as well; 0: none are."""
    restart_after: float = 0.4
    """When that is looked at: after this share of the epochs, or from 1 on after so many."""
    shuffle: bool = True
    persist: bool = True
    """Whether the engine goes on from its messages or chains of the example's last E-step."""
    workers: int = 0
    """Processes that load data (`torch.utils.data.DataLoader`); 0: none."""
    device: str = "cpu"
    channels_last: bool = True
    """Memory format of convolutional networks; faster on CPUs."""

    @property
    def restart_epoch(self) -> int:
        """The number of epochs after which networks may be found to be stalled."""
        after = self.restart_after
        return math.ceil(after if after >= 1 else after * self.epochs)

    @classmethod
    def read(cls, given: Mapping[str, Any], span: Span | None = None) -> TrainOptions:
        """Options by name, as a directive or the command line gives them.

        Errors: `DataError` E0660 for an unknown name, a value of another type or out of range.
        """
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                raise unknown_name("E0660", "training option", name, known, span=span)
            values[name] = _converted(name, value, getattr(cls, name), span)
        options = cls(**values)
        if options.noise and (options.mode != "em" or options.targets != "soft"):
            raise problem(
                "E0660",
                f"noise = {options.noise} needs mode=em and targets=soft",
                span=span,
                help="what noise explains is taken out of soft targets only",
            )
        if options.warm and options.mode != "em":
            raise problem("E0660", f"warm = {options.warm} needs mode=em", span=span)
        if options.teacher != "train" and options.mode != "em":
            raise problem("E0660", f"teacher = {options.teacher} needs mode=em", span=span)
        if options.teacher == "average" and not options.ema:
            raise problem("E0660", "teacher = average needs a moving average: ema > 0", span=span)
        return options


_CHOICES: dict[str, tuple[str, ...]] = {
    "e_step": ("batch", "epoch"),
    "mode": ("em", "std"),
    "targets": ("soft", "hard", "stochastic"),
    "teacher": ("train", "eval", "average"),
    "optimizer": ("adamw", "adam", "sgd"),
    "schedule": ("onecycle", "cosine", "constant"),
}

_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (0, 1e9),
    "batch_size": (1, 1e9),
    "batch_inputs": (1, 1e9),
    "m_steps": (1, 1e6),
    "lr": (0, 1e6),
    "weight_decay": (0, 1e6),
    "momentum": (0, 1),
    "warmup": (0, 1),
    "clip": (0, 1e12),
    "ema": (0, 1),
    "entropy": (0, 1e6),
    "entropy_end": (1e-12, 1e6),
    "balance": (0, 1e6),
    "balance_until": (0, 1),
    "warm": (0, 1),
    "spread": (1e-3, 1e3),
    "noise": (0, 0.999),
    "noise_end": (0, 0.999),
    "step_power": (0, 1),
    "tolerance": (0, 1),
    "valid_every": (1, 1e9),
    "patience": (0, 1e9),
    "restarts": (0, 1e6),
    "restart_gain": (0, 1),
    "restart_after": (1e-9, 1e9),
    "workers": (0, 1024),
}


def _converted(name: str, value: Any, default: Any, span: Span | None) -> Any:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise problem(
                "E0660",
                f"{name} = {value} is none of {', '.join(_CHOICES[name])}",
                span=span,
            )
        return value
    if name == "batch_size" and value in ("full", "auto"):
        return value
    if isinstance(default, bool):
        if value in (True, False, "true", "false"):
            return value in (True, "true")
        raise problem("E0660", f"{name} is true or false, not {value}", span=span)
    if isinstance(default, str) and name != "batch_size":
        return str(value)
    wanted = float if isinstance(default, float) else int
    if isinstance(value, bool) or not isinstance(value, (int, wanted)):
        kind = "a number" if wanted is float else "an integer"
        raise problem("E0660", f"{name} is {kind}, not {value!r}", span=span)
    low, high = _RANGES[name]
    if not low <= value <= high:
        raise problem("E0660", f"{name} = {value} is not between {low:g} and {high:g}", span=span)
    return wanted(value)
