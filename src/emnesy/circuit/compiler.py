"""Formulas into circuits, by the process of `diagrams.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emnesy.circuit.circuit import FIRST, Circuit
from emnesy.circuit.formula import Encoding, readable
from emnesy.diagnostics import Diagnostic, EngineError

MEMORY = 4 << 30
"""Bytes that the compiling process may have."""

SCRIPT = Path(__file__).with_name("diagrams.py")


@dataclass(frozen=True)
class Compiled:
    """The circuit of a program. `condition`: per part the root of what every world meets; `query`: of that

    and each query; both as positions in `circuit.roots`.
    """

    circuit: Circuit
    condition: NDArray[np.int64]
    query: NDArray[np.int64]
    size: int
    """Elements of the diagram, before it was made smooth."""


def require_pysdd() -> None:
    """`EngineError` E0715 where PySDD is not installed."""
    if find_spec("pysdd") is None:
        raise EngineError(
            Diagnostic(
                "E0715",
                "engine `sdd` needs the Python package `pysdd`, which is not installed",
                help="pip install 'emnesy[sdd]'",
            )
        )


def compile_circuit(
    encoding: Encoding, *, vtree: str, search: bool, size: int, seconds: float, others: str
) -> Compiled:
    """The circuit of all formulas; `EngineError` E0716 where it would be too large or takes too long.

    `others`: engines to name in the refusal.
    """
    require_pysdd()
    job = {
        "formulas": [
            {**readable(formula), "vtree": vtree, "search": search} for formula in encoding.formulas
        ],
        "size": size,
        "memory": MEMORY,
    }
    answer = _run(job, seconds, others)
    if isinstance(answer, dict):
        if "too_large" in answer:
            raise _too_large(
                f"its diagram has {answer['too_large']:,} elements before it is finished, "
                f"more than `size` = {size:,}",
                others,
            )
        raise _too_large(f"it needs more than {MEMORY >> 30} GiB of memory", others)
    return _join(encoding, answer)


def _run(job: dict[str, Any], seconds: float, others: str) -> Any:
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(SCRIPT)],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_large(f"it was not finished after `seconds` = {seconds:g}", others) from None
    if done.returncode == 0 and done.stdout:
        return json.loads(done.stdout)
    if done.returncode > 0 and not done.stderr.strip().startswith("Traceback"):
        return {"memory": True}  # which is what the library ends its process for
    lines = done.stderr.strip().splitlines()
    reason = lines[-1] if lines else f"its process ended with status {done.returncode}"
    raise EngineError(
        Diagnostic("E0716", f"`sdd` could not compile the program: {reason}", help=_help(others))
    )


def _too_large(reason: str, others: str) -> EngineError:
    return EngineError(
        Diagnostic("E0716", f"`sdd` gave up compiling the program: {reason}", help=_help(others))
    )


def _help(others: str) -> str:
    return f"raise the option `size` or `seconds`, or use {others}"


def _join(encoding: Encoding, answers: list[dict[str, Any]]) -> Compiled:
    """One circuit of the circuits of all parts."""
    nodes = FIRST + 2 * encoding.variables
    none = np.zeros(0, np.int64)
    begin = [np.zeros(1, np.int64)]
    first, second, roots = [none], [none], [none]
    condition: list[int] = []
    elements = asked = 0
    for formula, answer in zip(encoding.formulas, answers, strict=True):
        leaves = FIRST + 2 * formula.variables
        rows = np.arange(leaves + len(answer["begin"]) - 1)
        rows[FIRST:leaves] += 2 * (formula.first - 1)
        rows[leaves:] += nodes - leaves
        begin.append(np.array(answer["begin"][1:], np.int64) + elements)
        first.append(rows[answer["first"]])
        second.append(rows[answer["second"]])
        condition.append(asked)
        asked += len(answer["roots"])
        roots.append(rows[answer["roots"]])
        nodes += len(rows) - leaves
        elements += len(answer["first"])
    circuit = Circuit(
        encoding.variables,
        np.concatenate(begin),
        np.concatenate(first),
        np.concatenate(second),
        np.concatenate(roots),
    )
    where = np.array(condition, np.int64)
    query = where[encoding.query[:, 0]] + 1 + encoding.query[:, 1]
    return Compiled(circuit, where, query, sum(answer["size"] for answer in answers))
