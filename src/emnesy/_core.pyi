"""Types of the native core; written by hand, kept beside cpp/bindings."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from emnesy.language.core import Value

__version__: str

# cpp/bindings/ground.cpp ------------------------------------------------------------------------

class GroundFault(Exception): ...  # noqa: N818

class ValueTable:
    def __init__(self) -> None: ...
    def integer(self, value: int) -> int: ...
    def real(self, value: float) -> int: ...
    def symbol(self, text: str) -> int: ...
    def string(self, text: str) -> int: ...
    def compound(self, functor: str, arguments: list[int]) -> int: ...
    def compare(self, a: int, b: int) -> int: ...
    def format(self, value: int) -> str: ...
    def kind(self, value: int) -> int: ...
    def number(self, value: int) -> int | float: ...
    def text(self, value: int) -> str: ...
    def arguments(self, value: int) -> list[int]: ...
    def __len__(self) -> int: ...

class GroundProgram:
    def verify(self) -> None: ...
    def dump(self) -> str: ...
    def format_atom(self, atom: int) -> str: ...
    def format_value(self, value: int) -> str: ...
    def value(self, value: int) -> Value: ...
    def value_kind(self, value: int) -> int: ...
    def cell(self, value: int) -> int: ...
    def compound(self, value: int) -> tuple[str, list[int]]: ...
    def is_symbolic(self, value: int) -> bool: ...
    def compare_values(self, a: int, b: int) -> int: ...
    @property
    def values(self) -> ValueTable: ...
    @property
    def atom_count(self) -> int: ...
    @property
    def rule_count(self) -> int: ...
    @property
    def choice_count(self) -> int: ...
    @property
    def value_count(self) -> int: ...
    @property
    def predicate_name(self) -> list[str]: ...
    @property
    def predicate_arity(self) -> NDArray[np.int32]: ...
    @property
    def predicate_aggregate(self) -> NDArray[np.uint8]: ...
    @property
    def predicate_aggregate_position(self) -> NDArray[np.int32]: ...
    @property
    def atom_kind(self) -> NDArray[np.uint8]: ...
    @property
    def atom_predicate(self) -> NDArray[np.int32]: ...
    @property
    def atom_argument_begin(self) -> NDArray[np.int64]: ...
    @property
    def atom_argument(self) -> NDArray[np.uint32]: ...
    @property
    def atom_first(self) -> NDArray[np.int32]: ...
    @property
    def atom_second(self) -> NDArray[np.int32]: ...
    @property
    def choice_kind(self) -> NDArray[np.uint8]: ...
    @property
    def choice_origin(self) -> NDArray[np.int32]: ...
    @property
    def choice_key_begin(self) -> NDArray[np.int64]: ...
    @property
    def choice_key(self) -> NDArray[np.uint32]: ...
    @property
    def choice_alternative_begin(self) -> NDArray[np.int64]: ...
    @property
    def choice_alternative(self) -> NDArray[np.int32]: ...
    @property
    def choice_probability(self) -> NDArray[np.float64]: ...
    @property
    def choice_has_none(self) -> NDArray[np.uint8]: ...
    @property
    def rule_head(self) -> NDArray[np.int32]: ...
    @property
    def rule_body_begin(self) -> NDArray[np.int64]: ...
    @property
    def rule_body(self) -> NDArray[np.int32]: ...
    @property
    def rule_origin(self) -> NDArray[np.int32]: ...
    @property
    def rule_contribution(self) -> NDArray[np.uint32]: ...
    @property
    def rule_witness(self) -> NDArray[np.uint32]: ...
    @property
    def cell_atom(self) -> NDArray[np.int32]: ...
    @property
    def constraint_begin(self) -> NDArray[np.int64]: ...
    @property
    def constraint_body(self) -> NDArray[np.int32]: ...
    @property
    def constraint_origin(self) -> NDArray[np.int32]: ...
    @property
    def evidence(self) -> NDArray[np.int32]: ...
    @property
    def queries(self) -> NDArray[np.int32]: ...
    @property
    def observed_predicates(self) -> NDArray[np.int32]: ...

def arithmetic_functions() -> list[tuple[str, int]]: ...
def ground(
    values: ValueTable,
    predicates: list[tuple[str, int, int, int, bool]],
    code: NDArray[np.int32],
    plan_begin: NDArray[np.int32],
    plan_rule: NDArray[np.int32],
    rule_count: int,
    strata: list[tuple[list[int], list[int], list[int]]],
    registers: int,
    queries: int,
    evidence: int,
    max_ground: int,
    keep_all: bool,
    call: Callable[[ValueTable, int, list[int]], int | None] | None = None,
) -> tuple[GroundProgram, list[int], list[int], list[int]]: ...

# cpp/bindings/graph.cpp -------------------------------------------------------------------------

class FactorGraph:
    """Multi-valued variables and sparse factors; the arrays are described in factor_graph.hpp.

    The constructor takes them by name, checks their invariants (`ValueError`) and copies them; the
    properties are read-only views.
    """

    def __init__(
        self,
        variable_name: list[str],
        *,
        choice_count: int,
        impossible: bool = False,
        gate_variable: int = -1,
        factor_kind: list[str] = ...,
        **arrays: NDArray[np.int32] | NDArray[np.int64] | NDArray[np.uint8] | NDArray[np.float64],
    ) -> None: ...
    def verify(self) -> None: ...
    def is_forest(self) -> bool: ...
    def dump(self) -> str: ...
    @property
    def variable_count(self) -> int: ...
    @property
    def factor_count(self) -> int: ...
    @property
    def choice_count(self) -> int: ...
    @property
    def impossible(self) -> bool: ...
    @property
    def gate_variable(self) -> int: ...
    @property
    def factor_kind(self) -> list[str]: ...
    @property
    def gated(self) -> NDArray[np.uint8]: ...
    @property
    def value_map_begin(self) -> NDArray[np.int64]: ...
    @property
    def value_map(self) -> NDArray[np.int32]: ...
    @property
    def parameter_begin(self) -> NDArray[np.int64]: ...
    @property
    def parameter(self) -> NDArray[np.int32]: ...
    @property
    def variable_name(self) -> list[str]: ...
    @property
    def cardinality(self) -> NDArray[np.int32]: ...
    @property
    def choice_has_none(self) -> NDArray[np.uint8]: ...
    @property
    def scope_begin(self) -> NDArray[np.int64]: ...
    @property
    def scope(self) -> NDArray[np.int32]: ...
    @property
    def tuple_begin(self) -> NDArray[np.int64]: ...
    @property
    def tuple_value_begin(self) -> NDArray[np.int64]: ...
    @property
    def tuple_value(self) -> NDArray[np.int32]: ...
    @property
    def tuple_weight(self) -> NDArray[np.float64]: ...
    @property
    def unit_weight(self) -> NDArray[np.uint8]: ...
    @property
    def slice_position(self) -> NDArray[np.int32]: ...
    @property
    def slice_offset(self) -> NDArray[np.int64]: ...
    @property
    def slice_begin(self) -> NDArray[np.int32]: ...
    @property
    def slot_variable(self) -> NDArray[np.int32]: ...
    @property
    def slot_label_count(self) -> NDArray[np.int32]: ...
    @property
    def slot_mask_begin(self) -> NDArray[np.int64]: ...
    @property
    def slot_mask(self) -> NDArray[np.uint8]: ...
    @property
    def fixed_variable(self) -> NDArray[np.int32]: ...
    @property
    def fixed_mask_begin(self) -> NDArray[np.int64]: ...
    @property
    def fixed_mask(self) -> NDArray[np.uint8]: ...
    @property
    def query_variable(self) -> NDArray[np.int32]: ...
    @property
    def query_mask_begin(self) -> NDArray[np.int64]: ...
    @property
    def query_mask(self) -> NDArray[np.uint8]: ...

# cpp/bindings/engine.cpp ------------------------------------------------------------------------

_Real = TypeVar("_Real", NDArray[np.float32], NDArray[np.float64])

def dump_clustered(graph: FactorGraph, cluster: int) -> str:
    """What messages run on, once blocks with junction trees of so many tuples at most are clustered."""
    ...

class BeliefPropagation:
    """Belief propagation on one graph: immutable, callable from any thread.

    `block`, `offset`, `stride` say per choice where its alternatives lie: in which prior block, from
    which element of an example's row, how far apart; `block_size`: elements of a row, per block.
    `cluster`: tuples that the junction tree of a block with loops may have, 0: all blocks stay. `rules`: what
    the first blocks hold, for `run` to check.
    """

    def __init__(
        self,
        graph: FactorGraph,
        *,
        block: NDArray[np.int32],
        offset: NDArray[np.int64],
        stride: NDArray[np.int32],
        block_size: list[int],
        cluster: int = 0,
        rules: PriorRules | None = None,
    ) -> None: ...
    @property
    def exact(self) -> bool: ...
    @property
    def clusters(self) -> int:
        """Junction trees that blocks with loops were replaced by; with a gate, in both of its graphs."""
        ...

    @property
    def message_count(self) -> int:
        """Numbers in one example's loopy messages; 0 without loops."""

    def run(
        self,
        priors: Sequence[_Real],
        evidence: NDArray[np.int32],
        task: str = "marginals",
        threads: int = 1,
        seed: int = 0,
        max_iterations: int = 200,
        damping: float = 0.0,
        tolerance: float = 1e-6,
        schedule: str = "sequential",
        messages: _Real | None = None,
        want_messages: bool = False,
        check: bool = False,
        posteriors: bool = True,
    ) -> tuple[
        tuple[_Real, ...],
        _Real,
        NDArray[np.bool_],
        _Real,
        tuple[NDArray[np.bool_], NDArray[np.int32], _Real] | None,
        dict[str, Any],
    ]:
        """Posterior blocks, log-evidence, possible, queries, progress, extra.

        Progress: converged, iterations, residual; None where two passes are exact.

        `messages` (B, message_count): loopy messages to start from; `want_messages`: return in `extra`
        where they ended. Tasks map and sample: `extra` says which worlds are `consistent` (B,).

        Releases the GIL. `TypeError`: dtype, shape or contiguity; `ValueError`: an option out of
        range; `IndexError`: a label that its slot lacks; `InvalidPriors`: `check` asks for it, and a
        prior breaks the rules. posteriors=False: the blocks are empty.
        """
        ...

