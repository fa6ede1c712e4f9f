"""The documents that an editor has open; included files are read from them before the disk."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pygls import uris

from emnesy.diagnostics import Diagnostic, EmnesyError, Source
from emnesy.editors.index import Index
from emnesy.editors.places import Text
from emnesy.language.files import Read, read_text
from emnesy.language.frontend import analyse


class Document:
    """An open document, saved or not."""

    def __init__(self, uri: str, text: Text, version: int) -> None:
        self.uri = uri
        self.version = version
        self.index: Index | None = None
        """The newest that there is, if of an earlier text."""
        self.indexing: Future[Index] | None = None
        """Of the text as it is now."""
        self.checked = Checked()
        self._text = text

    @property
    def text(self) -> Text:
        """As it is in the editor."""
        return self._text

    @text.setter
    def text(self, text: Text) -> None:
        self._text = text
        self.forget()

    def forget(self) -> None:
        """What is known about the text holds no longer: it or a file that it includes has changed."""
        if self.indexing is not None:
            self.indexing.cancel()  # unless it runs already
        self.indexing = None
        self.__dict__.pop("source", None)

    @cached_property
    def source(self) -> Source:
        """The program."""
        return Source(self.name, self._text.text)

    @cached_property
    def name(self) -> str:
        """The file's path; of a document that was never saved, its URI."""
        return path_of(self.uri) or self.uri

    @cached_property
    def file(self) -> Path | None:
        """Where it is on disk, all links followed, if it has a place there."""
        path = path_of(self.uri)
        return resolved(path) if path else None


@dataclass(frozen=True)
class Checked:
    """What checking a document has found."""

    findings: tuple[Diagnostic, ...] = ()
    files: frozenset[Path] = field(default_factory=frozenset)
    """Included files, also those that could not be read."""


def check(source: Source, buffers: Mapping[Path, str]) -> Checked:
    """What ``emnesy check`` finds without grounding, which may take long."""
    files: set[Path] = set()
    read = reader(buffers)

    def watched(path: Path) -> str:
        files.add(path)
        return read(path)

    try:
        findings = analyse(source, {}, watched).warnings
    except EmnesyError as error:
        findings = error.diagnostics
    return Checked(findings, frozenset(files))


def reader(buffers: Mapping[Path, str]) -> Read:
    """Reads the texts of open documents, and other files from disk."""
    return lambda path: buffers[path] if path in buffers else read_text(path)


def path_of(uri: str) -> str | None:
    """The path that a URI of a file names."""
    return uris.to_fs_path(uri) if uri.startswith("file:") else None


def resolved(path: str) -> Path | None:
    """A path with all links followed, None where they go in circles."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
