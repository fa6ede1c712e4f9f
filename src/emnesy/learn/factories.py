"""From ``"module:factory"`` in a program to the object that the factory makes."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from emnesy.diagnostics import EmnesyError
from emnesy.language.core import CoreProgram, FactoryDirective
from emnesy.language.terms import Float, Int, Str, Sym, Term
from emnesy.learn.problems import problem, unknown_name


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
            f"{directive.factory} failed: {type(error).__name__}: {error}{_place(error)}",
            span=directive.span,
        ) from error


def find_factory(directive: FactoryDirective, folder: Path) -> Callable[..., Any]:
    """The callable that ``module:factory`` names; modules beside the program come first."""
    module_name, colon, name = directive.factory.partition(":")
    if not colon or not module_name or not name:
        raise problem(
            "E0650",
            f'"{directive.factory}" does not name a factory',
            span=directive.span,
            help='write "module:factory"',
        )
    module = import_module(module_name, folder, directive)
    factory = getattr(module, name, None)
    if factory is None:
        public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise unknown_name("E0651", f"factory of {module_name}:", name, public, span=directive.span)
    if not callable(factory):
        raise problem("E0651", f"{directive.factory} is no function or class", span=directive.span)
    return factory  # type: ignore[no-any-return]


def import_module(name: str, folder: Path, directive: FactoryDirective) -> ModuleType:
    """Import `name` from beside the program, else from the Python path."""
    base = folder.resolve().joinpath(*name.split("."))
    beside = next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)
    try:
        with importable(folder):
            if beside is None:
                return importlib.import_module(name)
            return _import_file(name, beside)
    except ModuleNotFoundError as error:
        if error.name is not None and (name + ".").startswith(error.name + "."):
            raise problem(
                "E0650",
                f"there is no module {name}",
                span=directive.span,
                help=f"looked for {base.with_suffix('.py')} and on the Python path",
            ) from error
        raise _broken_module(name, error, directive) from error
    except Exception as error:
        raise _broken_module(name, error, directive) from error


def _import_file(name: str, path: Path) -> ModuleType:
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    if known is None:  # never shadow a module of the same name that others use
        sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if known is None:
            sys.modules.pop(name, None)
        raise
    return module


def _broken_module(name: str, error: Exception, directive: FactoryDirective) -> EmnesyError:
    return problem(
        "E0650",
        f"the module {name} cannot be imported: {type(error).__name__}: {error}{_place(error)}",
        span=directive.span,
    )


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """The modules beside the program can be imported inside this context."""
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)


def plain(value: Term | Any) -> Any:
    """A constant as a Python value; terms without one become their text."""
    if isinstance(value, (Int, Float, Str)):
        return value.value
    return value.name if isinstance(value, Sym) else value


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
