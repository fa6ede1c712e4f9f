"""Grounding by clingo, whose grounder is gringo.

ImportError where clingo is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def prepare(text: str) -> Callable[[], Any]:
    """From text to the ground program: a `clingo.Control`."""
    from clingo import Control

    def call() -> Control:
        control = Control(["--warn=none"])
        control.add("base", [], text)
        control.ground([("base", [])])
        return control

    return call