# cpp/bindings/exact.cpp -------------------------------------------------------------------------

def lower_with_cycles(
    program: GroundProgram,
    dependencies: FunctionalDependencies,
    slot_begin: NDArray[np.int64],
    slot_atom: NDArray[np.int32],
    slot_functional: NDArray[np.uint8],
    impossible: bool,
) -> Lowered:
    """Tables only; positive cycles by ranks. `NotLowerable` for computed cells and very long cycles."""
    ...

def lower_numbers(
    program: GroundProgram,
    dependencies: FunctionalDependencies,
    slot_begin: NDArray[np.int64],
    slot_atom: NDArray[np.int32],
    slot_functional: NDArray[np.uint8],
    impossible: bool,
) -> tuple[Lowered, list[tuple[int, list[int], list[float]]]]:
    """The same with computed numbers of few values.

    The graph's queries are the program's, then one for each entry of the list: (query atom, cells, values).
    """
    ...

class TreeTooLarge(Exception):  # noqa: N818
    """`args[0]` is the `JunctionTreeCost` that was estimated."""

class JunctionTreeCost:
    """What a junction tree costs; see cpp/engines/exact.hpp."""

    @property
    def dense(self) -> float: ...
    @property
    def bound(self) -> float: ...
    @property
    def entries(self) -> int: ...
    @property
    def largest(self) -> int: ...
    @property
    def clusters(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def separators(self) -> int: ...

def estimate_junction_tree(graph: FactorGraph, *, restarts: int = 12) -> JunctionTreeCost:
    """What the best elimination order found would cost; makes no table."""
    ...

def make_junction_tree(
    graph: FactorGraph, *, budget: int = 1 << 20, restarts: int = 12
) -> tuple[FactorGraph, JunctionTreeCost]:
    """A graph without loops and with the same answers; `TreeTooLarge` beyond `budget` tuples."""
    ...

# cpp/bindings/lower.cpp -------------------------------------------------------------------------

NO_VALUE: int

class NotLowerable(Exception): ...  # noqa: N818

class Components:
    @property
    def component(self) -> NDArray[np.int32]: ...
    @property
    def begin(self) -> NDArray[np.int64]: ...
    @property
    def node(self) -> NDArray[np.int32]: ...
    @property
    def level(self) -> NDArray[np.int32]: ...
    @property
    def cyclic(self) -> NDArray[np.uint8]: ...

def strongly_connected_components(
    edge_begin: NDArray[np.int64], edge: NDArray[np.int32]
) -> Components: ...

class FunctionalDependencies:
    @property
    def atom_group(self) -> NDArray[np.int32]: ...
    @property
    def group_begin(self) -> NDArray[np.int64]: ...
    @property
    def group_atom(self) -> NDArray[np.int32]: ...
    @property
    def group_position(self) -> NDArray[np.int32]: ...
    @property
    def value_position(self) -> NDArray[np.int32]: ...
    @property
    def conflict_first(self) -> NDArray[np.int32]: ...
    @property
    def conflict_second(self) -> NDArray[np.int32]: ...

def find_functional_dependencies(
    program: GroundProgram, preferred_position: list[int]
) -> FunctionalDependencies: ...
def write_out_observed(
    program: GroundProgram, dependencies: FunctionalDependencies
) -> GroundProgram | None: ...

class NoFixpoint(Exception):  # noqa: N818
    """Raised with (cell,): one of those whose recursion improves for ever."""

class Simulator:
    def __init__(
        self,
        program: GroundProgram,
        slot_begin: NDArray[np.int64],
        slot_atom: NDArray[np.int32],
        slot_functional: NDArray[np.uint8],
        impossible: bool = False,
    ) -> None: ...
    @property
    def step_kinds(self) -> list[int]: ...
    @property
    def atom_literal(self) -> NDArray[np.int32]: ...
    def verify(self) -> None: ...
    def dump(self) -> str: ...
    def evaluate(
        self, alternatives: NDArray[np.int32]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Truth (atoms, worlds) and numbers (cells, worlds); `alternatives`: (worlds, choices)."""

class Abc:
    def __init__(
        self,
        simulator: Simulator,
        *,
        block: NDArray[np.int32],
        offset: NDArray[np.int64],
        stride: NDArray[np.int32],
        block_size: list[int],
        label_number: NDArray[np.float64],
    ) -> None: ...
    def run(
        self,
        priors: Sequence[NDArray[Any]],
        evidence: NDArray[np.int32],
        *,
        task: str,
        threads: int,
        seed: int,
        samples: int,
        kernel: str,
        distance: str,
        locality: str,
        rate: float,
        keep: float,
        control_variate: bool,
    ) -> dict[str, Any]: ...

# cpp/bindings/gibbs.cpp -------------------------------------------------------------------------

class Gibbs:
    def __init__(
        self,
        simulator: Simulator,
        *,
        block: NDArray[np.int32],
        offset: NDArray[np.int64],
        block_size: list[int],
    ) -> None: ...
    @property
    def recognises_paths(self) -> bool: ...
    @property
    def choices(self) -> int: ...
    def run(
        self,
        priors: Sequence[NDArray[np.floating[Any]]],
        evidence: NDArray[np.int32],
        *,
        task: str,
        threads: int,
        seed: int,
        chains: int,
        sweeps: int,
        burn_in: int,
        tolerance: float,
        values: NDArray[np.int32],
        block: NDArray[np.float64],
        position: NDArray[np.int64],
        trace: bool = False,
    ) -> dict[str, Any]:
        """`values`, `block` and `position` are read, and overwritten in place."""

class Lowered:
    @property
    def graph(self) -> FactorGraph: ...
    @property
    def atom_variable(self) -> NDArray[np.int32]: ...
    @property
    def atom_value(self) -> NDArray[np.int32]: ...
    @property
    def atom_negated(self) -> NDArray[np.uint8]: ...

def lower(
    program: GroundProgram,
    dependencies: FunctionalDependencies,
    slot_begin: NDArray[np.int64],
    slot_atom: NDArray[np.int32],
    slot_functional: NDArray[np.uint8],
    impossible: bool,
    structured: bool = True,
) -> Lowered: ...
def lower_folds(
    program: GroundProgram,
    dependencies: FunctionalDependencies,
    slot_begin: NDArray[np.int64],
    slot_atom: NDArray[np.int32],
    slot_functional: NDArray[np.uint8],
    impossible: bool,
    structured: bool = True,
    cluster: int = 0,
) -> tuple[Lowered, list[tuple[int, list[int], list[float]]]]:
    """The same with computed numbers of few values.

    The graph's queries are the program's, then one for each entry of the list: (query atom, cells, values).
    `cluster`: as for `BeliefPropagation`, which is going to run on the graph.
    """
    ...

def symbolic_term(program: GroundProgram, value: int) -> object: ...

# cpp/bindings/check.cpp -------------------------------------------------------------------------

class InvalidPriors(ValueError):  # noqa: N818
    """Some prior of the call is no probability distribution."""

class PriorRules:
    """What each block of priors holds: distributions, one a choice.

    `rules`: per block, the element where each choice starts in an example's row, how many
    alternatives it has, and whether they may sum to less than one.
    """

    def __init__(self, rules: Sequence[tuple[NDArray[np.int64], int, bool]]) -> None: ...
    def first_invalid(
        self, index: int, block: NDArray[np.float32] | NDArray[np.float64], threads: int = 1
    ) -> tuple[int, int, int, float] | None:
        """The first prior of a block ``(B, size)`` that is none: example, choice, alternative, value.

        Alternative -1: the value is their sum.
        """
        ...

class LabelCodes:
    """The evidence label that each integer is, slot by slot.

    Slot ``first_slot + s`` reads v at ``positions[s]`` of an example's tensor: ``codes[s, v - least]``,
    -1 where it never has that value. `uncovered`: the elements that belong to no slot.
    """

    def __init__(
        self,
        positions: NDArray[np.int64],
        uncovered: NDArray[np.int64],
        codes: NDArray[np.int32],
        least: int,
        functional: bool,
        first_slot: int,
    ) -> None: ...
    @property
    def elements(self) -> int: ...
    def encode(
        self,
        values: NDArray[np.int64] | NDArray[np.int32] | NDArray[np.bool_],
        labels: NDArray[np.int32],
    ) -> bool:
        """Fill in ``(B, slots)`` labels from ``(B, elements)`` values; False: one needs a closer look."""
        ...

# cpp/bindings/tensors.cpp -----------------------------------------------------------------------

class TensorReader:
    """Reads the tensors of a call where nothing about them is unusual.

    `priors`: name and shape of each, without the batch; `labels`: name, shape and codes. `view`: an
    array that shares memory with what is none, or None.
    """

    def __init__(
        self,
        priors: Sequence[tuple[str, tuple[int, ...]]],
        labels: Sequence[tuple[str, tuple[int, ...], LabelCodes | None]],
        slots: int,
        view: Callable[[Any], Any],
    ) -> None: ...
    def read(
        self, priors: Any, evidence: Any
    ) -> tuple[list[NDArray[Any]], NDArray[np.int32]] | None:
        """A ``(B, elements)`` block per prior, not looked into, and ``(B, slots)`` labels.

        None: something deserves a closer look.
        """
        ...

# cpp/bindings/plain_call.cpp --------------------------------------------------------------------

class PlainCall:
    """Answers calls about which nothing is unusual, by an engine that is exact in two passes.

    `report`: makes an engine's report of so many examples and a type character, "f" or "d". `wrap`: an
    array in the library of what `reader` had to view. Calls with more than `most_threads` are unusual.
    """

    def __init__(
        self,
        reader: TensorReader,
        engine: BeliefPropagation,
        report: Callable[[int, str], Any],
        wrap: Callable[[NDArray[Any]], Any],
        most_threads: int,
    ) -> None: ...
    def answer(
        self,
        priors: Any,
        evidence: Any,
        fixed: tuple[NDArray[Any], NDArray[Any]],
        threads: Any,
        seed: Any,
    ) -> tuple[dict[str, Any], Any, Any, Any, NDArray[Any]] | None:
        """Posteriors by predicate, log-evidence, possible, report, posteriors of the own probabilities.

        `fixed` (1, F): the program's own probabilities in float32 and in float64. None: something
        deserves a closer look, priors included.
        """
        ...
