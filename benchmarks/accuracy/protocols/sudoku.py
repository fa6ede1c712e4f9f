"""Visual sudoku, published protocol: 100 correct and 100 corrupted puzzles a split, one bit each as label."""

from __future__ import annotations

from accuracy.protocol import Family, Protocol

PROGRAM = "programs/visual_sudoku.nesy"

PAIRS = "programs/visual_sudoku_pairs.nesy"
"""The same label in parts: which pairs of cells differ."""

MESSAGES = (
    *("--engine", "bp", "--engine-option", "max_iterations=15"),
    *("--engine-option", "damping=0.3", "--engine-option", "tolerance=0.001"),
)
"""Fifteen sweeps over the rows, columns and boxes."""

DISTORTED = ("--network", "digit_net.distortion=0.08")
"""Training images are turned, stretched and moved a little: 100 puzzles have few."""

CORRECT = (
    *("--data", "invalid=false", "--data", "threshold_distortion=0.1"),
    *("--train", "valid_every=20"),
)
"""Corrupted puzzles teach almost nothing (what is not valid may be nearly anything) and double the time."""

BATCH_NORM = (
    "--network",
    "digit_net=emnesy.data.nets:bn_cnn",
    "--network",
    "digit_net.channels=12",
)


def _protocol(
    name: str, title: str, size: int, *arguments: tuple[str, ...], program: str = PROGRAM
) -> Protocol:
    box = round(size**0.5)
    fixed = ("-c", f"size={size}", "-c", f"box={box}", "--network", f"digit_net.outputs={size}")
    data = ("--data", "source=mnist")
    flat = tuple(argument for part in arguments for argument in part)
    return Protocol(
        f"sudoku-{size}{name}", f"{size}×{size}, {title}", program, (*fixed, *data, *flat)
    )


def _epochs(epochs: int, batch: int) -> tuple[str, ...]:
    return ("--epochs", str(epochs), "--batch-size", str(batch))


_RESTARTS = ("--train", "restarts=2", "--train", "restart_after=0.2")

SMALL = _protocol("", "LeNet", 4, MESSAGES, CORRECT, DISTORTED, _epochs(80, 2), _RESTARTS)
LARGE = _protocol("", "LeNet", 9, MESSAGES, CORRECT, DISTORTED, _epochs(40, 1), _RESTARTS)
LARGE_BN = _protocol(
    "-bn", "BatchNorm CNN", 9, MESSAGES, CORRECT, DISTORTED, BATCH_NORM, _epochs(26, 1), _RESTARTS
)


def _abc(size: int, epochs: int) -> Protocol:
    """Each cell weighed by its own pairs, after a break-out from standardised outputs."""
    settings = (
        *("--engine", "abc", "--engine-option", "locality=cone", "--engine-option", "rate=3"),
        *("--train", "warm=0.2"),
    )
    return _protocol(
        "-abc",
        "LeNet, abc",
        size,
        settings,
        CORRECT,
        DISTORTED,
        _epochs(epochs, 2),
        program=PAIRS,
    )


def _published_abc(size: int) -> Protocol:
    """Worlds weighed by the share of the constraints that they satisfy."""
    settings = (
        *("--engine", "abc", "--engine-option", "kernel=fraction"),
        *("--engine-option", "locality=all", "--engine-option", "control_variate=off"),
    )
    return _protocol(
        "-abc-fraction",
        "LeNet, abc, published kernel",
        size,
        settings,
        CORRECT,
        _epochs(10, 2),
        program=PAIRS,
    )


ABC = (_abc(4, 40), _published_abc(4), _abc(9, 24), _published_abc(9))

FAMILY = Family(
    "Visual sudoku from one bit a puzzle",
    (
        *(p for observed in (SMALL, LARGE, LARGE_BN) for p in (observed, observed.supervised())),
        *ABC,
    ),
    {
        "label, threshold from validation": "metrics.validity_threshold_valid",
        "label, threshold from training": "metrics.validity_threshold_train",
        "argmax grid": "metrics.argmax_validity",
        "ROC area": "metrics.roc_auc",
        "digits, renamed": "metrics.digit_accuracy_renamed",
    },
    "Splits 0 to 4; settings were chosen on the validation puzzles of splits 100 to 102.",
)
