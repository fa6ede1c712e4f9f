"""The loop over Lark's tables against Lark itself: same texts, same tokens, same errors."""

import gc
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark.exceptions import UnexpectedInput

from emnesy.diagnostics import ProgramError, Source
from emnesy.language import lalr
from emnesy.language.frontend import analyse
from emnesy.language.grammar import make_lark
from emnesy.language.parser import parse, tokens

ROOT = Path(__file__).parent.parent.parent
CORPUS = sorted([*ROOT.glob("programs/**/*.nesy"), *ROOT.glob("tests/corpus/**/*.nesy")])
LARK = make_lark()


TABLES = lalr.make_tables(None)

PIECES = re.split(
    " ",
    "p q X _ 1 0.5 1e3 'a b' \"s\" é É ( ) [ ] , ; . | :- <- :: -> .. + - * / // ** ^ mod rem is in not "
    "\\+ =:= =< >= = < > << >> /\\ \\/ min< count<> const observe type % /* */ \n ! ' p(X) q(1,a) [H|T] "
    "0..9 0.3::p t(_) nn(n,x) X=1 <-1 a<-b -1",
)

soup = st.lists(
    st.sampled_from(PIECES),
    max_size=30,
).flatmap(
    lambda parts: st.lists(
        st.sampled_from(["", "", " ", "\n"]), min_size=len(parts), max_size=len(parts)
    ).map(lambda gaps: "".join(p + g for p, g in zip(parts, gaps, strict=True)))
)


def by_lark(text):
    """Kinds and places of the tokens up to the error, and whether there was one."""
    found = []
    run = LARK.parse_interactive(text)
    try:
        for token in run.iter_parse():
            found.append((token.type, token.start_pos, token.end_pos))
        run.feed_eof()
    except UnexpectedInput:
        return found, False
    return found, True


def by_loop(text, start=0, end=None):
    found = []
    try:
        lalr.run(TABLES, None, text, start, end, found)
    except lalr.NoParseError:
        return found, False
    return [token for token in found if token.kind != lalr.COMMENT], True


@settings(max_examples=400, deadline=None)
@given(soup)
@example("p :- X is 2 // % c\n 3, q(X <-1).")
@example("a<-(b),X<-1;X<-Y.")
@example("% only a comment")
@example("p /* one */ . /* two */")
@example("p % a comment that would be tokens. q\n!")
@example("/* p. */ q /* r */ s")
def test_soup(text):
    wanted, accepted = by_lark(text)
    found, read = by_loop(text)
    assert read == accepted
    if accepted:
        assert found == wanted
    else:  # Lark's loop hands out a token after the parser took it
        assert [t for t in found if t.kind != lalr.COMMENT][: len(wanted)] == wanted


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_corpus(path):
    text = path.read_text("utf-8")
    wanted, accepted = by_lark(text)
    found, read = by_loop(text)
    assert read == accepted
    if accepted:
        assert found == wanted


def test_a_part_of_a_text_is_read_as_if_it_stood_alone():
    text = "junk( p :- X < 1. q /* r"
    assert by_loop(text, 6, 17) == by_loop("      p :- X < 1.")


def test_every_statement_is_told_apart_after_an_error():
    with pytest.raises(ProgramError) as failure:
        parse(Source("t.nesy", "p(.\nq(1).\nr :- X < Y < Z.\ns :- .\n"))
    assert [d.code for d in failure.value.diagnostics] == ["E0103", "E0107", "E0102"]


def test_tokens_have_comments_and_places():
    source = Source("t.nesy", "p(X) :- % why\n  q(X).")
    shown = [(t.kind, source.text[t.start : t.end]) for t in tokens(source)]
    assert shown[:6] == [
        ("NAME", "p"),
        ("LPAR", "("),
        ("VARIABLE", "X"),
        ("RPAR", ")"),
        ("IF", ":-"),
        ("COMMENT", "% why"),
    ]


def test_tokens_of_a_wrong_program_are_its_errors():
    with pytest.raises(ProgramError):
        tokens(Source("t.nesy", "p("))


def test_the_collector_runs_again_after_a_check():
    with pytest.raises(ProgramError):
        analyse(Source("t.nesy", "p :- q(."), {})
    assert gc.isenabled()
    analyse(Source("t.nesy", "p."), {})
    assert gc.isenabled()
