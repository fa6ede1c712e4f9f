"""The learnable probabilities of a ground program: which choices share which, and their M-step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import DataError, Diagnostic, ProgramError
from emnesy.diagnostics.suggest import did_you_mean
from emnesy.ground.values import evaluate, format_value
from emnesy.language.core import Rule, Value
from emnesy.language.core_text import atom_text, literal_text
from emnesy.language.substitute import with_bindings
from emnesy.language.terms import Term, Var

if TYPE_CHECKING:
    from emnesy.ground.program import GroundedProgram

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Parameters:
    """P parameters in G groups. A group is the distribution of one choice, shared by `choices` of them.

    What its alternatives leave of `available` is the probability of none of them. All element numbers are
    columns of `Interface.fixed`.
    """

    names: tuple[str, ...]
    """(P,) unique, as a program would write the alternative: ``weather(D,sun)``."""
    group: NDArray[np.int64]  # (P,)
    initial: Numbers  # (P,), NaN: not stated
    available: Numbers  # (G,): what fixed alternatives beside the learnable ones leave
    choices: NDArray[np.int64]  # (G,)
    element: NDArray[np.int64]  # (E,) learnable elements
    parameter: NDArray[np.int64]  # (E,) which parameter each reads
    beside: NDArray[np.int64]  # (H,) elements of fixed alternatives beside them
    beside_group: NDArray[np.int64]  # (H,)

    def __len__(self) -> int:
        return len(self.names)

    def start(self, generator: np.random.Generator | None = None) -> Numbers:
        """(P,) stated initial values; the others share what is left with "none", evenly or at random."""
        values: Numbers = self.initial.copy()
        for group, available in enumerate(self.available):
            members = np.flatnonzero(self.group == group)
            unknown = members[np.isnan(values[members])]
            left = max(0.0, available - float(np.nansum(values[members])))
            shares = np.ones(len(unknown) + 1)
            if generator is not None:
                shares = 1.0 - generator.random(len(unknown) + 1)  # above 0
            values[unknown] = left * shares[:-1] / shares.sum()
        return values

    def read(self, given: Mapping[str, float] | NDArray[Any], before: Numbers) -> Numbers:
        """(P,) values from some by name (the others as `before`) or all in order; `DataError` E0615."""
        values: Numbers = before.copy()
        if isinstance(given, Mapping):
            for name, value in given.items():
                if name not in self.names:
                    known = f"it has: {', '.join(self.names) or 'none'}"
                    raise _no_probability(
                        f"the program has no learnable probability `{name}`",
                        did_you_mean(name, self.names) or known,
                    )
                values[self.names.index(name)] = value
        else:
            values = np.array(given, np.float64)
            if values.shape != (len(self),):
                raise _no_probability(f"{len(self)} probabilities expected, not {values.shape}")
        outside = ~((values >= 0) & (values <= 1))
        if outside.any():
            first = int(outside.argmax())
            raise _no_probability(f"`{self.names[first]}` cannot be {values[first]:g}")
        totals = np.bincount(self.group, values, len(self.available))
        if (totals > self.available + 1e-6).any():
            group = int((totals - self.available).argmax())
            names = [n for n, g in zip(self.names, self.group, strict=True) if g == group]
            raise _no_probability(
                f"{', '.join(f'`{name}`' for name in names)} sum to {totals[group]:g}, "
                f"but {self.available[group]:g} is left for them"
            )
        return values

    def place(self, fixed: Numbers, values: Numbers) -> Numbers:
        """The probabilities that the program states, ``(1, F)``, with the learnable ones as in `values`."""
        placed: Numbers = fixed.copy()
        placed[:, self.element] = values[self.parameter]
        return placed

    def statistics(self, values: Numbers) -> Numbers:
        """(P + G,) the expectations of which `values` are the M-step's answer."""
        return np.concatenate([values, 1.0 - self.available])

    def expectations(self, posteriors: NDArray[Any], of: NDArray[np.bool_]) -> Numbers:
        """(P + G,): per choice and example, how often each alternative is taken.

        `posteriors` (B, F) of the program's own probabilities; `of` (B,): the examples that count, one at
        least. The last G: how often one of the fixed alternatives is.
        """
        mean = posteriors[of].mean(axis=0, dtype=np.float64)
        counts = np.bincount(self.parameter, mean[self.element], len(self))
        others = np.bincount(self.beside_group, mean[self.beside], len(self.available))
        shares: Numbers = np.concatenate([counts / self.choices[self.group], others / self.choices])
        return np.clip(shares, 0.0, 1.0)

    def estimate(self, statistics: Numbers, before: Numbers) -> Numbers:
        """The M-step: (P,) values of greatest expected log-likelihood, normalised counts.

        The fixed alternatives keep their probabilities, and the others share the rest. `before`: what
        parameters keep of which nothing is known, because a fixed alternative is certain.
        """
        count, size = len(self), len(self.available)
        free = 1.0 - statistics[count:]
        known = free > 1e-15
        factor = np.divide(self.available, free, out=np.zeros(size), where=known)
        values = np.where(known[self.group], statistics[:count] * factor[self.group], before)
        total = np.bincount(self.group, values, size)
        excess = np.maximum(1.0, np.divide(total, self.available, where=total > 0, out=total))
        estimated: Numbers = np.clip(values / excess[self.group], 0.0, 1.0)
        return estimated


