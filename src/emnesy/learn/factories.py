"""From ``"module:factory"`` in a program to the object that the factory makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from emnesy.diagnostics import EmnesyError
from emnesy.language.core import CoreProgram, FactoryDirective
from emnesy.language.terms import Float, Int, Str, Sym, Term
from emnesy.learn.problems import problem, unknown_name
from emnesy.modules import find_callable, importable, in_one_line


def make_networks(
    core: CoreProgram,
    folder: Path,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    factories: Mapping[str, str] | None = None,
) -> dict[str, nn.Module]:
    """The networks that the program's neural predicates name, each made by its factory.

    `overrides`: network -> options that replace those of its directive; `factories`: network ->
    ``"module:factory"`` in place of its directive's, whose options stay. Errors: `DataError` E0640
    (no directive), E0650 to E0653 (module, factory, options, result).
    """
    overrides, factories = overrides or {}, factories or {}
    directives = {**core.networks}
    for name, factory in factories.items():
        options = directives[name].options if name in directives else {}
        directives[name] = FactoryDirective(factory, options)
    used = [r.choice.neural.network for r in core.rules if r.choice and r.choice.neural]
    for name in (*overrides, *factories):
        if name not in core.networks and name not in used:
            raise unknown_name("E0640", "network", name, dict.fromkeys((*core.networks, *used)))
    result: dict[str, nn.Module] = {}
    for rule in core.rules:
        neural = rule.choice.neural if rule.choice else None
        if neural is None or neural.network in result:
            continue
        name = neural.network
        if name not in directives:
            raise problem(
                "E0640",
                f"nothing says where the network {name} comes from",
                span=neural.span or rule.span,
                help=f':- network({name}, "module:factory").',
            )
        result[name] = make_network(name, directives[name], folder, overrides.get(name))
    return result


def make_network(
    name: str, directive: FactoryDirective, folder: Path, overrides: Mapping[str, Any] | None = None
) -> nn.Module:
    """One network, made by the factory of its directive."""
    options = {**directive.options, **(overrides or {})}
    options.pop("output", None)  # says what it returns, see `emnesy.learn.outputs`
    network = call_factory(directive, folder, (), options)
    if not isinstance(network, nn.Module):
        raise problem(
            "E0653",
            f"{directive.factory} made a {type(network).__name__} for the network {name}, "
            "not a torch.nn.Module",
            span=directive.span,
        )
    return network


def make_dataset(
    core: CoreProgram,
    folder: Path,
    split: str,
    *,
    seed: int,
    overrides: Mapping[str, Any] | None = None,
) -> Any:
    """The data set of a split, or None where there is no such split.

    Errors: `DataError` E0640 (no data directive), E0650 to E0653 (module, factory, options,
    result).
    """
    if core.data is None:
        raise problem(
            "E0640", "the program names no data to train on", help=':- data("module:factory").'
        )
    options = {**core.data.options, **(overrides or {})}
    consts = {name: plain(value) for name, value in core.constants.items()}
    fixed = {"consts": consts, "seed": seed}
    for name in fixed:
        if name in options:
            raise problem("E0652", f"{name} is no option of data()", span=core.data.span)
    dataset = call_factory(core.data, folder, (split,), {**fixed, **options})
    if dataset is not None and not (
        hasattr(dataset, "__getitem__") or hasattr(dataset, "__iter__")
    ):
        raise problem(
            "E0653",
            f"{core.data.factory} made a {type(dataset).__name__} for the split {split}, "
            "not a data set",
            span=core.data.span,
        )
    return dataset


def call_factory(
    directive: FactoryDirective, folder: Path, positional: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """Call the factory; whatever goes wrong is a `DataError` at the directive's span."""
    factory = find_factory(directive, folder)
    try:
        inspect.signature(factory).bind(*positional, **options)
    except TypeError as error:
        raise problem(
            "E0652",
            f"{directive.factory} does not take what the program passes: {error}",
            span=directive.span,
            help=f"it is defined as {directive.factory.split(':')[-1]}{inspect.signature(factory)}",
        ) from error
    except ValueError:
        pass  # built-in callables may have no signature to look at
    try:
        with importable(folder):
            return factory(*positional, **options)
    except EmnesyError:
        raise
    except Exception as error:
        raise problem(
            "E0652",
            f"{directive.factory} failed: {in_one_line(error)}",
            span=directive.span,
        ) from error


def find_factory(directive: FactoryDirective, folder: Path) -> Callable[..., Any]:
    """The callable that ``module:factory`` names; modules beside the program come first."""
    return find_callable(directive.factory, folder, directive.span, "factory")


def plain(value: Term | Any) -> Any:
    """A constant as a Python value; terms without one become their text."""
    if isinstance(value, (Int, Float, Str)):
        return value.value
    return value.name if isinstance(value, Sym) else value
