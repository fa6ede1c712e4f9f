"""Numbers on the command line that no library takes, and programs with more worlds than a double counts."""

from pathlib import Path

import pytest

from emnesy.cli.main import main

COMMANDS = ("query", "map", "sample", "why")


@pytest.fixture
def coins(tmp_path):
    def write(count):
        path = tmp_path / "coins.nesy"
        heads = " ".join(f"0.5::heads({i})." for i in range(count))
        path.write_text(f"{heads}\nsome :- heads(0).\nquery(some).\n")
        return str(path)

    return write


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--seed", "--threads"])
@pytest.mark.parametrize("value", ["-1", "100000000000000000000"])
def test_out_of_range(coins, capsys, command, option, value):
    assert main([command, coins(2), option, value]) in (1, 2)
    assert option.strip("-") in capsys.readouterr().err


def test_the_greatest_numbers_that_are_in_range(coins, capsys):
    program = coins(2)
    for engine in ("bp", "exact", "enumerate", "gibbs", "abc", "rejection"):
        assert main(["query", program, "--engine", engine, "--seed", str(2**32 - 1)]) == 0
    assert main(["query", program, "--threads", "1024"]) == 0
    assert "some: 0.5" in capsys.readouterr().out


@pytest.mark.parametrize(("count", "shown"), [(1100, "about 10^331"), (16000, "about 10^4816")])
def test_more_worlds_than_a_double_or_python_shows(coins, capsys, count, shown):
    """2^1100 fits into no double; Python formats no integer of more than 4,300 digits."""
    path = coins(count)
    with Path(path).open("a") as program:
        program.write("all(count<I>) :- heads(I).\nquery(all(_)).\n")
    assert main(["query", path, "--engine", "enumerate"]) == 1
    assert f"{shown} worlds" in capsys.readouterr().err
