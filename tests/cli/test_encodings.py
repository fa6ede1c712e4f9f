"""Letters that the terminal's encoding has not end in no traceback."""

import os
import subprocess
import sys

import pytest

PROGRAM = "0.5::'日本'.\nquery('日本').\n"
RUN = [sys.executable, "-c", "import sys; from emnesy.cli.main import main; sys.exit(main())"]


@pytest.mark.parametrize("command", [["why"], ["fmt"], ["query"]], ids=lambda c: c[0])
def test_letters_beyond_the_locale(command):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*RUN, *command, "-"],
        input=PROGRAM.encode(),
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    if command == ["fmt"]:
        assert done.stdout.decode() == PROGRAM
