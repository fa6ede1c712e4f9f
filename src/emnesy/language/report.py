"""Where the stages of the front end leave their diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from emnesy.diagnostics import Diagnostic

Report: TypeAlias = Callable[[Diagnostic], None]
