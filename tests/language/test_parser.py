"""Terms, priorities and spans."""

import pytest

from emnesy.diagnostics import ProgramError, Source
from emnesy.language.parser import parse
from emnesy.language.substitute import variables
from emnesy.language.terms import Compound, Float, Int, Sym, Var


def statement(text):
    (one,) = parse(Source("t.nesy", text)).statements
    return one


def expression(text):
    return statement(f"p :- X is {text}.").body.right


def op(name, *args):
    return Compound(name, args)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("1 - 2 - 3", op("-", op("-", Int(1), Int(2)), Int(3))),
        ("1 + 2 * 3", op("+", Int(1), op("*", Int(2), Int(3)))),
        ("1-2", op("-", Int(1), Int(2))),
        ("-2 ** 2", op("-", op("**", Int(2), Int(2)))),
        ("2 ** -1", op("**", Int(2), Int(-1))),
        ("-X + 1", op("+", op("-", Var("X")), Int(1))),
        ("2 ^ 3 ^ 2", op("^", Int(2), op("^", Int(3), Int(2)))),
        ("7 // 2 mod 3", op("mod", op("//", Int(7), Int(2)), Int(3))),
        ("1 << 2 + 3", op("+", op("<<", Int(1), Int(2)), Int(3))),
        ("5 /\\ 3 xor 1", op("xor", op("/\\", Int(5), Int(3)), Int(1))),
        ("1e-3", Float(0.001)),
    ],
)
def test_priorities(text, term):
    assert expression(text) == term


def test_a_range_is_not_two_floats():
    assert statement("p(0..9).").heads[0].head.args == (op("..", Int(0), Int(9)),)


@pytest.mark.parametrize(
    ("text", "probability"),
    [
        ("1/6::a.", op("/", Int(1), Int(6))),
        ("0.1::a.", Float(0.1)),
        ("1e-3::a.", Float(1e-3)),
        ("P::a :- p(P).", Var("P")),
    ],
)
def test_probabilities(text, probability):
    assert statement(text).heads[0].annotation.probability == probability


@pytest.mark.parametrize("text", ["X -9223372036854775808", "-9223372036854775808 ** 1"])
def test_a_minus_that_is_no_sign_does_not_make_an_integer_fit(text):
    with pytest.raises(ProgramError, match="E0108"):
        parse(Source("t.nesy", f"p(Y) :- q(X), Y is {text}."))


def test_the_least_integer_is_read():
    assert expression("-9223372036854775808 + 1") == op("+", Int(-(2**63)), Int(1))


def test_capitals_of_every_script_start_variables():
    clause = statement("größe(Äpfel, ǅ, Ω, 中) :- kiste(Äpfel), Ω is 2.")
    assert clause.heads[0].head.args == (Var("Äpfel"), Var("ǅ"), Var("Ω"), Sym("中"))
    assert clause.body.goals[1].left == Var("Ω")
    with pytest.raises(ProgramError, match="E0104"):
        statement("Äpfel(1).")
    with pytest.raises(ProgramError, match="E0104"):
        statement("p :- Äpfel.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a <- b.", "a :- b."),
        ("a<-(b, c ; d).", "a :- (b, c ; d)."),
        ("a(X)<-X = 1.", "a(X) :- X = 1."),
        ("0.5::a ; 0.5::b<-\\+c, d.", "0.5::a ; 0.5::b :- \\+c, d."),
        ("a(X)<-X<-1, b(X).", "a(X) :- X < -1, b(X)."),
        ("'é'<-'à'.", "'é' :- 'à'."),
    ],
)
def test_the_first_arrow_of_a_statement_is_one(old, new):
    assert statement(old) == statement(new)


@pytest.mark.parametrize(
    ("tight", "loose"),
    [
        ("X<-1", "X < -1"),
        ("X <-Y", "X < -Y"),
        ("X<-(Y + 1)", "X < -(Y + 1)"),
        ("X + 1<-Y ** 2", "X + 1 < -Y ** 2"),
        ("X<-0.5 * Y", "X < -0.5 * Y"),
        ("X<-_Y", "X < -_Y"),
        ("(X<-1 ; \\+ (X<-2))", "(X < -1 ; \\+ (X < -2))"),
    ],
)
def test_in_a_body_a_comparison_with_a_negative_number(tight, loose):
    for arrow in (":-", "<-"):
        found = statement(f"a {arrow} b(X, Y), {tight}.")
        assert found == statement(f"a :- b(X, Y), {loose}.")
    assert statement(f":- b(X, Y), {tight}.") == statement(f":- b(X, Y), {loose}.")


@pytest.mark.parametrize("body", ["b <- c.", "b(X), c(X) <- d.", "X<- 1.", "X<--1.", "X<-'n'."])
def test_an_arrow_in_a_body(body):
    for arrow in (":-", "<-"):
        with pytest.raises(ProgramError) as caught:
            statement(f"a {arrow} {body}")
        (found,) = caught.value.diagnostics
        assert (found.code, found.span.text) == ("E0102", "<-")
        assert "write `< -`" in found.help


def test_keywords_are_names_elsewhere():
    assert statement("type(const, observe).").heads[0].head.args == (Sym("const"), Sym("observe"))


def test_spans_of_statement_atom_and_variable():
    text = "% note\nq(1).  p(X) :- q(X), not r( X , Y ).\n"
    second = parse(Source("t.nesy", text)).statements[1]
    assert second.span.text == "p(X) :- q(X), not r( X , Y )."
    negation = second.body.goals[1]
    assert negation.goal.span.text == "r( X , Y )"
    y = next(iter(variables(negation.goal.atom.args[1])))
    assert (y.span.text, y.span.source.position(y.span.start)) == ("Y", (2, 33))


def test_every_statement_with_a_syntax_error_is_reported():
    with pytest.raises(ProgramError) as caught:
        parse(Source("t.nesy", "p(1.\nq(2).\nr :- .\ns(3) : - q(2).\n"))
    assert [d.span.source.position(d.span.start)[0] for d in caught.value.diagnostics] == [1, 3, 4]
