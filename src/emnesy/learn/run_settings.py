"""The settings of an earlier run, as its ``config.json`` has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emnesy.learn.problems import problem

Form = tuple[str, Callable[[Any], bool]]


def _is_number(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _maps(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(holds(entry) for entry in value.values())


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, float, str))


_OPTIONS: Form = ("an object of options", lambda v: _maps(v, _is_plain))
_TEXT: Form = ("a text or null", lambda v: v is None or isinstance(v, str))
_COUNT: Form = ("a number from 1 on, or null", lambda v: v is None or _is_number(v, 1))

_FORMS: Mapping[str, Form] = {
    "program": ("a text", lambda v: isinstance(v, str)),
    "examples": _TEXT,
    "const": _OPTIONS,
    "max_ground": _COUNT,
    "engine": _TEXT,
    "engine_options": _OPTIONS,
    "seed": ("a number from 0 on", lambda v: _is_number(v, 0)),
    "threads": _COUNT,
    "train": _OPTIONS,
    "data": _OPTIONS,
    "network": ("an object of objects of options", lambda v: _maps(v, _OPTIONS[1])),
    "factory": ("an object of texts", lambda v: _maps(v, lambda name: isinstance(name, str))),
    "supervised": ("true or false", lambda v: isinstance(v, bool)),
}
_DEFAULTS: Mapping[str, Any] = {
    "examples": None,
    "const": {},
    "max_ground": None,
    "engine": None,
    "engine_options": {},
    "threads": None,
    "train": {},
    "data": {},
    "network": {},
    "factory": {},
    "supervised": False,
}
"""Of settings that a run of an earlier version may not have noted."""


def checked_settings(where: str, config: Any) -> dict[str, Any]:
    """`config`, every setting of the right form, with defaults for what may be missing.

    `where`: the file, for messages. Errors: `DataError` E0670.
    """
    if not isinstance(config, dict):
        raise problem("E0670", f"{where} holds no object of settings")
    settings = {**_DEFAULTS, **config}
    for name, (form, holds) in _FORMS.items():
        if name not in settings:
            raise problem("E0670", f"{where} does not say `{name}`")
        if not holds(settings[name]):
            raise problem("E0670", f"{where}: `{name}` is to be {form}, not {settings[name]!r}")
    return settings
