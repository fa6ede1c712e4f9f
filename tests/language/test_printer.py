"""parse(print(tree)) == tree, on generated trees and on the corpus."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_trees import statements

from emnesy.diagnostics import ProgramError, Source
from emnesy.language import syntax
from emnesy.language.parser import parse
from emnesy.language.printer import print_program

ROOT = Path(__file__).parent.parent.parent
CORPUS = sorted([*ROOT.glob("programs/**/*.nesy"), *ROOT.glob("tests/corpus/**/*.nesy")])


@settings(max_examples=150, deadline=None)
@given(st.lists(statements, min_size=1, max_size=3))
def test_generated_trees_survive_printing(some):
    program = syntax.Program(tuple(some), Source("<tree>", ""))
    text = print_program(program)
    assert parse(Source("<printed>", text)).statements == program.statements, text


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_corpus_survives_printing(path):
    try:
        program = parse(Source(path.name, path.read_text("utf-8")))
    except ProgramError:
        pytest.skip("a program with syntax errors")
    again = parse(Source("<printed>", print_program(program)))
    assert again.statements == program.statements
