"""The language server: the front end behind the Language Server Protocol, on standard input and output.

It reads programs and the files they include, and never imports or runs what they name. Programs are read and
checked in another thread, so that an editor waits for no check.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.workspace import PositionCodec

from emnesy.diagnostics import Diagnostic, Source, Span
from emnesy.editors.documents import Document, check, reader, resolved
from emnesy.editors.index import Index
from emnesy.editors.places import Text

PAUSE = 0.2
"""Seconds without a keystroke after which a program is checked again."""

T = TypeVar("T")


class Protocol(LanguageServerProtocol):
    """pygls's own, which leaves the texts of documents to `Server`."""

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: lsp.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Only calls the server's handler: pygls would cut lines in its own way."""
        yield self.fm.features[lsp.TEXT_DOCUMENT_DID_CHANGE], (params,), None


class Server(LanguageServer):
    """One editor's programs."""

    def __init__(self, version: str) -> None:
        super().__init__("emnesy", version, protocol_cls=Protocol)
        self._documents: dict[str, Document] = {}
        self._published: dict[str, list[lsp.Diagnostic]] = {}
        self._queue: dict[str, None] = {}
        self._checking: asyncio.Task[None] | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emnesy")

    # --- documents ----------------------------------------------------------------------------

    def document(
        self, identifier: lsp.TextDocumentIdentifier | lsp.VersionedTextDocumentIdentifier
    ) -> Document | None:
        """An open document as it is now."""
        return self._documents.get(identifier.uri)

    def open(self, item: lsp.TextDocumentItem) -> None:
        """A document was opened: from now on, its text is the editor's."""
        text = Text(item.text, self.workspace.position_codec)
        document = self._documents[item.uri] = Document(item.uri, text, item.version)
        self.check_soon([document, *self._including(document)])

    def change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """A document's text has changed; it is checked after a pause."""
        document = self.document(params.text_document)
        if document is None:
            return
        text = document.text
        for change in params.content_changes:
            text = text.changed(change)
        document.text = text
        document.version = params.text_document.version
        for other in self._including(document):
            other.forget()
        asyncio.get_running_loop().call_later(PAUSE, self._paused, document, document.version)

    def close(self, identifier: lsp.TextDocumentIdentifier) -> None:
        """A document was closed: from now on, its text is that on disk."""
        document = self._documents.pop(identifier.uri, None)
        if document is not None:
            self._publish()
            self.check_soon(self._including(document))

    def check_all(self) -> None:
        """Check every open document again: files on disk have changed."""
        self.check_soon(self._documents.values())

    async def index(self, document: Document) -> Index:
        """The index of a document as it is now. If the text changes before there is one: of the new text."""
        while True:
            indexing = document.indexing
            if indexing is None:
                source, read = document.source, reader(self._buffers())
                indexing = self._worker.submit(lambda s=source, r=read: Index.of(s, r).prepared())  # type: ignore[misc]
                document.indexing = indexing
            # A request that is cancelled does not cancel the index that others wait for.
            await asyncio.wait([asyncio.wrap_future(indexing)])
            if not indexing.cancelled():
                document.index = indexing.result()
                return document.index

    # --- places -------------------------------------------------------------------------------

    def uri(self, path: str) -> str:
        """The URI of a file, or of a document that was never saved: the editor's own, where it is open."""
        for document in self._documents.values():
            if document.name == path:
                return document.uri
        file = resolved(path)
        for document in self._documents.values():
            if file is not None and document.file == file:
                return document.uri
        if ":" in path.split("/")[0]:
            return path
        through_links = Path(path).absolute()  # as the user knows the file, if that is clear
        return (file if file and ".." in through_links.parts else through_links).as_uri()

    def range(self, span: Span) -> lsp.Range:
        """A span in the protocol's units."""
        return _text(span.source, self.workspace.position_codec).range(span.start, span.end)

    def locations(self, spans: Iterable[Span]) -> list[lsp.Location]:
        """Places in the protocol's terms."""
        places = list(spans)
        uris = {name: self.uri(name) for name in {span.source.name for span in places}}
        return [lsp.Location(uris[span.source.name], self.range(span)) for span in places]

    # --- checks -------------------------------------------------------------------------------

    def check_soon(self, documents: Iterable[Document]) -> None:
        """Check these documents, one after the other."""
        for document in documents:
            document.forget()
            self._queue[document.uri] = None
        if self._queue and (self._checking is None or self._checking.done()):
            self._checking = asyncio.ensure_future(self._check_queued())

    def _paused(self, document: Document, version: int) -> None:
        if self._documents.get(document.uri) is document and document.version == version:
            self.check_soon([document, *self._including(document)])

    async def _check_queued(self) -> None:
        while self._queue:
            uri = next(iter(self._queue))
            del self._queue[uri]
            document = self._documents.get(uri)
            if document is None:
                continue
            source, buffers = document.source, self._buffers()
            checked = await self.in_worker(lambda s=source, b=buffers: check(s, b))  # type: ignore[misc]
            if self._documents.get(uri) is document and document.text.text == source.text:
                document.checked = checked
                self._publish(document)

    async def in_worker(self, work: Callable[[], T]) -> T:
        """The result of `work`, done where the editor's messages do not wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    def _buffers(self) -> dict[Path, str]:
        """The texts of all open documents that have a place on disk."""
        documents = self._documents.values()
        return {document.file: document.text.text for document in documents if document.file}

    def _including(self, document: Document) -> list[Document]:
        """The other open documents that include a document, at their last checks."""
        others = (other for other in self._documents.values() if other is not document)
        return [other for other in others if document.file in other.checked.files]

    def _is_part(self, document: Document) -> bool:
        """Whether others include it. Of files that include each other, none is a part."""
        files = document.checked.files
        return any(other.file not in files for other in self._including(document))

    def _publish(self, checked: Document | None = None) -> None:
        """Publish the diagnostics that have changed, and those of a document that was `checked`."""
        found: dict[str, list[lsp.Diagnostic]] = {}
        uris: dict[str, str] = {}
        seen = set()
        for document in self._documents.values():
            if self._is_part(document):  # it is judged with the whole
                continue
            for diagnostic in document.checked.findings:
                span = diagnostic.span or Span(document.source, 0, 0)
                name = span.source.name
                uri = uris.get(name) or uris.setdefault(name, self.uri(name))
                what = (uri, span.start, span.end, diagnostic.code, diagnostic.message)
                if what not in seen:
                    seen.add(what)
                    found.setdefault(uri, []).append(self._diagnostic(diagnostic, span))
        for uri in dict.fromkeys((*self._published, *found)):
            if found.get(uri) != self._published.get(uri) or (checked and checked.uri == uri):
                self._publish_one(uri, found.get(uri, []))
        if checked and checked.uri not in found and checked.uri not in self._published:
            self._publish_one(checked.uri, [])
        self._published = found

    def _publish_one(self, uri: str, found: list[lsp.Diagnostic]) -> None:
        document = self._documents.get(uri)
        version = document.version if document else None
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, found, version=version)
        )

    def _diagnostic(self, diagnostic: Diagnostic, place: Span) -> lsp.Diagnostic:
        message = diagnostic.message
        if diagnostic.help is not None:
            message += f"\nhelp: {diagnostic.help}"
        labels = diagnostic.labels
        related = [
            lsp.DiagnosticRelatedInformation(location, label.text)
            for label, location in zip(labels, self.locations(x.span for x in labels), strict=True)
        ]
        error = diagnostic.severity == "error"
        return lsp.Diagnostic(
            self.range(place),
            message,
            severity=lsp.DiagnosticSeverity.Error if error else lsp.DiagnosticSeverity.Warning,
            code=diagnostic.code,
            source="emnesy",
            related_information=related or None,
        )


@lru_cache(maxsize=32)
def _text(source: Source, codec: PositionCodec) -> Text:
    return Text(source.text, codec)
