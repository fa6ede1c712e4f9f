"""From a ground program to the tensors that it reads and observes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import Diagnostic, ProgramError, Span
from emnesy.ground.interface import Axis, InputRef, Interface, LabelSpec, PriorSpec
from emnesy.ground.parameters import find_parameters
from emnesy.ground.values import evaluate, format_value, value_order
from emnesy.language.core import ChoiceSpec, NeuralSpec, Rule, Signature, Value
from emnesy.language.terms import Compound, Sym, Term, Var

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.ground.program import GroundedProgram

DERIVED, CERTAIN, CHOICE, CONDITION = range(4)
"""`_core.GroundProgram.atom_kind`, as in cpp/include/emnesy/ground_program.hpp."""

Key = tuple[Value, ...]


def build_interface(
    grounded: GroundedProgram, dependencies: _core.FunctionalDependencies, *, atoms: bool = False
) -> Interface:
    """Lay out priors, fixed probabilities and evidence slots.

    `atoms`: what is observed is the truth of each query atom, in one label ``interpretation``.

    Raises `ProgramError` where a key cannot index a tensor or an observed predicate can never hold.
    """
    native = grounded.native
    block = np.full(native.choice_count, -1, np.int32)
    offset = np.zeros(native.choice_count, np.int64)
    priors = _prior_specs(grounded)
    for number, spec in enumerate(priors):
        block[spec.choices] = number
        offset[spec.choices] = spec.offsets
    begin = native.choice_alternative_begin
    fixed: list[float] = []
    for choice in np.flatnonzero(block < 0):
        block[choice] = len(priors)
        offset[choice] = len(fixed)
        fixed.extend(native.choice_probability[begin[choice] : begin[choice + 1]])
    parameters = find_parameters(grounded, offset)
    stated = np.array([fixed], np.float64)
    labels, slot_begin, slot_atom, slot_functional = (
        _atom_labels(grounded) if atoms else _label_specs(grounded, dependencies)
    )
    return Interface(
        priors=priors,
        labels=labels,
        fixed=parameters.place(stated, parameters.start()),
        choice_block=block,
        choice_offset=offset,
        slot_begin=np.array(slot_begin, np.int64),
        slot_atom=np.array(slot_atom, np.int32),
        slot_functional=np.array(slot_functional, np.uint8),
        parameters=parameters,
    )


def preferred_positions(grounded: GroundedProgram) -> list[int]:
    """Per predicate the argument that is known to be its value: a network's output, a `type`'s, or -1."""
    position: dict[tuple[str, int], int] = {}
    for rule in grounded.core.rules:
        neural = rule.choice.neural if rule.choice is not None else None
        if neural is not None and neural.output_position is not None:
            signature = rule.heads[0].atom.signature
            position[signature.name, signature.arity] = neural.output_position
    for declared in grounded.core.types:
        if declared.key_arity is not None and declared.key_arity == declared.signature.arity - 1:
            signature = declared.signature
            position[signature.name, signature.arity] = declared.key_arity
    native = grounded.native
    return [
        position.get((name, arity), -1)
        for name, arity in zip(native.predicate_name, native.predicate_arity, strict=True)
    ]


# ---- priors


def _prior_specs(grounded: GroundedProgram) -> tuple[PriorSpec, ...]:
    neural = [
        (index, rule, rule.choice, rule.choice.neural)
        for index, rule in enumerate(grounded.core.rules)
        if rule.choice is not None and rule.choice.neural is not None
    ]
    names = [rule.heads[0].atom.name for _, rule, _, _ in neural]
    specs: list[PriorSpec] = []
    for (index, rule, choice, network), name in zip(neural, names, strict=True):
        choices = np.flatnonzero(grounded.native.choice_origin == index).astype(np.int32)
        if not len(choices):
            continue
        unique = name
        if names.count(name) > 1:
            unique = f"{name}@{network.network}"
            if any(spec.predicate == unique for spec in specs):
                unique = f"{unique}#{index}"
        specs.append(_prior_spec(grounded, rule, choice, network, unique, choices))
    return tuple(specs)


def _prior_spec(
    grounded: GroundedProgram,
    rule: Rule,
    choice: ChoiceSpec,
    neural: NeuralSpec,
    name: str,
    choices: NDArray[np.int32],
) -> PriorSpec:
    native = grounded.native
    order = grounded.core.symbol_order
    key_begin, key_values = native.choice_key_begin, native.choice_key
    substitutions = [
        {
            variable.name: grounded.value(int(value))
            for variable, value in zip(
                choice.key, key_values[key_begin[c] : key_begin[c + 1]], strict=True
            )
        }
        for c in choices
    ]
    head = rule.heads[0].atom
    keys = [
        tuple(
            evaluate(argument, substitution)
            for position, argument in enumerate(head.args)
            if position != neural.output_position
        )
        for substitution in substitutions
    ]
    axes, index = _axes(keys, order, head.span, f"{head.signature}")
    domain = tuple(evaluate(term, {}) for term in neural.domain) if neural.output else None
    shape = tuple(axis.size for axis in axes) + ((len(domain),) if domain is not None else ())
    width = len(domain) if domain is not None else 1
    offsets = _ravel(index, tuple(axis.size for axis in axes)) * width
    if len(np.unique(offsets)) != len(offsets):
        raise ProgramError(
            Diagnostic(
                "E0420",
                f"two inputs of `{neural.network}` predict the same key of `{head.signature}`",
                rule.span,
                help="put every variable of the input term into the head",
            )
        )
    inputs = tuple(_input_ref(term, substitutions, order) for term in neural.inputs)
    outputs = None
    if neural.index:
        outputs = _indices(
            [tuple(evaluate(t, s) for t in neural.index) for s in substitutions],
            order,
            neural.span,
            f"{neural.network}[...]",
        )
    return PriorSpec(
        predicate=name,
        network=neural.network,
        axes=axes,
        domain=domain,
        shape=shape,
        choices=choices,
        offsets=offsets,
        inputs=inputs,
        output_indices=outputs,
    )


def _input_ref(
    term: Term, substitutions: Sequence[Mapping[str, Value]], order: Mapping[str, int]
) -> InputRef:
    """``image(K, I)`` or ``map``; DeepProbLog's bare ``[X]`` is the tensor named by the constant's

    variable: `x` indexed by the constant.
    """
    if isinstance(term, Sym):
        return InputRef(term.name, np.zeros((len(substitutions), 0), np.int64))
    if isinstance(term, Compound):
        keys = [tuple(evaluate(a, s) for a in term.args) for s in substitutions]
        return InputRef(term.functor, _indices(keys, order, term.span, f"`{term.functor}`"))
    if isinstance(term, Var):
        keys = [(evaluate(term, s),) for s in substitutions]
        name = term.name.lower().lstrip("_") or "x"
        return InputRef(name, _indices(keys, order, term.span, f"`{term.name}`"))
    raise ProgramError(
        Diagnostic(
            "E0421",
            "an input term is a name, or a name with arguments: `map`, `image(K, I)`",
            getattr(term, "span", None),
        )
    )


# ---- labels


def _label_specs(
    grounded: GroundedProgram, dependencies: _core.FunctionalDependencies
) -> tuple[tuple[LabelSpec, ...], list[int], list[int], list[int]]:
    native = grounded.native
    preferred = preferred_positions(grounded)
    specs: list[LabelSpec] = []
    begin, slot_atom, functional = [0], list[int](), list[int]()
    observed = {
        (native.predicate_name[p], int(native.predicate_arity[p])): int(p)
        for p in native.observed_predicates
    }
    for signature in grounded.core.observed:
        predicate = observed.get((signature.name, signature.arity), -1)
        atoms = np.flatnonzero((native.atom_predicate == predicate) & (native.atom_kind <= CERTAIN))
        if predicate < 0 or not len(atoms):
            raise ProgramError(
                Diagnostic(
                    "E0422", f"`{signature}` is observed, but no instance of it can ever hold"
                )
            )
        value_position = int(dependencies.value_position[predicate])
        is_functional = value_position >= 0 and (
            value_position == preferred[predicate] or value_position == signature.arity - 1
        )
        position = value_position if is_functional else None
        spec, slots = _label_spec(grounded, signature, atoms, position, len(functional))
        for slot in slots:
            slot_atom.extend(slot)
            begin.append(len(slot_atom))
            functional.append(int(is_functional))
        specs.append(spec)
    return tuple(specs), begin, slot_atom, functional


def _atom_labels(
    grounded: GroundedProgram,
) -> tuple[tuple[LabelSpec, ...], list[int], list[int], list[int]]:
    """A slot for each query atom, in their order."""
    atoms = [int(atom) for atom in grounded.native.queries]
    texts = tuple(grounded.atom_text(atom) for atom in atoms)
    if not atoms:
        return (), [0], [], []
    spec = LabelSpec(
        signature=Signature("interpretation", 1),
        functional=False,
        value_position=None,
        axes=(Axis(len(atoms), texts),),
        shape=(len(atoms),),
        values=(False, True),
        first_slot=0,
        positions=np.arange(len(atoms)),
        keys=texts,
        table=np.zeros((len(atoms), 1), np.int32),
    )
    return (spec,), list(range(len(atoms) + 1)), atoms, [0] * len(atoms)


def _label_spec(
    grounded: GroundedProgram,
    signature: Any,
    atoms: NDArray[np.int64],
    position: int | None,
    first_slot: int,
) -> tuple[LabelSpec, list[list[int]]]:
    native = grounded.native
    order = grounded.core.symbol_order
    begin, argument = native.atom_argument_begin, native.atom_argument
    slots: dict[Key, list[tuple[Value, int]]] = {}
    for atom in atoms:
        key = [grounded.value(int(v)) for v in argument[begin[atom] : begin[atom + 1]]]
        value: Value = key.pop(position) if position is not None else True
        slots.setdefault(tuple(key), []).append((value, int(atom)))
    keys = list(slots)
    axes, index = _axes(keys, order, None, str(signature))
    shape = tuple(axis.size for axis in axes)
    positions = _ravel(index, shape)
    rank = sorted(range(len(keys)), key=lambda i: positions[i])
    by_value = {value for members in slots.values() for value, _ in members}
    values = tuple(sorted(by_value, key=lambda v: value_order(v, order)))
    texts = []
    for i in rank:
        arguments = [format_value(v) for v in keys[i]]
        texts.append(f"{signature.name}({','.join(arguments)})" if arguments else signature.name)
    sorted_slots = [sorted(slots[keys[i]], key=lambda m: value_order(m[0], order)) for i in rank]
    number = {value: i for i, value in enumerate(values)}
    table = np.full((len(rank), len(values)), -1, np.int32)
    for row, members in enumerate(sorted_slots):
        for label, (value, _) in enumerate(members):
            table[row, number[value]] = label
    spec = LabelSpec(
        signature=signature,
        functional=position is not None,
        value_position=position,
        axes=axes,
        shape=shape,
        values=values if position is not None else (False, True),
        first_slot=first_slot,
        positions=positions[rank],
        keys=tuple(texts),
        table=table,
    )
    return spec, [[atom for _, atom in members] for members in sorted_slots]


# ---- keys and axes


def _axes(
    keys: Sequence[Key], order: Mapping[str, int], span: Span | None, what: str
) -> tuple[tuple[Axis, ...], NDArray[np.int64]]:
    """One axis per key argument, and each key's index on them: ``(keys, arguments)``."""
    columns = _columns(keys, order, span, what)
    axes = []
    for labels, index in columns:
        size = int(index.max()) + 1 if len(index) else 0
        named: list[int | str | None] = [None] * size
        for label, i in zip(labels, index, strict=True):
            named[i] = label
        axes.append(Axis(size, tuple(named)))
    if not columns:
        return (), np.zeros((len(keys), 0), np.int64)
    return tuple(axes), np.stack([index for _, index in columns], axis=1)


