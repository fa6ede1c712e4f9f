"""`node`: what makes a class of the trees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        """For type checkers only."""
        return lambda decorator: decorator


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[T]) -> type[T]:
    """A frozen dataclass for type checkers; one with slots and a hash at run time.

    Making a frozen dataclass takes three times as long, and a program has a hundred thousand nodes.
    """
    return dataclass(unsafe_hash=True, slots=True)(cls)
