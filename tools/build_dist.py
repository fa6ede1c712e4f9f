"""Build the source distribution, from it the wheel; check what is in the wheel and that it runs.

The wheel is installed alone into an empty virtual environment that finds dependencies in `.venv`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bootstrap import PYTHON, ROOT, environment, say

DIST = ROOT / "dist"
SDIST = f"from scikit_build_core.build import build_sdist; print(build_sdist({str(DIST)!r}))"


def run(*command: str, cwd: Path = ROOT) -> str:
    """Run a command and return its output; stop with that output where it fails."""
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def expected() -> set[str]:
    """What the wheel must hold: every module and data file of the package, and the grammars."""
    source = ROOT / "src" / "emnesy"
    files = {f"emnesy/{p.relative_to(source).as_posix()}" for p in source.rglob("*") if p.is_file()}
    files |= {f"emnesy/grammars/{p.name}" for p in (ROOT / "grammars").glob("*.lark")}
    return {f for f in files if "__pycache__" not in f and not f.endswith((".so", ".pyd"))}


def check(wheel: Path) -> None:
    """Stop where something is missing from the wheel, or does not belong there."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    missing = sorted(expected() - names)
    if not any(n.startswith("emnesy/_core.") and n.endswith((".so", ".pyd")) for n in names):
        missing.append("emnesy/_core (the extension module)")
    if not any(n.endswith("/LICENSE") for n in names):
        missing.append("LICENSE")
    if missing:
        raise SystemExit(f"{wheel.name} lacks: {', '.join(missing)}")
    strange = sorted(n for n in names if not n.startswith("emnesy"))
    if strange:
        raise SystemExit(f"{wheel.name} should not hold: {', '.join(strange)}")


def try_out(wheel: Path) -> None:
    """Run the installed command, away from the repository."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
        python = folder / "venv" / PYTHON.parent.name / PYTHON.name
        purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
        dependencies = run(str(PYTHON), "-c", purelib).strip()
        target = Path(run(str(python), "-c", purelib).strip())
        run(str(PYTHON), "-m", "pip", "install", "--no-deps", "--target", str(target), str(wheel))
        (target / "dependencies.pth").write_text(dependencies + "\n")
        (folder / "coin.nesy").write_text("0.25::coin.\nquery(coin).\n")
        where = run(str(python), "-c", "import emnesy; print(emnesy.__file__)", cwd=folder).strip()
        if str(folder) not in where:
            raise SystemExit(f"the wheel was to be tried, but {where} was imported")
        code = "import sys; from emnesy.cli.main import main; sys.exit(main())"
        answer = run(str(python), "-c", code, "query", "--json", "coin.nesy", cwd=folder)
        if "0.25" not in answer:
            raise SystemExit(f"the installed package answered {answer!r}")


def main() -> None:
    """Entry point."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    say("building the source distribution")
    sdist = DIST / run(str(PYTHON), "-c", SDIST).strip().splitlines()[-1]
    say("building the wheel from it")
    pip = [str(PYTHON), "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run(*pip, "--wheel-dir", str(DIST), str(sdist))
    (wheel,) = DIST.glob("*.whl")
    check(wheel)
    try_out(wheel)
    for path in (sdist, wheel):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
