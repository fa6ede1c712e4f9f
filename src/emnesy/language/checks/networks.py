"""Networks: one shape each, declared names used, used names declared where others are."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.diagnostics import Diagnostic, Label
from emnesy.diagnostics.suggest import closest
from emnesy.language.checks.unit import Unit, warning
from emnesy.language.core import NeuralSpec


def check_networks(unit: Unit) -> Iterator[Diagnostic]:
    """E0409, W0401, W0402."""
    specs = [
        rule.choice.neural
        for rule in unit.core.rules
        if rule.choice is not None and rule.choice.neural is not None
    ]
    first: dict[str, NeuralSpec] = {}
    for spec in specs:
        other = first.setdefault(spec.network, spec)
        if _outputs(other) != _outputs(spec):
            labels = () if other.span is None else (Label(other.span, f"{_outputs(other)} here"),)
            yield Diagnostic(
                "E0409",
                f"the network `{spec.network}` has {_outputs(spec)} here and another "
                "number elsewhere",
                spec.span,
                labels,
                "use one network per number of outputs",
            )
    declared = unit.core.networks
    meant: set[str] = set()
    for name, spec in first.items():
        if name in declared:
            continue
        found = closest(name, [n for n in declared if n not in first])
        if found is not None:
            meant.add(found)
            yield warning(
                "W0401",
                f"no `:- network({name}, …)` declares this network",
                spec.span,
                f"did you mean `{found}`?",
            )
    for name, directive in declared.items():
        if name not in first and name not in meant:
            yield warning("W0402", f"no `nn({name}, …)` uses this network", directive.span)


def _outputs(spec: NeuralSpec) -> str:
    if spec.output is None:
        return "one output"
    return f"{len(spec.domain)} outputs"
