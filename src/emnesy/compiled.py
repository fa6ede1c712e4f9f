"""A compiled program: tensors in, posteriors out."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emnesy.diagnostics import Diagnostic, EngineError
from emnesy.engine.base import (
    Array,
    CompiledEngine,
    EngineResult,
    EngineState,
    InvalidPriors,
    Report,
    Task,
    TwoPassEngine,
)
from emnesy.engine.options import check_seed, check_threads
from emnesy.engine.registry import able, require_task
from emnesy.ground.choices import log_probabilities, taken_alternatives
from emnesy.ground.simulator import build_simulator, models_of, truth_of
from emnesy.language.core_text import atom_text, is_ground
from emnesy.tensors import (
    check_priors,
    like,
    plain_call,
    read_carefully,
    read_choices,
    read_priors,
    tensor_reader,
    write_labels,
)

if TYPE_CHECKING:
    from emnesy import _core
    from emnesy.ground.interface import Interface
    from emnesy.ground.program import GroundedProgram
    from emnesy.language.core import CoreProgram


@dataclass(slots=True)
class Posterior(Mapping[str, Any]):
    """Posterior marginals per neural predicate, in the shape, dtype and library of the priors.

    `log_likelihood` (B,): log p(evidence); `possible` (B,): False where the evidence has probability
    zero, in which case the log-likelihood is `emnesy.engine.base.LOG_ZERO` and the posterior the prior.
    `fixed`: posteriors of the program's own probabilities, (B, F). `state`: what the engine remembers of
    these examples, to be handed to a later call on them; None where it has nothing to remember.
    """

    marginals: Mapping[str, Any]
    log_likelihood: Any
    possible: Any
    report: Report
    fixed: NDArray[Any]
    state: EngineState | None = None

    def __getitem__(self, predicate: str) -> Any:
        return self.marginals[predicate]

    def __iter__(self) -> Iterator[str]:
        return iter(self.marginals)

    def __len__(self) -> int:
        return len(self.marginals)


class CompiledProgram:
    """A program bound to an engine. Immutable; priors, evidence, seeds and options are call arguments.

    `options`: of the engine, for calls that say nothing else.
    """

    def __init__(
        self,
        core: CoreProgram,
        grounded: GroundedProgram,
        interface: Interface,
        engine: CompiledEngine,
        threads: int = 1,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.core = core
        self.grounded = grounded
        self.interface = interface
        self.engine = engine
        check_threads(threads)
        self.threads = threads
        self.options = dict(options or {})
        self._root = self
        self._values = interface.parameters.start()
        self._set_fixed(interface.fixed)

    @property
    def probabilities(self) -> dict[str, float]:
        """The learnable probabilities ``t(…)``, by name."""
        return dict(zip(self.interface.parameters.names, self._values.tolist(), strict=True))

    def with_probabilities(self, values: Mapping[str, float] | NDArray[Any]) -> CompiledProgram:
        """The same program with other values of its learnable probabilities.

        `values`: by name, those that are missing stay; or all of them, ``(P,)``, in the order of
        `probabilities`. Nothing is compiled again. `DataError` E0615 where they are no probabilities.
        """
        other = copy.copy(self)
        parameters = self.interface.parameters
        other._values = parameters.read(values, self._values)
        other._set_fixed(parameters.place(self.interface.fixed, other._values))
        return other

    def _set_fixed(self, fixed: NDArray[np.float64]) -> None:
        self._fixed: tuple[Array, Array] = (fixed.astype(np.float32), fixed)

    def posterior(
        self,
        priors: Mapping[str, Any] | None = None,
        evidence: Mapping[str, Any] | None = None,
        *,
        task: Task = "marginals",
        threads: int | None = None,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        state: EngineState | None = None,
    ) -> Posterior:
        """The E-step for B examples.

        `priors`: neural predicate -> probabilities, ``(B, *keys, domain)`` (Bernoulli: ``(B, *keys)``),
        NumPy or torch on the CPU, float32 or float64. `evidence`: observed predicate -> labels
        ``(B, *keys)``, integers (or symbols), -1 unobserved; also single atoms, ``{"sum(3)": 7}``.
        `task`: posterior marginals, the most probable joint assignment, or a joint sample (one-hot).
        `state`: `Posterior.state` of an earlier call on the same examples, to continue from there.

        Raises `DataError` for tensors that do not fit the program. Impossible evidence is no error:
        see `Posterior.possible`.
        """
        if task == "marginals" and state is None and not options:
            plain = self._root._plain
            if plain is not None:
                several = self.threads if threads is None else threads
                answer = plain.answer(priors, evidence, self._fixed, several, seed)
                if answer is not None:
                    return Posterior(*answer)
        priors = priors or {}
        result = self._run(priors, evidence, task, threads, seed, options, state)
        marginals = {}
        blocks = result.posteriors
        for index, spec in enumerate(self.interface.priors):
            block = blocks[index]
            marginals[spec.predicate] = like(
                priors[spec.predicate], block.reshape(block.shape[:1] + spec.shape)
            )
        example = next(iter(priors.values()), None)
        return Posterior(
            marginals,
            like(example, result.log_evidence),
            like(example, result.possible),
            result.report,
            blocks[-1],
            result.state,
        )

    def log_likelihood(
        self,
        priors: Mapping[str, Any] | None = None,
        evidence: Mapping[str, Any] | None = None,
        *,
        threads: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        """log p(evidence) of each example, ``(B,)``; differentiable in torch priors that need gradients.

        With respect to the prior p of an alternative the gradient is its posterior over its prior.
        """
        if any(getattr(prior, "requires_grad", False) for prior in (priors or {}).values()):
            from emnesy.learn.autograd import differentiable_log_likelihood

            return differentiable_log_likelihood(self, priors or {}, evidence, threads, options)
        result = self._run(priors, evidence, "marginals", threads, 0, options)
        return like(next(iter((priors or {}).values()), None), result.log_evidence)

    def predict(self, choices: Mapping[str, Any]) -> dict[str, Any]:
        """The observed predicates' values in the worlds where the networks' symbols are these.

        `choices`: neural predicate -> alternative indices ``(B, *keys)`` (Bernoulli: truth). The program's
        own choices take their most probable alternative. Returns observed predicate -> labels
        ``(B, *keys)`` as in `posterior`; -1 where a functional predicate has no value.
        """
        fixed = self._fixed[1]
        alternatives = read_choices(self.interface, self.grounded, fixed, choices)
        truth = truth_of(self._root._simulator, self.grounded, alternatives)
        example = next(iter(choices.values()), None)
        return {
            name: like(example, labels)
            for name, labels in write_labels(self.interface, truth).items()
        }

    def query(
        self,
        evidence: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
    ) -> dict[str, float]:
        """Every ``query`` atom's probability given the program's evidence (and `evidence`), by its text.

        Neural predicates have uniform priors. Raises `EngineError` where the evidence is impossible.
        """
        result = self.marginals(evidence, seed=seed, options=options)
        answers: dict[str, float] = {}
        for query in self.grounded.impossible_queries:
            if is_ground(query.atom):
                answers[atom_text(query.atom)] = 0.0
        native = self.grounded.native
        for atom, probability in zip(native.queries, result.queries[0], strict=True):
            if not any(native.is_symbolic(int(v)) for v in self.grounded.arguments(int(atom))):
                answers[self.grounded.atom_text(int(atom))] = float(probability)
        for text, mass in result.report.extra.get("computed", {}).items():
            answers[text] = float(mass[0])
        return answers

    def marginals(
        self,
        evidence: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
    ) -> EngineResult:
        """The answer that `query` reads: one example, for which networks know nothing.

        Raises `EngineError` where the evidence is impossible.
        """
        result = self._run(self.uniform_priors(), evidence, "marginals", None, seed, options)
        self.require_answers(result)
        return result

    def worlds(
        self,
        task: Task,
        count: int = 1,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[NDArray[np.int32], EngineResult]:
        """The worlds that the engine answers `task` with (``map``, ``sample``), given the program's evidence.

        Returns the alternative that each choice takes, ``(count, choices)``, its number of alternatives
        for "none"; and the engine's answer, `EngineResult.possible` first of all. Neural predicates have
        uniform priors.
        """
        require_task(self.engine.name, task)
        check_seed(seed)
        blocks, _ = read_priors(self.interface, self.uniform_priors())
        result = self.engine.run(
            [*blocks, self._fixed[1]],
            np.full((count, self.interface.slot_count), -1, np.int32),
            task=task,
            threads=self.threads,
            seed=seed,
            options={**self.options, **(options or {})},
        )
        return taken_alternatives(self.interface, self.grounded, result.posteriors), result

    def log_prior(self, alternatives: NDArray[np.int32]) -> NDArray[np.float64]:
        """Log-probability of worlds (W, choices) before any evidence, ``(W,)``; networks know nothing."""
        blocks, _ = read_priors(self.interface, self.uniform_priors())
        blocks = [*blocks, self._fixed[1]]
        return log_probabilities(self.interface, self.grounded, blocks, alternatives)

    def models(
        self, alternatives: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """What holds in worlds (W, choices): each atom's truth (atoms, W), each computed number (cells, W).

        Raises `ProgramError` E0511 where a recursion has no fixpoint in one of them.
        """
        return models_of(self._root._simulator, self.grounded, alternatives)

    def require_answers(self, result: EngineResult) -> None:
        """Raise `EngineError` where the evidence is impossible (E0703), or no world was found that has it
        (E0708)."""
        span = self.core.evidence[0].span if self.core.evidence else None
        report = result.report
        if not bool(result.possible[0]):
            if not np.all(report.extra.get("proved_impossible", True)):
                raise EngineError(
                    Diagnostic(
                        "E0708",
                        f"`{report.engine}` found no world that has the evidence",
                        span=span,
                        help="it may be impossible, or only hard to find; engines that find out: "
                        + able(lambda info: info.always_exact),
                    )
                )
            raise EngineError(
                Diagnostic("E0703", "the evidence is impossible: no world has it", span=span)
            )
        if not np.all(report.extra.get("answered", True)):
            raise EngineError(
                Diagnostic(
                    "E0708",
                    f"none of the {int(report.iterations[0]):,} worlds that "
                    f"`{report.engine}` drew has the evidence",
                    span=span,
                    help="it may be impossible, or only improbable: draw more `samples`",
                )
            )

    def why_approximate(self) -> str:
        """What a user should know of an engine that is not exact here: why it was taken, what is exact."""
        numbers = len(self.grounded.native.cell_atom) > 0
        exact = able(lambda info: info.always_exact and (info.computed_cells or not numbers))
        reason = getattr(
            self.engine, "reason", f"`{self.engine.name}` is not exact on this program"
        )
        return f"{reason}; exact on programs within their limits: {exact}"

    def uniform_priors(self, dtype: Any = np.float64) -> dict[str, NDArray[Any]]:
        """One example's priors in which every network knows nothing."""
        return {
            spec.predicate: np.full(
                (1, *spec.shape), 1 / len(spec.domain) if spec.domain else 0.5, dtype
            )
            for spec in self.interface.priors
        }

    @cached_property
    def _reader(self) -> _core.TensorReader:
        return tensor_reader(self.interface)

    @cached_property
    def _plain(self) -> _core.PlainCall | None:
        """Answers calls that need no second look, where that takes no more than two passes; else None."""
        engine = self.engine
        passes = engine.two_passes(self.options) if isinstance(engine, TwoPassEngine) else None
        return None if passes is None else plain_call(self._reader, passes)

    @cached_property
    def _simulator(self) -> _core.Simulator:
        return build_simulator(self.grounded, self.interface)

    def _run(
        self,
        priors: Mapping[str, Any] | None,
        evidence: Mapping[str, Any] | None,
        task: Task,
        threads: int | None,
        seed: int,
        options: Mapping[str, Any] | None,
        state: EngineState | None = None,
    ) -> EngineResult:
        if task != "marginals":  # which every engine answers
            require_task(self.engine.name, task)
        if threads is None:
            threads = self.threads
        else:
            check_threads(threads)
        check_seed(seed)
        priors, evidence = priors or {}, evidence or {}
        plain = self._root._reader.read(priors, evidence)
        if plain is None:
            plain = read_carefully(self.interface, priors, evidence)
        blocks, labels = plain
        if not self.engine.checks_priors:
            check_priors(self.interface, blocks, threads)
        single = blocks and blocks[0].dtype == np.float32
        try:
            return self.engine.run(
                [*blocks, self._fixed[0 if single else 1]],
                labels,
                task=task,
                threads=threads,
                seed=seed,
                options={**self.options, **options} if options else self.options,
                state=state,
            )
        except InvalidPriors as found:
            refusal = found
        check_priors(self.interface, blocks, threads)  # which one, in words
        raise refusal
