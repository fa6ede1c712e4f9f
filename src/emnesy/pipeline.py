"""The compiler on one screen: source text to compiled program.

Every stage is a field of `Program`, computed when it is first asked for, and has a dump
(``emnesy dump --stage NAME``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from emnesy.deep import run_deep
from emnesy.diagnostics import Diagnostic, ProgramError, Source

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.compiled import CompiledProgram
    from emnesy.graph.lowering import Expanded
    from emnesy.ground.foreign import ForeignFunctions
    from emnesy.ground.interface import Interface
    from emnesy.ground.program import GroundedProgram
    from emnesy.language import syntax
    from emnesy.language.core import Atom, CoreProgram
    from emnesy.language.frontend import Analysis

DEFAULT_ENGINE = "auto"

T = TypeVar("T")


class Program:
    """One program on its way: ``source`` → ``syntax`` → ``core`` → ``ground`` → ``interface`` → engine."""

    def __init__(
        self,
        source: Source,
        consts: Mapping[str, int | float | str] | None = None,
        *,
        max_ground: int | None = None,
        atoms: tuple[Atom, ...] | None = None,
        keep_all: bool = False,
        foreign: ForeignFunctions | None = None,
    ) -> None:
        """`atoms`: ground atoms that examples observe one by one, in place of what the program observes.

        `keep_all`: ground also what no query, evidence or observation can see. `foreign`: the functions of
        Python's that it may call; none by default.
        """
        self.keep_all = keep_all
        self.foreign = foreign
        self.source = source
        self.atoms = atoms
        self.consts = {name: _constant(name, value) for name, value in (consts or {}).items()}
        self.max_ground = max_ground

    @cached_property
    def syntax(self) -> syntax.Program:
        """The syntax tree, as written."""
        from emnesy.language.parser import parse

        return self.deep(lambda: parse(self.source))

    @cached_property
    def analysed(self) -> Analysis:
        """The checked and desugared rules, and the warnings."""
        from emnesy.language.frontend import analyse

        return analyse(self.source, self.consts)

    @cached_property
    def core(self) -> CoreProgram:
        """The core rules."""
        from emnesy.language.core import Query

        core = self.analysed.core
        if self.atoms is None:
            return core
        return replace(core, queries=tuple(Query(a, a.span) for a in self.atoms), observed=())

    def observing(self, atoms: tuple[Atom, ...]) -> Program:
        """The same program, whose examples say the truth of these ground atoms."""
        return self._again(atoms=atoms)

    def of_rules(self, core: CoreProgram, *, keep_all: bool = False) -> Program:
        """A program of other core rules, with this one's text and limits."""
        other = self._again(keep_all=keep_all)
        other.__dict__["core"] = core  # in place of what the text gives
        return other

    def _again(self, *, atoms: tuple[Atom, ...] | None = None, keep_all: bool = False) -> Program:
        """A program of the same text, constants, limit and functions."""
        return Program(
            self.source,
            self.consts,
            max_ground=self.max_ground,
            atoms=atoms,
            keep_all=keep_all,
            foreign=self.foreign,
        )

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What the checks found that does not stop the run."""
        return self.analysed.warnings

    def check(self) -> tuple[Diagnostic, ...]:
        """The warnings, once all is checked that can be without running anything.

        Grounds the whole program where a predicate depends on its own negation: whether an atom does
        is seen there. Functions of Python's are looked for where they may be; a program of which they
        may not is not grounded, and W0203 says so.
        """
        core, warnings, may_deny_itself = self.analysed
        if core.foreign:
            from emnesy.ground.foreign import ForeignFunctions

            functions = self.foreign or ForeignFunctions()
            functions.check(core)
            unchecked = functions.unchecked(core, grounding=may_deny_itself)
            if unchecked:
                return (*warnings, *unchecked)
        if may_deny_itself:
            self._grounded(core, keep_all=True)
        return warnings

    @cached_property
    def ground(self) -> GroundedProgram:
        """The ground program."""
        return self._grounded(self.core, keep_all=self.keep_all)

    def _grounded(self, core: CoreProgram, *, keep_all: bool) -> GroundedProgram:
        from emnesy.ground.grounder import DEFAULT_MAX_GROUND, ground

        limit = DEFAULT_MAX_GROUND if self.max_ground is None else self.max_ground
        foreign = self.foreign
        return self.deep(lambda: ground(core, max_ground=limit, keep_all=keep_all, foreign=foreign))

    @cached_property
    def dependencies(self) -> _core.FunctionalDependencies:
        """Which atoms are values of one variable; refutes wrong `type` declarations."""
        from emnesy.ground.functional import find

        grounded = self.ground
        return self.deep(lambda: find(grounded))

    @cached_property
    def interface(self) -> Interface:
        """The tensors that the program reads and observes."""
        from emnesy.ground.interface_builder import build_interface

        grounded, dependencies = self.ground, self.dependencies
        atoms = self.atoms is not None
        return self.deep(lambda: build_interface(grounded, dependencies, atoms=atoms))

    @cached_property
    def lowered(self) -> _core.Lowered:
        """The factor graph."""
        from emnesy.graph.lowering import lower

        return lower(self.ground, self.dependencies, self.interface)

    @cached_property
    def tables(self) -> _core.Lowered:
        """The factor graph with nothing but tables in it, for engines that look at joint values."""
        from emnesy.graph.lowering import lower_tables

        return lower_tables(self.ground, self.dependencies, self.interface)

    @cached_property
    def expanded(self) -> Expanded:
        """The same with computed numbers, where those have few values."""
        from emnesy.graph.lowering import lower_numbers

        return lower_numbers(self.ground, self.dependencies, self.interface)

    @cached_property
    def simulator(self) -> _core.Simulator:
        """The forward evaluator."""
        from emnesy.ground.simulator import build_simulator

        return build_simulator(self.ground, self.interface)

    def compile(
        self,
        engine: str | None = None,
        threads: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> CompiledProgram:
        """Bind the program to an engine: the one named, the program's own, or the default.

        `options`: of the engine, for all calls that say nothing else; they add to the program's own.
        """
        from emnesy.compiled import CompiledProgram
        from emnesy.engine.registry import engine as find_engine

        info = find_engine(engine or self.core.engine or DEFAULT_ENGINE)
        own = self.core.engine_options if self.core.engine == info.name else {}
        given = {**own, **(options or {})}
        return CompiledProgram(
            core=self.core,
            grounded=self.ground,
            interface=self.interface,
            engine=info.bind(self, given),
            threads=default_threads() if threads is None else threads,
            options=given,
        )

    def deep(self, work: Callable[[], T]) -> T:
        """Run a stage, however deep the program's terms are nested; `ProgramError` beyond that."""
        from emnesy.language.frontend import nested_too_deeply

        try:
            return run_deep(work)
        except RecursionError:
            raise nested_too_deeply(self.source) from None


