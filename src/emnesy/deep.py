"""Recursion as deep as a program is nested.

The compiler's passes recurse over terms, and a list of two thousand elements is a term two thousand deep.
Python's default limit stops at about a thousand frames.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STACK_BYTES = 512 << 20
FRAMES = 12_000
NAME = "emnesy, on a large stack"

_limits = (
    threading.Lock()
)  # the recursion limit and the stack size of new threads belong to the process


def on_large_stack() -> bool:
    """Whether what runs here is `run_deep`'s second attempt."""
    return threading.current_thread().name == NAME


def run_deep(work: Callable[[], T]) -> T:
    """`work()`; where it recurses too deeply for the thread it is in, once more on a large stack.

    `work` must be safe to start again. Raises what it raises, `RecursionError` included.
    """
    try:
        return work()
    except RecursionError:
        if on_large_stack():  # as deep as it gets already
            raise
    outcome: list[T] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    with _limits:
        limit, size = sys.getrecursionlimit(), threading.stack_size(STACK_BYTES)
        try:
            sys.setrecursionlimit(max(limit, FRAMES))
            thread = threading.Thread(
                target=target, daemon=True, name=NAME
            )  # Ctrl-C must not wait for it
            thread.start()
            thread.join()
        finally:
            sys.setrecursionlimit(limit)
            threading.stack_size(size)
    if failure:
        raise failure[0]
    return outcome[0]
