"""Program files that are read, rewritten and put back: byte order mark, line ends and mode as they were."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emnesy.diagnostics import Diagnostic, ProgramError, Source
from emnesy.language.files import read_source

_SKIPPED = {"build", "dist", "node_modules", "venv"}
_MARK = "\ufeff"


@dataclass(frozen=True)
class File:
    """A program file's text with ``\\n`` as its line ends, and what is needed to write it back."""

    path: Path
    text: str
    mark: bool
    line_end: str

    @property
    def source(self) -> Source:
        """The text, under the file's name."""
        return Source(str(self.path), self.text)

    def encoded(self, text: str) -> bytes:
        """`text` as the file's bytes."""
        return ((_MARK if self.mark else "") + text.replace("\n", self.line_end)).encode()

    def write(self, text: str) -> None:
        """Replace the file: all of it or nothing. A link stays a link to the file that is replaced."""
        target = self.path.resolve()
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(self.encoded(text))
            shutil.copymode(target, name)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def read_file(path: Path) -> File:
    """A program file.

    Raises:
        ProgramError: it is missing, unreadable or not UTF-8.
    """
    try:
        text = path.read_bytes().decode()
    except (OSError, ValueError):
        read_source(path)  # says what is wrong
        raise
    mark = text.startswith(_MARK)
    line_end = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    return File(path, text[mark:].replace("\r\n", "\n"), mark, line_end)


def program_files(names: Iterable[Path]) -> Iterator[Path]:
    """The files that `names` stand for: of a folder, every ``.nesy`` file in it, hidden folders left out.

    Raises:
        ProgramError: there is no such file or folder.
    """
    seen: set[Path] = set()
    for name in names:
        if name.is_dir():
            found = sorted(p for p in name.rglob("*.nesy") if _is_wanted(p.relative_to(name)))
        elif name.exists():
            found = [name]
        else:
            read_source(name)  # raises, with a suggestion
            raise ProgramError(Diagnostic("E0801", f"there is no file `{name}`"))
        for path in found:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def _is_wanted(path: Path) -> bool:
    folders = path.parts[:-1]
    return not any(part.startswith(".") or part in _SKIPPED for part in folders)