def _dump_core(program: Program) -> str:
    from emnesy.language.core_text import core_text

    return core_text(program.core)


def _dump_interface(program: Program) -> str:
    from emnesy.ground.interface_text import interface_text

    return interface_text(program.interface)


def _dump_graph(program: Program) -> str:
    from emnesy.engine.bp import graph_text

    core = program.core
    return graph_text(program, core.engine_options if core.engine == "bp" else {})


STAGES: Mapping[str, Callable[[Program], str]] = {
    "syntax": lambda program: repr(program.syntax),
    "core": _dump_core,
    "ground": lambda program: program.ground.dump(),
    "interface": _dump_interface,
    "graph": _dump_graph,
    "simulator": lambda program: program.simulator.dump(),
}
"""What `emnesy dump` can show, in order."""


def load(
    path_or_text: str | Path,
    consts: Mapping[str, int | float | str] | None = None,
    *,
    max_ground: int | None = None,
    foreign: Mapping[str, Callable[..., Any]] | None = None,
    allow_foreign: bool = False,
) -> Program:
    """Read a program from a file, or from its text (anything with a line break or a full stop at its end).

    `consts` overrides named constants. `max_ground` bounds the atoms and rules of the ground program, and the
    work of grounding. `foreign`: functions for the predicates that the program declares
    with ``:- foreign``, by name (``gcd`` or ``gcd/3``), in place of those it names. `allow_foreign`: import
    those that it names, from beside the program or the Python path; otherwise nothing is imported.

    Raises `ProgramError` where the file cannot be read or a constant is neither number nor text; the program
    itself is looked at when a stage is asked for.
    """
    from emnesy.language.files import read_source

    source: Source | None = None
    if isinstance(path_or_text, str):
        text = path_or_text.strip()
        if "\n" in path_or_text or text.endswith(".") or not text:
            source = Source("<string>", path_or_text)
    if source is None:
        source = read_source(Path(path_or_text))
    functions = functions_for(source, foreign, allow_foreign)
    return Program(source, consts, max_ground=max_ground, foreign=functions)


def _constant(name: str, value: Any) -> int | float | str:
    """A constant's value as the language has it, numbers of NumPy's and one-element tensors included."""
    plain = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(plain, (int, str)) or (isinstance(plain, float) and math.isfinite(plain)):
        return plain
    raise ProgramError(
        Diagnostic(
            "E0803",
            f"the constant `{name}` cannot be {value!r}",
            help="a constant is a number (not NaN or infinity) or a text",
        )
    )


def functions_for(
    source: Source,
    given: Mapping[str, Callable[..., Any]] | None = None,
    allowed: bool = False,
    folder: Path | None = None,
) -> ForeignFunctions | None:
    """The functions that a program may call: those given, and where `allowed` those that it names.

    Modules are looked for in `folder` first, by default the program's own.
    """
    if not given and not allowed:
        return None
    from emnesy.ground.foreign import ForeignFunctions

    return ForeignFunctions(given, folder=(folder or Path(source.name).parent) if allowed else None)


def default_threads() -> int:
    """Engine threads where nothing is said: the cores this process may use."""
    import os

    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else (os.cpu_count() or 1)


__all__ = [
    "DEFAULT_ENGINE",
    "STAGES",
    "Program",
    "ProgramError",
    "default_threads",
    "functions_for",
    "load",
]
