"""Functional dependencies, and the `type` declarations that claim them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emnesy import _core
from emnesy.diagnostics import Diagnostic, ProgramError
from emnesy.ground.interface_builder import preferred_positions

if TYPE_CHECKING:
    from emnesy.ground.program import GroundedProgram


def find(grounded: GroundedProgram) -> _core.FunctionalDependencies:
    """Infer functional dependencies; `ProgramError` where a declared one is refuted, with an example."""
    dependencies = _core.find_functional_dependencies(
        grounded.native, preferred_positions(grounded)
    )
    native = grounded.native
    index = {
        (name, int(arity)): p
        for p, (name, arity) in enumerate(
            zip(native.predicate_name, native.predicate_arity, strict=True)
        )
    }
    errors = []
    for declared in grounded.core.types:
        signature = declared.signature
        predicate = index.get((signature.name, signature.arity))
        if predicate is None or declared.key_arity != signature.arity - 1:
            continue
        first = int(dependencies.conflict_first[predicate])
        second = int(dependencies.conflict_second[predicate])
        if dependencies.value_position[predicate] == declared.key_arity or first < 0:
            continue
        errors.append(
            Diagnostic(
                "E0425",
                f"`{signature}` is declared functional, but `{grounded.atom_text(first)}` and "
                f"`{grounded.atom_text(second)}` may hold together",
                declared.span,
                help="move `->`, or make the rules exclusive",
            )
        )
    if errors:
        raise ProgramError(*errors)
    return dependencies
