"""What commands say: names that mean something to the reader, engines that can, nothing twice."""

import pytest

from emnesy.cli.main import main

HANDS = """\
hand(1..3).
0.25::card(H, 1); 0.25::card(H, 2); 0.25::card(H, 5); 0.25::card(H, 10) :- hand(H).
best(max<V>) :- card(_, V).
points(sum<V>) :- card(_, V).
query(points(_)).
evidence(best(5)).
"""


@pytest.fixture
def write(tmp_path):
    def text(program):
        path = tmp_path / "program.nesy"
        path.write_text(program)
        return str(path)

    return text


def test_exact_engines_are_those_that_take_numbers(write, capsys):
    assert main(["query", write(HANDS), "--engine", "rejection"]) == 0
    said = capsys.readouterr().err
    assert "exact on programs within their limits: `enumerate` or `exact`\n" in said
    assert main(["query", write("0.5::a. query(a)."), "--engine", "rejection"]) == 0
    assert "`enumerate` or `exact` or `sdd`" in capsys.readouterr().err


def test_computed_numbers_have_no_numbers_of_their_own(write, capsys):
    pytest.importorskip("pysdd")
    assert main(["query", write(HANDS), "--engine", "sdd"]) == 1
    said = capsys.readouterr().err
    assert "error[E0705]" in said
    assert "#" not in said


def test_a_world_names_each_atom_once(write, capsys):
    assert main(["sample", write(HANDS), "--all", "-n", "5"]) == 0
    for world in capsys.readouterr().out.split("----------------"):
        atoms = world.split()
        assert "best(5)." in atoms
        assert len(set(atoms)) == len(atoms)


def test_no_line_ends_in_blanks(write, capsys):
    assert main(["why", write("0.5::a(1..2). :- a(1). query(a(_)).")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("a(1)  0") for line in lines)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("aggregate", ["sum", "min", "max", "avg"])
@pytest.mark.parametrize(
    "number", ["9007199254740993", "-9007199254740993", "-9223372036854775808"]
)
def test_numbers_that_doubles_round(write, capsys, aggregate, number):
    program = f"0.5::v({number}). 0.5::v(1). s({aggregate}<X>) :- v(X). query(s(_))."
    assert main(["query", write(program)]) == 1
    assert "error[E0502]" in (said := capsys.readouterr().err)
    assert "2^53" in said
    assert "program.nesy:1:" in said


def test_sums_that_doubles_round(write, capsys):
    half = 2**52
    program = "0.5::v({}). 0.5::v({}). s(sum<X>) :- v(X). query(s(_))."
    assert main(["query", write(program.format(half, half - 1))]) == 0
    assert f"s({2 * half - 1}): 0.25" in " ".join(capsys.readouterr().out.split())
    assert main(["query", write(program.format(half + 1, half))]) == 1
    assert "error[E0502]: the sum goes beyond 2^53" in capsys.readouterr().err


def test_numbers_that_are_known_have_all_bits(write, capsys):
    program = "v(9223372036854775806). v(1). s(sum<X>) :- v(X). query(s(_))."
    assert main(["query", write(program)]) == 0
    assert "s(9223372036854775807): 1" in capsys.readouterr().out


def test_overflow_of_floats(write, capsys):
    assert main(["query", write("p(X) :- X is exp(1000). query(p(_)).")]) == 1
    said = capsys.readouterr().err
    assert "overflow in `exp(1000)`" in said
    assert "integer overflow" not in said
