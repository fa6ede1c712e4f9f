"""Core programs from text, for tests of the grounder alone."""

from __future__ import annotations

from emnesy.diagnostics import Diagnostic, Source
from emnesy.ground.grounder import ground
from emnesy.ground.program import GroundedProgram
from emnesy.language.constants import evaluate_constants
from emnesy.language.core import CoreProgram
from emnesy.language.desugar import desugar
from emnesy.language.parser import parse


def core_of(text: str) -> CoreProgram:
    """Parsed and desugared without the checks, so that what they refuse reaches the grounder."""
    program = parse(Source("test", text))
    found: list[Diagnostic] = []
    core = desugar(program, evaluate_constants(program.statements, {}, found.append), found.append)
    assert not [d for d in found if d.severity == "error"], found
    return core


def ground_text(text: str, **options: object) -> GroundedProgram:
    """Grounds a text and verifies the result."""
    program = ground(core_of(text), **options)
    program.native.verify()
    return program


def rules_of(program: GroundedProgram) -> set[str]:
    """The ground rules as text, without the choices' numbers mattering."""
    lines = program.dump().splitlines()
    return {line for line in lines if line[:1] not in "%c" and not line.startswith("query(")}
