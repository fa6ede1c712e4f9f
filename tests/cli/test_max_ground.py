"""`--max-ground`: it bounds what grounding makes and what its joins try, in every command that grounds."""

import signal
import subprocess
import sys

import pytest

from emnesy.cli.main import main

TABLES = """\
a(X) :- X in 1..{size}.
b(X) :- X in 1..{size}.
c(X) :- X in 1..{size}.
p(0) :- a(1).
p(X) :- a(X), b(Y), c(Z), X + Y + Z =:= -1, \\+ p(Y).
query(p(0)).
"""
"""`p` may deny itself, so `check` grounds it; its join tries all triples and gives nothing."""

COMMANDS = {
    "check": [],
    "query": ["--engine", "enumerate"],
    "dump": [],
    "map": [],
    "sample": [],
    "why": ["p(0)"],
    "graph": ["--kind", "factor", "-o", "unused.dot"],
    "train": ["--supervised"],
}


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        path = tmp_path / "tables.nesy"
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("command", COMMANDS)
def test_joins_that_give_nothing_are_bounded(command, program, capsys):
    file = program(TABLES.format(size=300))
    assert main([command, file, *COMMANDS[command], "--max-ground", "20000"]) == 1
    shown = capsys.readouterr().err
    assert "error[E0508]: grounding stopped: the joins try too much" in shown
    assert "the limit of 20,000 atoms" in shown
    assert "for 0 instances" in shown
    assert "tables.nesy:5:1" in shown
    assert "--max-ground" in shown


def test_a_higher_limit_lets_them_end(program, capsys):
    file = program(TABLES.format(size=80))
    assert main(["query", file, "--engine", "enumerate", "--max-ground", "20000"]) == 1
    assert main(["query", file, "--engine", "enumerate", "--max-ground", "100000"]) == 0
    assert capsys.readouterr().out == "p(0): 1\n"


def test_numbers_of_a_range_count(program, capsys):
    text = "p(X) :- X in 1..1000000000000, X < 0.\nquery(p(_)).\n"
    assert main(["query", program(text), "--max-ground", "20000"]) == 1
    shown = capsys.readouterr().err
    assert "E0508" in shown
    assert "tables.nesy:1:1" in shown


def test_atoms_and_rules_count(program, capsys):
    text = "p(0).\np(N + 1) :- p(N).\nquery(p(_)).\n"
    assert main(["query", program(text), "--max-ground", "500"]) == 1
    assert "the limit is 500" in capsys.readouterr().err


def test_ctrl_c_is_answered_in_the_middle_of_a_join(program):
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where tests run behind &
        "from emnesy.cli.main import main\n"
        "from emnesy.ground import grounder\n"
        "native = grounder._core.ground\n"
        "def ground(*args):\n"
        "    print('grounding', flush=True)\n"
        "    return native(*args)\n"
        "grounder._core.ground = ground\n"
        "sys.exit(main(['check', sys.argv[1], '--max-ground', '1000000000000']))\n"
    )
    command = [sys.executable, "-c", code, program(TABLES.format(size=20_000))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"grounding\n"
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)  # the join itself would take days
        finally:
            process.kill()
    assert process.returncode == 130
