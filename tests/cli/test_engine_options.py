"""`--engine-option` reaches the engine, and a wrong one is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emnesy.cli.main import main

LOOP = """
0.4::a. 0.3::b. 0.6::c.
ab :- a, b.   ab :- not a, c.
bc :- b, c.   bc :- not b, a.
ca :- c, a.   ca :- not c, b.
evidence(ab). evidence(bc).
query(a). query(ca).
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "loop.nesy"
    path.write_text(LOOP)
    return str(path)


def test_an_option_is_used(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    # exact refuses a junction tree beyond its budget; with the default budget it answers.
    assert main(["query", program, "--engine", "exact", "--json"]) == 0
    assert 0 < json.loads(capsys.readouterr().out)["a"] < 1
    assert main(["query", program, "--engine", "exact", "--engine-option", "budget=1"]) == 1
    assert "E0706" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "code"),
    [("bugdet=5", "E0711"), ("budget=none", "E0712"), ("budget", "E0810")],
)
def test_a_wrong_option(
    option: str, code: str, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", program, "--engine", "exact", "--engine-option", option]) == 1
    assert code in capsys.readouterr().err
