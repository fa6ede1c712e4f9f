"""Exit codes and streams of the commands that only read a program."""

import json
import re

import pytest

from emnesy.cli.main import main


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "graph.nesy"
    path.write_text("const n = 2.\nedge(1, n).\npath(X, Y) :- edgee(X, Y).\n")
    return path


def test_errors_go_to_stderr_with_exit_code_1(program, capsys):
    assert main(["check", str(program)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[E0203]: unknown predicate `edgee/2`" in err
    assert "did you mean `edge/2`?" in err


def test_concise_is_one_line(program, capsys):
    assert main(["check", str(program), "--format", "concise"]) == 1
    assert capsys.readouterr().err == (
        f"{program}:3:15: error[E0203]: unknown predicate `edgee/2`\n"
    )


def test_json(program, capsys):
    assert main(["check", str(program), "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["code"] == "E0203"
    assert found["span"]["start"] == {"line": 3, "column": 15}
    assert found["span"]["end"] == {"line": 3, "column": 26}


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["check", "no/such.nesy"], 1, "E0801"),
        (["check", "."], 1, "E0802"),
        (["check", "FILE", "-c", "m=3"], 1, "E0206"),
        (["check", "FILE", "-c", "n"], 1, "E0803"),
        (["explain", "E9999"], 1, "E0805"),
        (["check"], 2, "Missing argument"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_mistakes_are_told_without_a_traceback(program, capsys, arguments, code, text):
    assert main([str(program) if a == "FILE" else a for a in arguments]) == code
    err = capsys.readouterr().err
    assert text in err
    assert "Traceback" not in err


def test_bytes_that_are_no_text(tmp_path, capsys):
    path = tmp_path / "binary.nesy"
    path.write_bytes(b"p(\xff).")
    assert main(["check", str(path)]) == 1
    assert "E0802" in capsys.readouterr().err


def test_explain(capsys):
    assert main(["explain", "e0203"]) == 0
    assert capsys.readouterr().out.startswith("# E0203: unknown predicate")


def test_dumps_of_programs_are_highlighted_where_colour_is_wanted(program, capsys, monkeypatch):
    program.write_text("p(1).\nq(X) :- p(X).\n")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["dump", str(program), "--stage", "core"]) == 0
    coloured = capsys.readouterr().out
    monkeypatch.delenv("FORCE_COLOR")
    assert main(["dump", str(program), "--stage", "core"]) == 0
    plain = capsys.readouterr().out
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
