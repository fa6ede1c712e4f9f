"""Texts that are no programs: each ends in an error that points somewhere, never in a traceback."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import emnesy
from conformance.corpus import programs

EXAMPLES = int(os.environ.get("EMNESY_EXAMPLES", "100"))

RANDOM_BYTES = random.Random(0).randbytes(4096)

WRONG_TEXT = {
    "unclosed parenthesis": "p(1.\n",
    "unclosed bracket": "p([1, 2.\n",
    "unopened parenthesis": "p 1).\n",
    "unclosed quoted symbol": "p('New York).\n",
    "unclosed string": 'p("abc).\n',
    "unclosed block comment": "p(1). /* and then\n",
    "no full stop": "p(1)\n",
    "no full stop at the end": "p(1). q(2)\n",
    "only a full stop": ".\n",
    "two full stops": "p(1)..\n",
    "probability without an atom": "0.5::\n",
    "probability without an atom, stopped": "0.5::.\n",
    "atom without its probability": "::p(1).\n",
    "two probabilities": "0.5::0.5::p.\n",
    "probability of a conjunction": "0.5::p, q.\n",
    "rule without a body": "p :- .\n",
    "rule without a head or body": ":- .\n",
    "body that ends in a comma": "p :- q, .\nq.\n",
    "body that starts with a comma": "p :- , q.\nq.\n",
    "two rule arrows": "p :- q :- r.\nq. r.\n",
    "no arguments": "p().\n",
    "empty argument": "p(1,).\n",
    "argument that is an operator": "p(+).\n",
    "variable as a statement": "X.\n",
    "variable as a predicate": "X(1).\n",
    "number as a statement": "42.\n",
    "number as a head": "42 :- p.\np.\n",
    "string as a statement": '"p".\n',
    "list as a head": "[1, 2] :- p.\np.\n",
    "negated head": "not p :- q.\nq.\n",
    "comparison as a head": "1 < 2.\n",
    "evidence of nothing": "evidence().\n",
    "evidence neither true nor false": "p. evidence(p, perhaps).\n",
    "query of nothing": "query().\n",
    "query of a number": "query(3).\n",
    "observe without an arity": "p(1). observe p.\n",
    "observe with a bad arity": "p(1). observe p/x.\n",
    "const without a value": "const n.\np(n).\n",
    "const defined by itself": "const n = n + 1.\np(n).\n",
    "const divided by zero": "const n = 1 // 0.\np(n).\n",
    "neural predicate without arguments": "nn() :: p(X).\n",
    "neural predicate without a domain": "nn(net, x, Y) :: digit(Y).\n",
    "neural predicate with half a domain": "nn(net, x, Y, 0..) :: digit(Y).\n",
    "neural predicate with an empty domain": "nn(net, x, Y, []) :: digit(Y).\nquery(digit(_)).\n",
    "neural output missing in the head": "nn(net, x, Y, 0..9) :: digit(1).\nquery(digit(_)).\n",
    "unknown directive": ':- netwrok(net, "module:factory").\np.\n',
    "directive without its argument": ":- network().\np.\n",
    "aggregate in a body": "p(X) :- q(count<X>).\nq(1).\n",
    "aggregate that is none": "p(median<X>) :- q(X).\nq(1).\n",
    "aggregate that is not closed": "p(count<X) :- q(X).\nq(1).\n",
    "integer of 70 bits": "p(1180591620717411303424).\nquery(p(_)).\n",
    "integer of 10,000 digits": f"p({'9' * 10_000}).\nquery(p(_)).\n",
    "float that overflows": "p(1.0e999).\nquery(p(_)).\n",
    "NUL": "p(1).\0q(2).\n",
    "NUL in a name": "p\0q(2).\n",
    "control character": "p(\x07).\n",
    "lone surrogate": "p(\ud800).\n",
    "replacement character": "p(\ufffd).\n",
    "typographic quotes": "p(‘a’).\n",
    "full-width punctuation": "p（1）。\n",
    "no-break space inside a number": "p(1\u00a00).\n",
    "a shell command": "rm -rf /\n",
    "Python": "def f(x):\n    return x\n",
    "JSON": '{"p": [1, 2]}\n',
    "a very long line of garbage": "@" * 100_000,
    "random characters": RANDOM_BYTES.decode("latin-1"),
    "a thousand wrong statements": "p(1, .\n" * 1000,
    "a wrong statement after ten thousand right ones": "p(1).\n" * 10_000 + "p(.\n",
    "nothing but opening parentheses": "(" * 100_000,
    "nothing but opening brackets": "p(" + "[" * 100_000,
    "unsafe head variable": "p(X) :- q.\nq.\nquery(p(_)).\n",
    "unsafe negation": "p :- not q(X).\nq(1).\nquery(p).\n",
    "unknown predicate": "p :- qq(1).\nq(1).\nquery(p).\n",
    "unknown query": "p(1).\nquery(pp(1)).\n",
    "arity clash": "p(1).\nq :- p(1, 2).\nquery(q).\n",
    "negative cycle": "p :- not q.\nq :- not p.\nquery(p).\n",
    "probability above one": "1.5::p.\nquery(p).\n",
    "probability below zero": "-0.5::p.\nquery(p).\n",
    "alternatives above one": "0.7::p; 0.7::q.\nquery(p).\n",
    "probability that is a symbol": "often::p.\nquery(p).\n",
    "division by zero": "p(X) :- q(Y), X is 1 // Y.\nq(0).\nquery(p(_)).\n",
    "overflow": "p(X) :- q(Y), X is Y * Y.\nq(9223372036854775807).\nquery(p(_)).\n",
    "arithmetic on symbols": "p(X) :- q(Y), X is Y + 1.\nq(a).\nquery(p(_)).\n",
    "comparison of symbols by number": "p :- q(Y), Y > 1.\nq(a).\nquery(p).\n",
    "recursion that never ends": "p(0).\np(X + 1) :- p(X).\nquery(p(_)).\n",
    "term that never stops growing": "p(a).\np(f(X)) :- p(X).\nquery(p(_)).\n",
    "range without an end in sight": "p(0..9000000000000).\nquery(p(_)).\n",
    "probability that a body gives above one": "P::p(P) :- q(P).\nq(2).\nquery(p(_)).\n",
    "mixed aggregates": "p(min<X>) :- q(X).\np(max<X>) :- q(X).\nq(1).\nquery(p(_)).\n",
    "aggregate of itself": "p(sum<X>) :- p(X).\np(sum<X>) :- q(X).\nq(1).\nquery(p(_)).\n",
}

WRONG_BYTES = {
    "random bytes": RANDOM_BYTES,
    "Latin-1": "p('Zürich').\n".encode("latin-1"),
    "UTF-16": "p(1).\nquery(p(1)).\n".encode("utf-16"),
    "cut UTF-8 sequence": "% Zür".encode()[:-2] + b"\n",
    "an image": bytes.fromhex("89504e470d0a1a0a0000000d49484452"),
}

FINE = {
    "empty": b"",
    "only blanks": b" \n\t\n",
    "only comments": b"% nothing here\n/* nor\nhere */",
    "byte order mark": b"\xef\xbb\xbf0.5::p.\nquery(p).\n",
    "CRLF": b"0.5::p. % a comment\r\nquery(p).\r\n",
    "old Mac line ends": b"0.5::p.\rquery(p).\r",
    "tabs and form feeds": b"\t0.5::p\t.\x0c\nquery(\tp\t).\n",
    "no line end at the end": b"0.5::p.\nquery(p).",
    "comment without a line end": b"0.5::p.\nquery(p).\n% the end",
    "comment with other bytes": "0.5::p. query(p). % \u0000 ✓ \ufffd\n".encode(),
}


def run(program: str | Path) -> dict[str, float]:
    """All stages, with a limit on the ground program that no honest case here comes near."""
    pipeline = emnesy.load(program)
    pipeline.max_ground = 100_000
    return pipeline.compile(engine="enumerate").query()


@pytest.mark.parametrize("text", WRONG_TEXT.values(), ids=list(WRONG_TEXT))
def test_wrong_text_is_a_program_error_with_a_place(text: str) -> None:
    with pytest.raises(emnesy.ProgramError) as error:
        run(text if "\n" in text else text + "\n")
    check_diagnostics(error.value)


def check_diagnostics(error: emnesy.EmnesyError) -> None:
    assert error.diagnostics
    for diagnostic in error.diagnostics:
        assert diagnostic.span is not None, diagnostic
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(diagnostic.span.source.text)
        assert "\n" not in diagnostic.message
        assert "UnexpectedCharacters" not in diagnostic.message
    assert str(error)


@pytest.mark.parametrize("content", WRONG_BYTES.values(), ids=list(WRONG_BYTES))
def test_wrong_bytes_are_a_program_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "program.nesy"
    path.write_bytes(content)
    with pytest.raises(emnesy.ProgramError) as error:
        run(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", FINE.values(), ids=list(FINE))
def test_harmless_bytes_are_accepted(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "program.nesy"
    path.write_bytes(content)
    assert run(path) == ({"p": 0.5} if b"query" in content else {})


@pytest.mark.parametrize("name", ["missing.nesy", ".", "no/such/folder/program.nesy"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(emnesy.ProgramError):
        run(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        f"p({'f(' * 20_000}1{')' * 20_000}).\nquery(p(_)).\n",
        f"p({'(' * 20_000}1{')' * 20_000}).\nquery(p(_)).\n",
        f"p({'[' * 20_000}{']' * 20_000}).\nquery(p(_)).\n",
        f"p :- {'not ' * 20_000}q.\nq.\nquery(p).\n",
        f"p({'-' * 20_000}1).\nquery(p(_)).\n",
        f"p({' + '.join(['1'] * 20_000)}).\nquery(p(_)).\n",
        f"p({' ** '.join(['1'] * 20_000)}).\nquery(p(_)).\n",
        f"p :- {'(' * 20_000}q{')' * 20_000}.\nq.\nquery(p).\n",
    ],
    ids=["terms", "parentheses", "lists", "negations", "signs", "sums", "powers", "bodies"],
)
def test_deep_nesting_is_read_or_refused(text: str) -> None:
    try:
        run(text)
    except emnesy.ProgramError as error:
        check_diagnostics(error)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"0.5::p({i}).\n" for i in range(10_000)) + "query(p(7)).\n",
        "q(0).\n" + "".join(f"p{i} :- q({i % 7}).\nq({i}).\n" for i in range(5_000)),
        f"p({', '.join(map(str, range(2_000)))}).\n",
        f"p :- {', '.join(['q'] * 5_000)}.\nq.\nquery(p).\n",
        f"0.5::{'p' * 100_000}.\nquery({'p' * 100_000}).\n",
        f"p({list(range(2_000))}).\n",
    ],
    ids=["lines", "predicates", "arguments", "body", "name", "list"],
)
def test_large_programs_are_read(text: str) -> None:
    run(text)


TOKENS = [
    *"pqXYI_01(),.;:[]|<>+-*/'\"%",
    *(" ", "\n", "::", ":-", "0.5", "..", "not ", "\\+", " is ", " in ", "nn(", "const ", "t(_)"),
    *("count<", "query(", "evidence(", "observe ", "type ", "->", "{", "}", "é", "\0", "/*", "*/"),
]

FUZZ = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= 100,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def accepted_or_refused(text: str) -> None:
    """The front end takes the text or says what is wrong and where; anything else is a bug."""
    try:
        _ = emnesy.load(text + "\n").core
    except emnesy.ProgramError as error:
        check_diagnostics(error)


@FUZZ
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join))
def test_token_soup(text: str) -> None:
    accepted_or_refused(text)


@FUZZ
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    accepted_or_refused(text)


@FUZZ
@given(
    st.sampled_from(programs()),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(["", *TOKENS]))),
)
def test_damaged_programs(path: Path, damage: list[tuple[float, int, str]]) -> None:
    text = path.read_text(encoding="utf-8")
    for place, length, replacement in damage[:4]:
        start = int(place * len(text))
        text = text[:start] + replacement + text[start + length :]
    accepted_or_refused(text)
