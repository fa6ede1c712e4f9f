"""The pictures of a run's folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emnesy.diagnostics import EmnesyError
from emnesy.ground.interface import Interface
from emnesy.pictures.confusion import draw_confusion
from emnesy.pictures.curves import Records, draw_curves

if TYPE_CHECKING:
    from emnesy.learn.evaluate import Evaluation


def draw_run(
    folder: Path,
    split: str,
    found: Evaluation,
    dataset: Any,
    interface: Interface,
    records: Records,
    title: str,
) -> list[str]:
    """Draw ``curves.png``, ``confusion-SPLIT.png`` and the data set's own ``examples-SPLIT.png``.

    What there is nothing to draw of is left out. The result tells people what was drawn, and why anything was
    not: a picture is never worth losing a trained network for.
    """
    domains: Mapping[str, Any] = {
        spec.predicate: ("false", "true") if spec.domain is None else spec.domain
        for spec in interface.priors
    }
    drawers: dict[str, Callable[[Path], bool]] = {
        "curves.png": lambda path: draw_curves(records, path, title),
        f"confusion-{split}.png": lambda path: draw_confusion(
            found.confusion, domains, path, split
        ),
        f"examples-{split}.png": lambda path: _own(dataset, found, path),
    }
    drawn, notes = [], []
    for name, draw in drawers.items():
        try:
            if draw(folder / name):
                drawn.append(name)
        except ImportError as error:
            notes.append(f"no pictures: {error.name} is missing (pip install 'emnesy[examples]')")
            break
        except EmnesyError:
            raise
        except Exception as error:
            notes.append(f"no {name}: {type(error).__name__}: {error}")
    if drawn:
        notes.insert(0, f"pictures: {', '.join(str(folder / name) for name in drawn)}")
    return notes


def run_title(config: Mapping[str, Any]) -> str:
    """What pictures call a run with these settings (``config.json``)."""
    consts = [f"{name} = {value}" for name, value in config["const"].items()]
    supervised = ["supervised"] if config.get("supervised") else []
    parts = [Path(config["program"]).stem, *consts, f"seed {config['seed']}", *supervised]
    return ", ".join(parts)


def _own(dataset: Any, found: Evaluation, path: Path) -> bool:
    draw = getattr(dataset, "picture", None)
    if draw is None:
        return False
    extra = {"scores": found.scores} if "scores" in inspect.signature(draw).parameters else {}
    draw(found.predictions, str(path), **extra)
    return True
