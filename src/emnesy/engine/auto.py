"""`auto`: the engine that suits the program. Exact where one of the exact ones can afford it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emnesy.diagnostics import EngineError
from emnesy.engine import bp, enumerate
from emnesy.engine.registry import EngineInfo

if TYPE_CHECKING:
    from emnesy.engine.base import CompiledEngine
    from emnesy.pipeline import Program


def choose(program: Program) -> CompiledEngine:
    """`bp` where its graph has no loops; else `enumerate` while the worlds are few; else loopy `bp`.

    Raises `EngineError` where the program has no factor graph and too many worlds.
    """
    try:
        message_passing = bp.ENGINE.compile(program)
    except EngineError as refusal:
        try:
            return enumerate.ENGINE.compile(program)
        except EngineError as other:
            raise EngineError(*refusal.diagnostics, *other.diagnostics) from None
    if message_passing.exact or enumerate.world_count(program.ground) > enumerate.AFFORDABLE_WORLDS:
        return message_passing
    return enumerate.ENGINE.compile(program)


ENGINE = EngineInfo(
    name="auto",
    summary="`bp` where it is exact, else `enumerate` while worlds are few, else loopy `bp`",
    exact="on trees, and on small programs",
    tasks=bp.ENGINE.tasks & enumerate.ENGINE.tasks,
    computed_cells=True,
    positive_cycles=True,
    compile=choose,
)
