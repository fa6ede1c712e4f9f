"""From ``"module:name"`` in a program to the object of that name. Importing a module runs its code.

Only what the user has asked to run may come here: training, and functions that were allowed.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from emnesy.diagnostics import DataError, Diagnostic, Span
from emnesy.diagnostics.suggest import did_you_mean

_LONGEST = 300


def find_callable(place: str, folder: Path, span: Span | None, what: str) -> Callable[..., Any]:
    """The callable that ``module:name`` names, modules in `folder` coming first; `what` it is: a factory.

    Errors: `DataError` E0650 (no such module, or it fails), E0651 (nothing callable of that name).
    """
    module_name, colon, name = place.partition(":")
    if not colon or not module_name or not name:
        raise _error("E0650", f'"{place}" does not name a {what}', span, f'write "module:{what}"')
    module = import_module(module_name, folder, span)
    found = getattr(module, name, None)
    if found is None:
        public = sorted(n for n, v in vars(module).items() if callable(v) and not n.startswith("_"))
        listed = "there are " + ", ".join(public) if public else "there are none"
        raise _error(
            "E0651",
            f"unknown {what} of {module_name}: {name}",
            span,
            did_you_mean(name, public) or listed,
        )
    if not callable(found):
        raise _error("E0651", f"{place} is no function or class", span)
    return found  # type: ignore[no-any-return]


def import_module(name: str, folder: Path, span: Span | None = None) -> ModuleType:
    """Import `name` from `folder`, else from the Python path; `DataError` E0650 at `span`."""
    base = folder.resolve().joinpath(*name.split("."))
    beside = next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)
    try:
        with importable(folder):
            if beside is None:
                return importlib.import_module(name)
            return _import_file(name, beside)
    except ModuleNotFoundError as error:
        if error.name is not None and (name + ".").startswith(error.name + "."):
            raise _error(
                "E0650",
                f"there is no module {name}",
                span,
                f"looked for {base.with_suffix('.py')} and on the Python path",
            ) from error
        raise _broken(name, error, span) from error
    except (Exception, SystemExit) as error:
        raise _broken(name, error, span) from error


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


def in_one_line(error: BaseException) -> str:
    """An exception and where it was raised: ``ValueError: too small (nets.py, line 3)``."""
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if trace is None:
        return said
    return f"{said} ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"


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


def _broken(name: str, error: BaseException, span: Span | None) -> DataError:
    return _error("E0650", f"the module {name} cannot be imported: {in_one_line(error)}", span)


def _error(code: str, message: str, span: Span | None, help: str | None = None) -> DataError:
    return DataError(Diagnostic(code, message, span, help=help))
