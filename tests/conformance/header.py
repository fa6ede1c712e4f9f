"""The `% expect` header of a program; the format is described in README.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

ORACLES = ("problog", "hand")
CAPABILITIES = ("computed_cells", "recursive_numbers", "positive_cycles")
"""Fields of `emnesy.engine.registry.EngineInfo` that a program may ask for."""


class HeaderError(ValueError):
    """A header line that does not follow README.md."""


@dataclass(frozen=True)
class Posterior:
    """One `% expect posterior` or (without `atom`) `% expect likelihood` line."""

    atom: str | None
    probability: float
    given: tuple[tuple[str, str], ...]


@dataclass
class Header:
    """What one program promises."""

    oracle: str = "hand"
    consts: dict[str, int | float | str] = field(default_factory=dict)
    queries: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    posteriors: list[Posterior] = field(default_factory=list)
    priors: dict[str, tuple[float, ...]] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)
    loopy: bool = False
    many_worlds: bool = False

    @property
    def evaluable(self) -> bool:
        """Whether the program has answers (and not errors)."""
        return not self.errors


def number(text: str) -> float:
    """A probability: decimal (0.25) or exact fraction (1/3)."""
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError) as error:
        raise HeaderError(f"not a number: {text!r}") from error


def constant(text: str) -> int | float | str:
    """The value of a `% expect const` line, typed as the language would read it."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def split_atoms(text: str) -> list[str]:
    """Split at the commas that stand outside of parentheses, brackets and quotes."""
    parts, depth, quote, current = [], 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
            continue
        current += character
    return [*parts, current.strip()]


def _given(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in split_atoms(text):
        atom, equals, value = part.rpartition("=")
        if not equals:
            raise HeaderError(f"'given' wants atom=value, not {part!r}")
        pairs.append((atom.strip(), value.strip()))
    return tuple(pairs)


def _probability_line(rest: str) -> tuple[str, float, tuple[tuple[str, str], ...]]:
    head, _, tail = re.sub(r"\s+given\s+", "\0", rest, count=1).partition("\0")
    atom, _, probability = head.strip().rpartition(" ")
    return atom.strip(), number(probability), _given(tail) if tail else ()


def _expect(header: Header, kind: str, rest: str) -> None:
    if kind == "const":
        name, equals, value = rest.partition("=")
        if not equals:
            raise HeaderError(f"'const' wants name=value, not {rest!r}")
        header.consts[name.strip()] = constant(value.strip())
    elif kind == "query":
        atom, probability, given = _probability_line(rest)
        if not atom or given or atom in header.queries:
            raise HeaderError(f"'query' wants an atom, once, and a probability: {rest!r}")
        header.queries[atom] = probability
    elif kind in ("posterior", "likelihood"):
        atom, probability, given = _probability_line(rest)
        if bool(atom) != (kind == "posterior"):
            raise HeaderError(f"'{kind}' line: {rest!r}")
        header.posteriors.append(Posterior(atom or None, probability, given))
    elif kind == "prior":
        atom, *probabilities = rest.split()
        header.priors[atom] = tuple(number(p) for p in probabilities)
    elif kind == "error":
        header.errors.append(rest)
    elif kind == "warning":
        header.warnings.append(rest)
    elif kind == "needs":
        if rest not in CAPABILITIES:
            raise HeaderError(f"unknown capability: {rest!r}")
        header.needs.add(rest)
    elif kind == "loopy" and not rest:
        header.loopy = True
    elif kind == "many_worlds" and not rest:
        header.many_worlds = True
    else:
        raise HeaderError(f"unknown expectation: {kind!r}")


def parse_header(text: str) -> Header:
    """Read the `% expect` and `% oracle` lines, wherever in the program they stand."""
    header = Header()
    for line in text.splitlines():
        if match := re.match(r"%\s*oracle\s+(\S+)\s*$", line):
            if match[1] not in ORACLES:
                raise HeaderError(f"unknown oracle: {match[1]!r}")
            header.oracle = match[1]
        elif match := re.match(r"%\s*expect\s+(\S+)\s*(.*?)\s*$", line):
            _expect(header, match[1], match[2])
        elif re.match(r"%\s*(expect|oracle)\b", line):
            raise HeaderError(f"cannot read: {line!r}")
    return header


def read_header(path: Path) -> Header:
    """`parse_header` of a file; the error names the file."""
    try:
        return parse_header(path.read_text(encoding="utf-8"))
    except HeaderError as error:
        raise HeaderError(f"{path}: {error}") from error