NO_PARAMETERS = Parameters(
    (), *(np.zeros(0, kind) for kind in (int, float, float, int, int, int, int, int))
)


def find_parameters(grounded: GroundedProgram, element_of: NDArray[np.int64]) -> Parameters:
    """The parameters of a ground program. `element_of`: choice -> element of its first alternative.

    Raises `ProgramError` E0412 where instances that share a parameter disagree.
    """
    native = grounded.native
    begin, probability = native.choice_alternative_begin, native.choice_probability
    groups: dict[tuple[int, Value], _Group] = {}
    for index, rule in enumerate(grounded.core.rules):
        if rule.choice is None or rule.choice.kind != "learned":
            continue
        for choice in np.flatnonzero(native.choice_origin == index):
            substitution = _substitution(grounded, rule, int(choice))
            key = tuple(evaluate(term, substitution) for term in rule.choice.parameter_key)
            stated = probability[begin[choice] : begin[choice + 1]]
            group = groups.setdefault((index, key), _Group(rule, key, stated, []))
            if not np.array_equal(group.stated, stated, equal_nan=True):
                raise _disagreement(rule)
            group.elements.append(int(element_of[choice]))
    return _flattened(list(groups.values()))


@dataclass
class _Group:
    rule: Rule
    key: tuple[Value, ...]
    stated: Numbers  # per alternative
    elements: list[int]  # of the first alternative, per choice

    @property
    def learned(self) -> NDArray[np.bool_]:
        assert self.rule.choice is not None
        return np.array(self.rule.choice.learned, np.bool_)


def _flattened(groups: Sequence[_Group]) -> Parameters:
    names: list[str] = []
    owner, element, parameter, beside, beside_group = ([np.zeros(0, np.int64)] for _ in range(5))
    initial, available = [np.zeros(0)], []
    for number, group in enumerate(groups):
        learned = np.flatnonzero(group.learned)
        fixed = np.flatnonzero(~group.learned)
        first = np.array(group.elements, np.int64)
        numbers = np.arange(len(names), len(names) + len(learned))
        owner.append(np.full(len(learned), number))
        element.append((first[:, None] + learned).ravel())
        parameter.append(np.tile(numbers, len(first)))
        beside.append((first[:, None] + fixed).ravel())
        beside_group.append(np.full(len(fixed) * len(first), number))
        initial.append(group.stated[learned])
        available.append(max(0.0, 1.0 - float(group.stated[fixed].sum())))
        names += [_name(group, int(alternative)) for alternative in learned]
    return Parameters(
        names=_told_apart(names, groups),
        group=np.concatenate(owner),
        initial=np.concatenate(initial),
        available=np.array(available, np.float64),
        choices=np.array([len(group.elements) for group in groups], np.int64),
        element=np.concatenate(element),
        parameter=np.concatenate(parameter),
        beside=np.concatenate(beside),
        beside_group=np.concatenate(beside_group),
    )


def _substitution(grounded: GroundedProgram, rule: Rule, choice: int) -> dict[str, Value]:
    native = grounded.native
    assert rule.choice is not None
    begin = native.choice_key_begin
    values = native.choice_key[begin[choice] : begin[choice + 1]]
    return {
        variable.name: grounded.value(int(value))
        for variable, value in zip(rule.choice.key, values, strict=True)
    }


def _bindings(group: _Group) -> dict[str, Term]:
    """The variables that the group's key gives values, as terms that print as those."""
    assert group.rule.choice is not None
    return {
        term.name: Var(format_value(value))
        for term, value in zip(group.rule.choice.parameter_key, group.key, strict=True)
        if isinstance(term, Var)
    }


def _name(group: _Group, alternative: int) -> str:
    atom = group.rule.heads[alternative].atom
    bindings = _bindings(group)
    return atom_text(replace(atom, args=tuple(with_bindings(a, bindings) for a in atom.args)))


def _told_apart(names: Sequence[str], groups: Sequence[_Group]) -> tuple[str, ...]:
    """Names that several statements share are followed by the body, then by a number."""
    bodies = [
        ", ".join(literal_text(item) for item in group.rule.body)
        for group in groups
        for _ in range(int(group.learned.sum()))
    ]
    counts = Counter(names)
    longer = [
        f"{name} :- {body}" if counts[name] > 1 and body else name
        for name, body in zip(names, bodies, strict=True)
    ]
    counts, seen, result = Counter(longer), Counter[str](), []
    for name in longer:
        seen[name] += 1
        result.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    return tuple(result)


def _no_probability(message: str, help: str | None = None) -> DataError:
    return DataError(Diagnostic("E0615", message, help=help))


def _disagreement(rule: Rule) -> ProgramError:
    return ProgramError(
        Diagnostic(
            "E0412",
            "instances of this statement share a parameter, but state different probabilities",
            rule.span,
            help="`t(P, X)::…` is one parameter for each X",
        )
    )