def _indices(
    keys: Sequence[Key], order: Mapping[str, int], span: Span | None, what: str
) -> NDArray[np.int64]:
    return _axes(keys, order, span, what)[1]


def _columns(
    keys: Sequence[Key], order: Mapping[str, int], span: Span | None, what: str
) -> list[tuple[list[int | str], NDArray[np.int64]]]:
    columns: list[tuple[list[int | str], NDArray[np.int64]]] = []
    for argument, column in enumerate(zip(*keys, strict=True)):
        if all(isinstance(v, int) and v >= 0 for v in column):
            columns.append((list(column), np.array(column, np.int64)))
        elif all(isinstance(v, str) for v in column):
            ranked = sorted(set(column), key=lambda s: (order.get(s, math.inf), s))
            rank = {symbol: i for i, symbol in enumerate(ranked)}
            columns.append((list(column), np.array([rank[v] for v in column], np.int64)))
        else:
            wrong = (
                next(
                    v
                    for v in column
                    if not isinstance(v, str) and not (isinstance(v, int) and v >= 0)
                )
                if not any(isinstance(v, str) for v in column)
                else column[0]
            )
            raise ProgramError(
                Diagnostic(
                    "E0424",
                    f"argument {argument + 1} of {what} cannot index a tensor: {format_value(wrong)}",
                    span,
                    help="tensor axes are indexed by integers from 0, or by symbols; do not mix them",
                )
            )
    return columns


def _ravel(index: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    flat = np.zeros(len(index), np.int64)
    for axis, size in enumerate(shape):
        flat = flat * size + index[:, axis]
    return flat
