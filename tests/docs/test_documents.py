"""The documents say what is so: links lead somewhere, tables match the registries, commands run."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shlex
import sys
from dataclasses import fields
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])
NAMES = [d.relative_to(ROOT).as_posix() for d in DOCUMENTS]
CHEAP = {"check", "query", "map", "sample", "why", "dump", "engines", "explain"}

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FIRST_CELL = re.compile(r"^\| `([^`|]+)`", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """The text of one section of a document, its subsections included."""
    match = re.search(
        rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,2}} |\Z)", read(name), re.M | re.S
    )
    assert match, f"{name} has no section {heading!r}"
    return match[2]


def commands(name: str) -> list[str]:
    """The `emnesy` command lines in the shell blocks of a document."""
    found = []
    for language, body in BLOCK.findall(read(name)):
        if language in {"sh", "console"}:
            lines = body.replace("\\\n", " ").splitlines()
            found += [line.removeprefix("$ ").split("  #")[0].strip() for line in lines]
    return [line for line in found if line.startswith("emnesy ")]


def command_names() -> list[str]:
    package = importlib.import_module("emnesy.cli.commands")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files(name: str) -> None:
    base = (ROOT / name).parent
    targets = [
        t for t in LINK.findall(read(name)) if "://" not in t and not t.startswith("mailto:")
    ]
    assert [t for t in targets if not (base / t).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_diagnostic_codes_exist(name: str) -> None:
    pages = {p.stem for p in (ROOT / "src/emnesy/diagnostics/pages").glob("*.md")}
    assert set(re.findall(r"\b[EW]0\d{3}\b", read(name))) <= pages


def test_commands_table() -> None:
    rows = FIRST_CELL.findall(section("docs/commands.md", "Commands"))
    assert sorted(row.removeprefix("emnesy ").split()[0] for row in rows) == command_names()


def test_engines_table() -> None:
    from emnesy.engine.registry import engines

    assert FIRST_CELL.findall(section("docs/engines.md", "The engines")) == sorted(engines())


OPTION_HEADINGS = {
    "abc": "Simulation: abc and rejection",
    "rejection": "Rejection sampling",
    "auto": "How auto chooses",
    "bp": "Belief propagation",
    "exact": "Junction trees",
    "gibbs": "Chains over worlds",
    "sdd": "Decision diagrams",
}
"""Where docs/engines.md lists the options of each engine."""


def option_rows(name: str, heading: str) -> dict[str, str]:
    pattern = re.compile(r"^\| `(\w+)` \| `([^`]+)`", re.MULTILINE)
    return dict(pattern.findall(section(name, heading)))


def test_training_options_table() -> None:
    from emnesy.learn.options import TrainOptions

    text = section("docs/learning.md", "Options of training")
    cells = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(field.name for field in fields(TrainOptions))


def test_capabilities_table() -> None:
    from emnesy.engine.registry import engines

    def yes(value: bool) -> str:
        return "yes" if value else "no"

    wanted = []
    for name, info in sorted(engines().items()):
        takes = [info.computed_cells, info.recursive_numbers, info.positive_cycles, info.state]
        wanted.append(
            f"| {' | '.join([f'`{name}`', info.log_evidence, info.joint, *map(yes, takes)])} |"
        )
    text = section("docs/engines.md", "What each can do")
    assert [line for line in text.splitlines() if line.startswith("| `")] == wanted


def test_engine_options_tables() -> None:
    """Every option of every engine is in some table of the page, with its default, and no other."""
    from emnesy.engine.registry import engines

    for name, info in engines().items():
        heading = OPTION_HEADINGS.get(name)
        assert (heading is not None) == bool(info.options), f"{name}: a section for its options?"
        if heading is not None:
            defaults = {option: str(spec.default) for option, spec in info.options.items()}
            assert option_rows("docs/engines.md", heading) == defaults


@pytest.mark.parametrize(
    "text", [b for lang, b in BLOCK.findall(read("docs/language.md")) if lang == "prolog"]
)
def test_programs_of_the_language_page_are_accepted(text: str) -> None:
    """Each compiles, and where it asks something, is answered; computed numbers by `enumerate`."""
    import emnesy

    program = emnesy.load(text, allow_foreign=True)
    model = program.compile(engine="enumerate" if "min<" in text else "bp")
    if "query(" in text:
        answers = model.query()
        assert answers
        assert all(0 <= p <= 1 for p in answers.values())


def test_make_targets_table() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE)
    rows = FIRST_CELL.findall(section("CONTRIBUTING.md", "Commands"))
    assert sorted(row.removeprefix("make ") for row in rows) == sorted(targets)


def test_benchmark_tasks_table() -> None:
    tasks = {p.stem for p in (ROOT / "benchmarks/tasks").glob("*.py")} - {"__init__"}
    assert set(FIRST_CELL.findall(section("docs/benchmarks.md", "Tasks"))) == tasks


@pytest.mark.parametrize(
    ("name", "line"), [(n, line) for n in NAMES for line in dict.fromkeys(commands(n))]
)
def test_commands_run(name: str, line: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Cheap commands are run; of the others the options are looked up in the help."""
    from typer.testing import CliRunner

    app = importlib.import_module("emnesy.cli.main").make_app()
    words = [os.path.expandvars(word) for word in shlex.split(line)[1:]]
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        if words[0] in CHEAP:
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 0, result.output
            return
        help_text = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200"}).output
    finally:
        os.chdir(here)
    options = [w.split("=")[0] for w in words[1:] if w.startswith("-") and not w[1:].isdigit()]
    assert [o for o in options if o not in help_text] == []
    assert [w for w in words if w.endswith(".nesy") and not (ROOT / w).exists()] == []


@pytest.mark.parametrize("name", [n for n in NAMES if "```python" in read(n)])
def test_python_blocks_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All Python blocks of a document, in order, in one namespace with what a reader would have."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    namespace = dict(vars(importlib.import_module("reader")))
    for language, body in BLOCK.findall(read(name)):
        if language == "python":
            exec(compile(body, name, "exec"), namespace)  # noqa: S102


def test_readme_program_is_the_shipped_one() -> None:
    """The README's program is `programs/mnist_addition.nesy` without its comments."""

    def statements(text: str) -> list[str]:
        lines = (line.split("%")[0] for line in text.splitlines())
        return " ".join(" ".join(lines).split()).split(". ")

    shipped = statements(read("programs/mnist_addition.nesy"))
    blocks = [body for language, body in BLOCK.findall(read("README.md")) if language == "prolog"]
    assert blocks
    assert [
        s for s in statements(blocks[0]) if s.strip(". ") not in [x.strip(". ") for x in shipped]
    ] == []


def test_python_version_is_supported() -> None:
    assert sys.version_info >= (3, 10)
