"""The header parser, and that every program of the corpus has a header that says something."""

from __future__ import annotations

import pytest

from conformance.corpus import evaluable, name_of, programs, with_oracle
from conformance.header import HeaderError, Posterior, parse_header, read_header, split_atoms

EXAMPLE = """\
% A title, and prose that expects nothing.
% oracle hand
% expect const n=2
% expect query path(1, 'a b') 0.25
% expect query p 1/3
% expect prior digit(a,0) 0.5 0.5
% expect posterior digit(a,0,3) 0.0731   given sum(0)=7, sum(1)=0
% expect likelihood 0.5 given valid=true
% expect needs positive_cycles
% expect loopy
p.
"""


def test_reads_every_kind_of_line() -> None:
    header = parse_header(EXAMPLE)
    assert header.consts == {"n": 2}
    assert header.queries == {"path(1, 'a b')": 0.25, "p": pytest.approx(1 / 3)}
    assert header.priors == {"digit(a,0)": (0.5, 0.5)}
    assert header.posteriors == [
        Posterior("digit(a,0,3)", 0.0731, (("sum(0)", "7"), ("sum(1)", "0"))),
        Posterior(None, 0.5, (("valid", "true"),)),
    ]
    assert header.needs == {"positive_cycles"}
    assert header.loopy
    assert header.evaluable


@pytest.mark.parametrize(
    "line",
    [
        "% expect query p",
        "% expect query p often",
        "% expect qeury p 0.5",
        "% expect const n 2",
        "% expect posterior p 0.5 given q",
        "% expect likelihood p 0.5",
        "% expect needs wings",
        "% expect loopy bp",
        "% expect",
        "% oracle swi",
        "% expect query p 0.5\n% expect query p 0.6",
    ],
)
def test_refuses_what_it_cannot_read(line: str) -> None:
    with pytest.raises(HeaderError):
        parse_header(line)


def test_commas_inside_atoms_do_not_separate() -> None:
    assert split_atoms("sum(0,1)=7, p('a, b')=x, q([1,2])=3") == [
        "sum(0,1)=7",
        "p('a, b')=x",
        "q([1,2])=3",
    ]


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_every_program_promises_something(path: object) -> None:
    header = read_header(path)  # type: ignore[arg-type]
    assert header.queries or header.posteriors or header.errors


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    """At least 60 programs of single features, 40 of which ProbLog answers as they stand."""
    assert len(evaluable()) >= 60
    assert len(with_oracle()) >= 40
