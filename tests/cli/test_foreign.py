"""No command imports what a program names unless it is told to; `train`, `eval` and `predict` do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from emnesy.cli.main import main

PROGRAM = """
:- foreign(gcd/3, "arith_beside:gcd").
0.5::n(4); 0.5::n(6).
g(G) :- n(X), gcd(X, 6, G).
same :- n(X), not gcd(X, 6, 2).
query(g(_)).
query(same).
"""
DENIES_ITSELF = (
    "win(X) :- move(X, Y), not win(Y).\nmove(1, 2). move(2, G) :- gcd(1, 1, H), G is H + 2.\n"
)
MODULE = """
import math
from pathlib import Path
(Path(__file__).parent / "imported").touch()
def gcd(a, b):
    (Path(__file__).parent / "called").touch()
    return math.gcd(a, b)
def fails(a, b):
    raise ValueError("not today")
"""
COMMANDS = (
    ("check",),
    ("query",),
    ("query", "--engine", "enumerate", "--json"),
    ("dump",),
    ("dump", "--stage", "core"),
    ("dump", "--stage", "graph"),
    ("graph", "-o", "out.dot"),
    ("graph", "-o", "out.dot", "--kind", "factor"),
    ("map",),
    ("map", "--all"),
    ("sample",),
    ("sample", "--all"),
    ("why",),
)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "arith_beside.py").write_text(MODULE)
    path = tmp_path / "program.nesy"
    path.write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "arith_beside", raising=False)
    return path


def run(program: Path, command: tuple[str, ...], *more: str) -> int:
    return main([command[0], str(program), *command[1:], *more])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_is_imported_unasked(
    program: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(program, command)
    err = capsys.readouterr().err
    assert not (program.parent / "imported").exists()
    grounds = command not in (("check",), ("dump", "--stage", "core"), ("graph", "-o", "out.dot"))
    assert code == int(grounds)
    if grounds:
        assert "error[E0208]: `gcd/3` needs Python's `arith_beside:gcd`" in err
        assert "--allow-foreign" in err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_flag_imports(
    program: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(program, command, "--allow-foreign") == 0
    stages = (("dump", "--stage", "core"), ("graph", "-o", "out.dot"))
    assert (program.parent / "imported").exists() == (command not in stages)
    assert (program.parent / "called").exists() == (command not in (*stages, ("check",)))


@pytest.mark.parametrize("command", [("fmt", "--check"), ("explain", "E0208"), ("engines",)])
def test_other_commands_do_not(program: Path, command: tuple[str, ...]) -> None:
    main([*command, str(program)] if command[0] == "fmt" else list(command))
    assert not (program.parent / "imported").exists()


def test_check_says_what_it_left_out(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(program)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{program}: 1 warning\n"
    assert "warning[W0203]: `arith_beside:gcd` was not imported" in err
    assert "negation" not in err
    program.write_text(PROGRAM + DENIES_ITSELF)
    assert main(["check", str(program)]) == 0
    assert "whether an atom depends on its own negation is not known" in capsys.readouterr().err
    assert main(["check", str(program), "--allow-foreign"]) == 0
    program.write_text(PROGRAM + DENIES_ITSELF.replace("H + 2", "H + 0"))
    assert main(["check", str(program), "--allow-foreign"]) == 1
    assert "E0510" in capsys.readouterr().err


def test_other_mistakes_are_found_all_the_same(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program.write_text(PROGRAM + "p(X) :- gcd(X, 6, _).\nq :- gcd(1, 2).\n")
    assert main(["check", str(program), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [d["code"] for d in found] == ["E0315", "E0202"]


def test_what_a_query_does_not_need_is_not_imported(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program.write_text(PROGRAM.replace("query(g(_)).\nquery(same).", "query(n(_))."))
    assert main(["query", str(program)]) == 0
    assert main(["query", str(program), "--allow-foreign"]) == 0
    assert not (program.parent / "imported").exists()


@pytest.mark.parametrize(
    ("function", "code", "said"),
    [
        ("no_such_module_here:gcd", "E0650", "there is no module no_such_module_here"),
        ("arith_broken:gcd", "E0650", "SyntaxError"),
        ("arith_beside:gdc", "E0651", "did you mean `gcd`?"),
        ("arith_beside:math", "E0651", "no function"),
        ("math:sqrt", "E0652", "does not take 2 arguments"),
    ],
)
def test_functions_that_are_not_there(
    program: Path, function: str, code: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (program.parent / "arith_broken.py").write_text("def f(:\n")
    program.write_text(PROGRAM.replace("arith_beside:gcd", function))
    for command in ("check", "query"):
        assert main([command, str(program), "--allow-foreign"]) == 1
        err = capsys.readouterr().err
        assert f"error[{code}]" in err
        assert said in err
        assert ':- foreign(gcd/3, "' in err
        assert "Traceback" not in err


def test_a_function_that_fails(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text(PROGRAM.replace("arith_beside:gcd", "arith_beside:fails"))
    assert main(["query", str(program), "--allow-foreign"]) == 1
    err = capsys.readouterr().err
    assert "`gcd(4, 6, _)` failed: ValueError: not today (arith_beside.py, line 9)" in err


def test_the_standard_input_looks_in_the_current_folder(
    program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with program.open() as file:
        monkeypatch.setattr(sys, "stdin", type("Stream", (), {"buffer": file.buffer}))
        assert main(["query", "-", "--json", "--allow-foreign"]) == 0
    assert json.loads(capsys.readouterr().out) == {"g(2)": 0.5, "g(6)": 0.5, "same": 0.5}


def test_included_files_and_modules_beside_the_program(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = program.parent / "parts"
    folder.mkdir()
    program.rename(folder / "part.nesy")
    program.write_text(':- include("parts/part.nesy").\n')
    assert main(["query", str(program)]) == 1
    assert main(["query", str(program), "--json", "--allow-foreign"]) == 0
    assert json.loads(capsys.readouterr().out)["g(6)"] == 0.5


def test_why_shows_the_call(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", str(program), "g(6)", "--allow-foreign"]) == 0
    assert "g(6) :- n(6), gcd(6,6,6)." in capsys.readouterr().out
    assert main(["why", str(program), "g(3)", "--allow-foreign"]) == 0
    assert "the function has no such value" in capsys.readouterr().out
