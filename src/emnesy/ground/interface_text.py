"""A program's tensors as text, for ``emnesy dump --stage interface``."""

from __future__ import annotations

from emnesy.ground.interface import Interface
from emnesy.ground.values import format_value


def interface_text(interface: Interface) -> str:
    """One line a tensor: what the program reads, and what it observes."""
    lines = []
    for prior in interface.priors:
        shape = ", ".join(str(n) for n in ("batch", *prior.shape))
        domain = "Bernoulli"
        if prior.domain is not None:
            domain = f"over [{', '.join(format_value(v) for v in prior.domain)}]"
        inputs = ", ".join(ref.name for ref in prior.inputs)
        lines.append(
            f"prior {prior.predicate} ({shape}): {domain}, network {prior.network} on {inputs}, "
            f"{len(prior.choices)} choices"
        )
    for label in interface.labels:
        shape = ", ".join(str(n) for n in ("batch", *label.shape))
        kind = "truth"
        if label.functional:
            kind = f"value in [{', '.join(format_value(v) for v in label.values)}]"
        lines.append(f"label {label.signature.name} ({shape}): {kind}, {len(label.keys)} slots")
    fixed = interface.fixed.shape[1]
    if fixed:
        lines.append(f"{fixed} probabilities stated by the program")
    if interface.parameters:
        lines.append(f"learnable: {', '.join(interface.parameters.names)}")
    return "\n".join(lines)
