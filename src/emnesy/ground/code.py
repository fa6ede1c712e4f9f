"""The instruction set of the grounding machine, as ``cpp/include/emnesy/grounder.hpp`` defines it."""

from __future__ import annotations

from enum import IntEnum


class Opcode(IntEnum):
    """First word of an instruction; the second is its length in words."""

    SCAN = 0
    NEGATE = 1
    MATCH = 2
    COMPARE = 3
    ARITHMETIC = 4
    BUILD = 5
    RANGE = 6
    CHOICE = 7
    ALTERNATIVES = 8
    HEAD = 9
    CONTRIBUTE = 10
    CONSTRAINT = 11
    QUERY = 12
    EVIDENCE = 13
    END = 14
    DENY = 15
    CALL = 16
    RULE = 17


class Version(IntEnum):
    """Which rows of a recursive predicate a scan reads."""

    ALL = 0
    OLD = 1
    DELTA = 2


class Pattern(IntEnum):
    """What a column is matched with."""

    BIND = 0
    CHECK = 1
    ANY = 2
    STRUCT = 3


NO_CHOICE = -1
"""Head of a rule without a choice."""
CURRENT_ALTERNATIVE = -2
"""Head that takes the alternative of the enclosing ALTERNATIVES."""

CHOICE_KINDS = {"fixed": 0, "learned": 1, "neural": 2}

AGGREGATES = {
    "count": 1,
    "sum": 2,
    "min": 3,
    "max": 4,
    "avg": 5,
    "argmin": 6,
    "argmax": 7,
    "any": 8,
    "all": 9,
}
"""`Aggregate` of ``ground_program.hpp``; 0 is none."""

NUMERIC_COMPARISONS = {"=:=": 0, "=\\=": 1, "<": 2, "=<": 3, ">": 4, ">=": 5}
TERM_COMPARISONS = {"==": 0, "\\==": 1, "\\=": 1}

MAX_KEY_COLUMNS = 31
"""Columns from here on are compared row by row: an index mask has 32 bits."""
