"""What learning needs of a compiled program: `emnesy.compiled.CompiledProgram` is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor

from emnesy.engine.base import EngineState
from emnesy.ground.interface import Interface
from emnesy.language.core import CoreProgram


class PosteriorLike(Protocol):
    """The answer to `ProgramLike.posterior`."""

    def __getitem__(self, predicate: str, /) -> Any:
        """Posterior of one neural predicate, as its priors: ``(B, *shape)``."""
        ...

    @property
    def log_likelihood(self) -> Any:
        """``(B,)`` log p(y | x)."""
        ...

    @property
    def possible(self) -> Any:
        """``(B,)`` False where the evidence has probability zero."""
        ...

    @property
    def fixed(self) -> Any:
        """``(B, F)`` posteriors of the program's own probabilities."""
        ...

    @property
    def state(self) -> EngineState | None:
        """What the engine remembers of these examples."""
        ...


class ProgramLike(Protocol):
    """A compiled program."""

    @property
    def interface(self) -> Interface:
        """The tensors that the program reads and observes."""
        ...

    @property
    def core(self) -> CoreProgram:
        """The program itself, with its directives."""
        ...

    def posterior(
        self,
        priors: Mapping[str, Any],
        evidence: Mapping[str, Any],
        *,
        task: Any = "marginals",
        threads: int | None = None,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        state: EngineState | None = None,
    ) -> PosteriorLike:
        """Posterior marginals (or one-hot ``"map"``, ``"sample"``) of a batch."""
        ...

    @property
    def probabilities(self) -> Mapping[str, float]:
        """The program's own learnable probabilities, by name."""
        ...

    def with_probabilities(self, values: Any) -> ProgramLike:
        """The same program with these values of its learnable probabilities."""
        ...

    def predict(self, choices: Mapping[str, Tensor]) -> Mapping[str, Any]:
        """Values of the observed predicates when each choice takes the given alternative."""
        ...
