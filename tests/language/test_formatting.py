"""Layout: fixed examples, and that formatting keeps trees and comments and changes nothing twice."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_trees import statements

from emnesy.diagnostics import ProgramError, Source
from emnesy.language import syntax
from emnesy.language.formatting import format_program
from emnesy.language.formatting.breaking import WIDTH
from emnesy.language.parser import parse, tokens
from emnesy.language.printer import print_program

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = sorted(ROOT.glob("programs/**/*.nesy"))
CORPUS = [*PROGRAMS, *sorted(ROOT.glob("tests/corpus/**/*.nesy"))]


def form(text):
    return format_program(Source("t.nesy", text))


def comments(text):
    found = tokens(Source("t.nesy", text))
    return [text[t.start : t.end].rstrip() for t in found if t.kind == "COMMENT"]


CASES = {
    "spaces": (
        "p(X,Y):-q( X ),not r(Y),X=\\=Y,Z is X*2+1,Z in 0..n - 1.",
        "p(X, Y) :- q(X), not r(Y), X =\\= Y, Z is X * 2 + 1, Z in 0..n-1.",
    ),
    "bodies and heads": ("a:-b;(c,d).\n0.1 :: a ;0.2::b.", "a :- b ; (c, d).\n0.1::a; 0.2::b."),
    "probabilities": (
        "1 / 6::a. t( 1/3 ,X)::b(X):-q(X). A / (A+B)::c:-q(A),r(B).",
        "1/6::a.  t(1/3, X)::b(X) :- q(X).  A/(A+B)::c :- q(A), r(B).",
    ),
    "networks": (
        "nn(net [R,C],[a(R),b],T,[x,y])::t(R,C,T):-q(R,C).",
        "nn(net[R, C], [a(R), b], T, [x, y]) :: t(R, C, T) :- q(R, C).",
    ),
    "declarations": (
        "const  n=4.\nobserve sum / 2,valid/0.\ntype d( int,int->0 .. 9 ).",
        "const n = 4.\nobserve sum/2, valid/0.\ntype d(int, int -> 0..9).",
    ),
    "directives": (
        ':-train( epochs = 3,lr=1e-3 ).\n:-foreign(gcd / 3,"m:f").\n:-a(X),X=1.',
        ':- train(epochs=3, lr=1e-3).\n:- foreign(gcd/3, "m:f").\n:- a(X), X = 1.',
    ),
    "aggregates": (
        "a(X,min< C+D >):-b(X,C,D).\nc(any< >):-d.",
        "a(X, min<C + D>) :- b(X, C, D).\nc(any<>) :- d.",
    ),
    "signs": (
        "p(-1,- 1,-X,- -1,+2,0..-1):-X is -(1)- -2,\\+q,not(r;s).",
        "p(-1, - 1, -X, - -1, +2, 0..-1) :- X is -(1) - -2, \\+ q, not (r ; s).",
    ),
    "spelling stays": (
        "a<-\\+b. c :-not d. x('it''s',\"\\n\",0.10,1E3,[H|T]).",
        "a <- \\+ b.  c :- not d.  x('it''s', \"\\n\", 0.10, 1E3, [H | T]).",
    ),
    "arrows and comparisons": (
        "a(X)<-b(X),X<-1. c<-(d,e). :-b(X),X<-(1+X). f:-g(X),(X<-1;X<-X).",
        "a(X) <- b(X), X < -1.  c <- (d, e).  :- b(X), X < -(1 + X).  f :- g(X), (X < -1 ; X < -X).",
    ),
    "blank lines": ("\n\na.\n\n\n\n\nb.\nc.\n\n", "a.\n\n\nb.\nc."),
    "comments": (
        "%x  \n  % y\na. % z\n/* one\n  two */ b. /* c */ c. d. % e\n\n   %% end",
        "%x\n% y\na.  % z\n/* one\n  two */\nb.  /* c */ c.  d.  % e\n\n%% end",
    ),
    "comments inside": (
        "p :- % why\n q,   % first\n% alone\n r /* x */ , s. % last",
        "p :-  % why\n    q,  % first\n    % alone\n    r /* x */, s.  % last",
    ),
    "comments in columns": (
        "p :-\n  q(X),    % one\n  rr(X,Y). % two\n\na.    % three\nbbbb. % four\nc. % five",
        "p :-\n    q(X),      % one\n    rr(X, Y).  % two\n\na.     % three\nbbbb.  % four\nc.  % five",
    ),
    "columns": (
        "a(X)   :- b(X).\nab(X,Y):- c.\nabc(X)  :- d.",
        "a(X)     :- b(X).\nab(X, Y) :- c.\nabc(X)   :- d.",
    ),
    "no columns": ("a  :- b.\nabc :- d.\nc:-e.", "a :- b.\nabc :- d.\nc :- e."),
    "a line that outgrew its column": (
        "a   :- x.\nbb  :- y.\nccccc :- z.\n\nd :- w.",
        "a     :- x.\nbb    :- y.\nccccc :- z.\n\nd :- w.",
    ),
    "columns of alternatives": (
        "0.1::a;    0.2::b.\n0.15::aa;  0.2::b.\n0.1::aaa; 0.3::c.",
        "0.1::a;   0.2::b.\n0.15::aa; 0.2::b.\n0.1::aaa; 0.3::c.",
    ),
    "columns of facts": (
        "e(1,2).   e(1,3).\ne(10,20). e(3,4).",
        "e(1, 2).    e(1, 3).\ne(10, 20).  e(3, 4).",
    ),
    "line ends stay": (
        "p(X):-\n q(X),r(X),\n\n s(X).\nv(a,\n b).\nw(\n1,\n2\n).",
        "p(X) :-\n    q(X), r(X),\n    s(X).\nv(a,\n    b).\nw(\n    1,\n    2\n).",
    ),
    "alternatives on lines of their own": (
        "p :-\n( q\n; r\n).",
        "p :-\n    (q\n        ; r).",
    ),
    "off and on": (
        "a:-b.\n% fmt: off\nc:-d.\n  e:-f.\n% fmt: on\ng:-h.\ni:-j. % fmt: skip\nk:-l.",
        "a :- b.\n% fmt: off\nc:-d.\n  e:-f.\n% fmt: on\ng :- h.\ni:-j. % fmt: skip\nk :- l.",
    ),
    "nothing": (" \n\n", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_layout(name):
    text, wanted = CASES[name]
    formatted = form(text)
    assert formatted == (wanted + "\n" if wanted else "")
    assert form(formatted) == formatted


def test_a_long_rule_is_broken_after_its_arrow_and_between_goals():
    goals = [f"a_rather_long_goal_{i}(Variable)" for i in range(7)]
    text = form(f"p(Variable) :- {', '.join(goals)}.")
    first, *rest = text.splitlines()
    assert first == "p(Variable) :-"
    assert [line.count("goal") for line in rest] == [3, 3, 1]
    assert all(line.startswith("    a") and len(line) <= WIDTH for line in rest)


def test_long_statements_are_broken_inside_of_brackets_and_before_operators():
    items = ", ".join(str(i) * 5 for i in range(40))
    total = " + ".join(f"variable_{i}" for i in range(20))
    text = form(f"p([{items}]).\nq(X) :- r(X), X =:= {total}.")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert form(text) == text


def test_what_cannot_be_broken_stays_long():
    name = "x" * 120
    assert form(f"p:-{name}.") == f"p :-\n    {name}.\n"


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_corpus(path):
    text = path.read_text("utf-8")
    try:
        program = parse(Source(path.name, text))
    except ProgramError:
        with pytest.raises(ProgramError):
            form(text)
        return
    formatted = form(text)
    assert parse(Source(path.name, formatted)).statements == program.statements
    assert comments(formatted) == comments(text)
    assert form(formatted) == formatted
    if path in PROGRAMS:
        assert formatted == text, f"run `emnesy fmt {path}`"


gaps = st.sampled_from(["", " ", "  ", "\n", "\n\n  ", " % note\n", "/* x */", " /* y */ ", "\t"])


@st.composite
def scattered(draw):
    """A generated program, with other gaps between its tokens."""
    some = draw(st.lists(statements, min_size=1, max_size=4))
    text = print_program(syntax.Program(tuple(some), Source("<tree>", "")))
    found = tokens(Source("<printed>", text))
    parts, end = [], 0
    for token in found:
        gap = text[end : token.start]
        other = draw(gaps) if draw(st.integers(0, 3)) == 0 else gap
        parts.append(other if other or not gap else " ")
        parts.append(text[token.start : token.end])
        end = token.end
    return "".join(parts) + draw(gaps)


@settings(max_examples=80, deadline=None)
@given(scattered())
def test_generated_programs(text):
    try:
        program = parse(Source("t.nesy", text))
    except ProgramError:  # a gap has torn apart what has to stand together
        return
    formatted = form(text)
    assert parse(Source("f.nesy", formatted)).statements == program.statements
    assert comments(formatted) == comments(text)
    assert form(formatted) == formatted
    assert formatted.endswith("\n")
    assert all(line == line.rstrip() for line in formatted.split("\n") if "/*" not in line)


def test_deep_and_long_terms():
    text = "p([" + ", ".join(["1"] * 3000) + "])."
    assert max(map(len, form(text).splitlines())) <= WIDTH
    nested = "p(" + "f(" * 800 + "x" + ")" * 800 + ")."
    assert parse(Source("t", form(nested)))
