"""Wrong programs and what is said about them, as literate Markdown files.

Each file of ``snapshots/`` is a list of sections: a heading, a wrong program in a ``nesy`` fence, the
rendered diagnostics in a ``text`` fence. ``pytest --update-snapshots`` writes the latter anew.

A program is checked; in a ``nesy ground`` fence it is grounded, in a ``nesy foreign`` fence it may import
functions from beside the snapshots as well.
"""

import re
from pathlib import Path

import pytest

from emnesy.diagnostics import EmnesyError, Source
from emnesy.diagnostics.render import render
from emnesy.ground.foreign import ForeignFunctions
from emnesy.pipeline import Program

FOLDER = Path(__file__).parent / "snapshots"
CASE = re.compile(
    r"^## (?P<title>[^\n]+)\n.*?^```nesy(?P<how>[^\n]*)\n(?P<program>.*?)^```\n"
    r"(?:\n*```text\n(?P<text>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
CASES = [
    pytest.param(path, match["title"], id=f"{path.stem}: {match['title']}")
    for path in sorted(FOLDER.glob("*.md"))
    for match in CASE.finditer(path.read_text("utf-8"))
]


def rendered(text, how):
    source = Source("program.nesy", text)
    foreign = ForeignFunctions(folder=FOLDER) if how == " foreign" else None
    program = Program(source, foreign=foreign)
    try:
        found = program.check()
        if how:
            _ = program.ground
    except EmnesyError as error:
        found = error.diagnostics
    shown = "\n\n".join(render(d) for d in found) + "\n"
    return shown.replace(str(FOLDER.resolve()), "FOLDER")


def test_there_are_cases():
    assert len(CASES) >= 30


@pytest.mark.parametrize(("path", "title"), CASES)
def test_snapshot(path, title, update_snapshots):
    text = path.read_text("utf-8")
    matches = [m for m in CASE.finditer(text) if m["title"] == title]
    assert len(matches) == 1, "titles must be unique within a file"
    match = matches[0]
    actual = rendered(match["program"], match["how"])
    if update_snapshots and actual != match["text"]:
        program_end = match.end("program") + len("```\n")
        section = text[match.start() : program_end] + f"\n```text\n{actual}```\n"
        path.write_text(text[: match.start()] + section + text[match.end() :], "utf-8")
        return
    assert actual == match["text"]
    assert actual.strip(), "a wrong program that nothing is said about"
