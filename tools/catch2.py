"""Find Catch2's single header (version 2), or fetch it.

In order: a folder named by CATCH2_INCLUDE_DIR, the system's include folders, an earlier download,
the headers that PyPI's `comma-deps-catch2` carries, Debian's package.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bootstrap import PYTHON, ROOT, apt_install, environment, say

HEADER = "catch2/catch.hpp"
CACHE = ROOT / "build" / "catch2"
SYSTEM = ("/usr/include", "/usr/local/include", "/opt/homebrew/include")
PACKAGE = "comma-deps-catch2"


def find() -> Path | None:
    """The folder to give the compiler with ``-I``, or None where the header cannot be had."""
    named = os.environ.get("CATCH2_INCLUDE_DIR")
    for folder in [*([Path(named)] if named else []), *map(Path, SYSTEM), CACHE]:
        if (folder / HEADER).is_file():
            return folder
    if from_package_index() or (apt_install("catch2") and (Path(SYSTEM[0]) / HEADER).is_file()):
        return find()
    return None


def from_package_index() -> bool:
    """Unpack the headers of the PyPI package into the build folder.

    The wheel is pure data and says Requires-Python >= 3.12 all the same, hence the option.
    """
    say(f"fetching Catch2's header ({PACKAGE})")
    with tempfile.TemporaryDirectory() as folder:
        command = [str(PYTHON), "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        command += ["--ignore-requires-python", PACKAGE]
        done = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            return False
        with zipfile.ZipFile(wheels[0]) as wheel:
            for name in wheel.namelist():
                _, marker, rest = name.partition("install/include/")
                if marker and rest.startswith("catch2/") and rest.endswith(".hpp"):
                    target = CACHE / rest
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(wheel.read(name))
    return (CACHE / HEADER).is_file()


if __name__ == "__main__":
    include = find()
    if include is None:
        sys.exit("Catch2 (version 2) is not installed and could not be fetched")
    print(include)
