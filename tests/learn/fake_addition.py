"""A stand-in for the compiled addition program: the same protocol, a plain torch forward-backward.

Lets the learning code be tested without the compiler. The carry chain is small enough to enumerate, which
the tests do as an independent oracle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emnesy.data.addition import add
from emnesy.engine.base import EngineState
from emnesy.ground.interface import Axis, InputRef, Interface, LabelSpec, PriorSpec
from emnesy.language.core import CoreProgram, FactoryDirective, Signature


@dataclass
class FakePosterior:
    marginals: dict[str, Tensor]
    log_likelihood: Tensor
    possible: Tensor
    state: EngineState | None = None

    def __getitem__(self, predicate: str) -> Tensor:
        return self.marginals[predicate]


def addition_interface(n: int) -> Interface:
    number, position = np.indices((2, n)).reshape(2, -1)
    prior = PriorSpec(
        predicate="digit",
        network="digit_net",
        axes=(Axis(2, ("a", "b")), Axis(n, tuple(range(n)))),
        domain=tuple(range(10)),
        shape=(2, n, 10),
        choices=np.arange(2 * n, dtype=np.int32),
        offsets=np.arange(2 * n, dtype=np.int64) * 10,
        inputs=(InputRef("image", np.stack([number, position], 1).astype(np.int64)),),
        output_indices=None,
    )
    label = LabelSpec(
        signature=Signature("sum", 2),
        functional=True,
        value_position=1,
        axes=(Axis(n + 1, tuple(range(n + 1))),),
        shape=(n + 1,),
        values=tuple(range(10)),
        first_slot=0,
        positions=np.arange(n + 1, dtype=np.int64),
        keys=tuple(f"sum({i})" for i in range(n + 1)),
        table=np.tile(np.arange(10, dtype=np.int32), (n + 1, 1)),
    )
    return Interface(
        (prior,),
        (label,),
        np.zeros((1, 0)),
        np.zeros(2 * n, np.int32),
        prior.offsets,
        np.arange(n + 2, dtype=np.int64) * 10,
        np.arange((n + 1) * 10, dtype=np.int32),
        np.ones(n + 1, np.uint8),
    )


@dataclass
class FakeAddition:
    n: int
    network_options: dict[str, Any] = field(default_factory=dict)
    calls: int = 0

    def __post_init__(self) -> None:
        self.interface = addition_interface(self.n)
        self.core = CoreProgram(
            constants={},
            rules=(),
            observed=(Signature("sum", 2),),
            networks={
                "digit_net": FactoryDirective("emnesy.data.nets:lenet", self.network_options)
            },
            data=FactoryDirective("emnesy.data.addition:dataset", {}),
        )

    def posterior(
        self,
        priors: Mapping[str, Tensor],
        evidence: Mapping[str, Tensor],
        *,
        task: str = "marginals",
        threads: int | None = None,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        state: EngineState | None = None,
    ) -> FakePosterior:
        self.calls += 1
        weights, beta, scale, possible = self._backward(
            priors["digit"], evidence["sum"], task == "map"
        )
        likelihood = torch.where(possible, scale.clamp_min(1e-300).log().sum(1), -1e30)
        walk = self._marginals if task == "marginals" else self._walk
        result = walk(weights, beta, torch.Generator().manual_seed(seed), task)
        prior = priors["digit"]
        result = torch.where(possible[:, None, None, None], result.to(prior.dtype), prior)
        # What it remembers: how often it was asked of each example, and the sum's last digit.
        asked = np.zeros(len(prior), np.int64) if state is None else state.arrays["asked"]
        memory = {"asked": asked + 1, "last": evidence["sum"][:, 0].numpy()}
        if state is not None:
            assert np.array_equal(state.arrays["last"], memory["last"]), "another example's state"
        return FakePosterior(
            {"digit": result}, likelihood.to(prior.dtype), possible, EngineState("fake", memory)
        )

    def predict(self, choices: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"sum": add(choices["digit"])}

    def _backward(self, prior: Tensor, sums: Tensor, best: bool) -> tuple[Tensor, ...]:
        p = prior.double()
        size, n = len(p), self.n
        digit = torch.arange(10)
        total = digit[:, None, None] + digit[None, :, None] + torch.arange(2)  # (a, b, carry in)
        s = sums[:, :n, None, None, None]
        weights = p[:, 0, :, :, None, None] * p[:, 1, :, None, :, None]
        weights = weights * ((total % 10 == s) | (s == -1))  # (B, n, a, b, carry in)
        into = torch.stack([weights * (total < 10), weights * (total >= 10)], -1)
        step = into.amax((2, 3)) if best else into.sum((2, 3))  # (B, n, carry in, carry out)
        last = sums[:, n]
        after = torch.stack([(last == 0) | (last == -1), (last == 1) | (last == -1)], 1).double()
        beta, scale = [after], [torch.ones(size).double()]
        for i in reversed(range(n)):
            after = step[:, i] * after[:, None, :]
            after = after.amax(2) if best else after.sum(2)
            scale.append(after.sum(1))
            after = after / after.sum(1, keepdim=True).clamp_min(1e-300)
            beta.append(after)
        scale.append(after[:, 0])
        stacked = torch.stack(scale, 1)
        return into, torch.stack(beta[::-1], 1), stacked, (stacked > 0).all(1)

    def _marginals(self, into: Tensor, beta: Tensor, generator: Any, task: str) -> Tensor:
        carry = torch.zeros(len(into), 2).double()
        carry[:, 0] = 1
        result = []
        for i in range(self.n):
            before = into[:, i] * carry[:, None, None, :, None]
            joint = before * beta[:, i + 1, None, None, None, :]
            joint = joint / joint.sum((1, 2, 3, 4), keepdim=True).clamp_min(1e-300)
            result.append(torch.stack([joint.sum((2, 3, 4)), joint.sum((1, 3, 4))], 1))
            carry = before.sum((1, 2, 3))
            carry = carry / carry.sum(1, keepdim=True).clamp_min(1e-300)
        return torch.stack(result, 2)

    def _walk(self, into: Tensor, beta: Tensor, generator: Any, task: str) -> Tensor:
        size = len(into)
        result = torch.zeros(size, 2, self.n, 10).double()
        carry = torch.zeros(size, dtype=torch.int64)
        rows = torch.arange(size)
        for i in range(self.n):
            joint = (into[rows, i, :, :, carry] * beta[:, i + 1, None, None, :]).flatten(1)
            joint = joint + 1e-300
            if task == "map":
                place = joint.argmax(1)
            else:
                place = torch.multinomial(joint, 1, generator=generator)[:, 0]
            a, b, carry = place // 20, place // 2 % 10, place % 2
            result[rows, 0, i, a] = 1
            result[rows, 1, i, b] = 1
        return result
