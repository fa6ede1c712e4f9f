"""Make `.venv` and install the project into it, doing only what has changed since the last time.

Runs under any Python >= 3.10 with nothing installed. Two steps, each skipped while its key (a hash
of what it depends on) is the one noted in `.venv/emnesy-setup.json`:

deps    the build backend, cmake and ninja where the machine lacks them, and the package, editable,
        with its extras and everything they need, under constraints.txt
native  the extension module alone, when only C++, the grammar or CMakeLists.txt have changed
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STATE = VENV / "emnesy-setup.json"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
CPU_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
MINIMUM_CMAKE = (3, 22)
NATIVE_FOLDERS = ("cpp/include", "cpp/src", "cpp/engines", "cpp/bindings", "grammars")
NATIVE_FILES = ("CMakeLists.txt", "pyproject.toml")


def say(message: str) -> None:
    """One line of progress, at once."""
    print(f"-- {message}", flush=True)


def environment() -> dict[str, str]:
    """The environment of every command: `.venv` first on the path, no other virtual environment."""
    other = {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    env = {name: value for name, value in os.environ.items() if name not in other}
    env["PATH"] = f"{BIN}{os.pathsep}{env.get('PATH', os.defpath)}"
    env.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return env


def pip(*arguments: str, check: bool = True) -> bool:
    """Run pip of the virtual environment; quiet unless somebody watches."""
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    command = [str(PYTHON), "-m", "pip", "install", *quiet, *arguments]
    done = subprocess.run(command, env=environment(), cwd=ROOT, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise SystemExit(f"setup: this failed, its message is above:\n  {' '.join(command)}")
    return done.returncode == 0


def digest(paths: Iterable[Path], *extra: str) -> str:
    """A hash of the files' names and contents, and of `extra`."""
    total = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(paths):
        total.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def native_sources() -> list[Path]:
    """Every file that the extension module and the installed grammar are made of."""
    found = [ROOT / name for name in NATIVE_FILES]
    for folder in NATIVE_FOLDERS:
        found.extend(p for p in (ROOT / folder).rglob("*") if p.is_file())
    return found


def usable_venv() -> bool:
    """Whether `.venv` has a Python that runs (it does not after the base Python was removed)."""
    if not PYTHON.exists():
        return False
    probe = [str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 10))"]
    return subprocess.run(probe, capture_output=True, env=environment()).returncode == 0


def make_venv() -> None:
    """Create `.venv`, on Debian with the package that it takes there."""
    say(f"creating .venv with Python {platform.python_version()}")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, capture_output=True).returncode == 0:
        return
    packages = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not apt_install(packages) or subprocess.run(command).returncode != 0:
        raise SystemExit(
            "setup: this Python cannot make virtual environments; "
            f"on Debian and Ubuntu: apt-get install {packages}"
        )


def apt_install(*packages: str) -> bool:
    """Install Debian packages where that can be done without asking anybody."""
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    say(f"apt-get install {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": env, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if subprocess.run(install, **quiet, stderr=subprocess.DEVNULL).returncode == 0:  # type: ignore[call-overload]
        return True
    subprocess.run(["apt-get", "update"], **quiet)  # type: ignore[call-overload]
    return subprocess.run(install, **quiet).returncode == 0  # type: ignore[call-overload, no-any-return]


def check_compiler() -> None:
    """Stop early, and say what is missing, on a machine without a C++17 compiler."""
    candidates = [os.environ["CXX"]] if os.environ.get("CXX") else ["c++", "g++", "clang++"]
    for name in candidates:
        command = [*name.split(), "-std=c++17", "-fsyntax-only", "-x", "c++", "-"]
        source = "#include <string_view>\nint main() { return 0; }\n"
        try:
            done = subprocess.run(command, input=source, text=True, capture_output=True)
        except OSError:
            continue
        if done.returncode == 0:
            return
    raise SystemExit(
        f"setup: no C++17 compiler found (tried {', '.join(candidates)}); on Debian and Ubuntu: "
        "apt-get install g++; on macOS: xcode-select --install"
    )


def cmake_is_recent() -> bool:
    """Whether the cmake that the build would find is new enough."""
    found = shutil.which("cmake", path=environment()["PATH"])
    if found is None:
        return False
    output = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    match = re.search(r"(\d+)\.(\d+)", output)
    return match is not None and tuple(map(int, match.groups())) >= MINIMUM_CMAKE


def build_requirements() -> list[str]:
    """What pyproject.toml's build needs, and what the machine lacks beside it."""
    try:
        import tomllib  # type: ignore[import-not-found, unused-ignore]
    except ModuleNotFoundError:  # Python 3.10
        from pip._vendor import tomli as tomllib  # type: ignore[no-redef, unused-ignore]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = list(project["build-system"]["requires"])
    if not cmake_is_recent():
        needed.append(f"cmake>={'.'.join(map(str, MINIMUM_CMAKE))}")
    if shutil.which("ninja", path=environment()["PATH"]) is None:
        needed.append("ninja>=1.11")
    return needed


def install_torch() -> None:
    """Install the CPU build of PyTorch, where one is offered, ahead of all that asks for torch.

    PyPI's Linux wheels bring gigabytes of CUDA libraries of no use to this project. In order:
    a local wheel (PIP_FIND_LINKS), PyTorch's own index of CPU builds, otherwise whatever pip finds.
    """
    if subprocess.run([str(PYTHON), "-c", "import torch"], capture_output=True).returncode == 0:
        return
    pin = re.search(r"^torch==\S+", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pin is not None, "constraints.txt pins torch"
    say(f"installing {pin[0]} (the largest download, once)")
    if platform.system() != "Linux":
        return  # elsewhere PyPI's wheels are CPU builds
    if pip("--no-index", "--no-deps", f"{pin[0]}+cpu", check=False):
        return
    impatient = ["--retries", "0", "--timeout", "15"]
    pip(*impatient, "--no-deps", "--index-url", CPU_TORCH_INDEX, pin[0], check=False)


def install(extras: Sequence[str]) -> None:
    """Bring `.venv` up to date."""
    if not usable_venv():
        make_venv()
    state = json.loads(STATE.read_text()) if STATE.exists() else {}
    python_files = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    keys = {
        "deps": digest(python_files, ",".join(extras), platform.machine()),
        "native": digest(native_sources(), *(os.environ.get(n, "") for n in ("CXX", "CXXFLAGS"))),
    }
    if state == keys:
        return
    check_compiler()
    editable = ["--no-build-isolation", "-c", "constraints.txt"]
    if state.get("deps") != keys["deps"]:
        STATE.unlink(missing_ok=True)
        say("installing what the build needs")
        pip("-c", "constraints.txt", *build_requirements())
        install_torch()
        say("building emnesy and installing it with all that it needs")
        pip(*editable, "-e", f".[{','.join(extras)}]")
    else:
        say("rebuilding the native part of emnesy")
        pip(*editable, "--no-deps", "-e", ".")
    STATE.write_text(json.dumps(keys))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--extras", default="dev", help="extras of the package, comma-separated")
    install(parser.parse_args().extras.split(","))


if __name__ == "__main__":
    main()
