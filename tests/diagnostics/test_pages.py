"""The pages are the registry of codes: complete, and their examples do what they say."""

import re
from pathlib import Path

import pytest

import emnesy
from emnesy.diagnostics import ProgramError, Source
from emnesy.diagnostics.codes import codes, page
from emnesy.language.frontend import analyse

ROOT = Path(emnesy.__file__).parent
NATIVE = ROOT.parent.parent / "cpp"
FENCE = re.compile(r"^```nesy\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def codes_in(files):
    return {
        code for file in files for code in re.findall(r'"([EW]\d{4})"', file.read_text("utf-8"))
    }


FRONT_END = [
    code
    for code in sorted(codes_in((ROOT / "language").rglob("*.py")))
    if FENCE.search(page(code).text)
]


def test_every_code_has_a_page_and_every_page_a_code():
    native = [*NATIVE.rglob("*.cpp"), *NATIVE.rglob("*.hpp")]
    assert codes_in([*ROOT.rglob("*.py"), *native]) == set(codes())


@pytest.mark.parametrize("code", codes())
def test_page_has_its_form(code):
    assert page(code).text.startswith(f"# {code}: ")
    assert page(code).title.strip()
    assert len(page(code).text.splitlines()) > 2


def found(text):
    try:
        return [d.code for d in analyse(Source("page.nesy", text), {}).warnings]
    except ProgramError as error:
        return [d.code for d in error.diagnostics]


@pytest.mark.parametrize("code", FRONT_END)
def test_examples(code):
    examples = FENCE.findall(page(code).text)
    assert set(found(examples[0])) == {code}
    for right in examples[1:]:
        assert code not in found(right)
        assert not any(c.startswith("E") for c in found(right))
