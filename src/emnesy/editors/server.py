"""The language server: the front end behind the Language Server Protocol, on standard input and output.

It reads programs and the files they include, and never imports or runs what they name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer

from emnesy.diagnostics import Diagnostic, EmnesyError, Source, Span
from emnesy.editors.hover import describe
from emnesy.editors.index import Index, Occurrence, Symbol
from emnesy.language import syntax
from emnesy.language.formatting import format_program
from emnesy.language.frontend import analyse
from emnesy.language.statements import AGGREGATES
from emnesy.language.terms import Str, Sym

PAUSE = 0.2
"""Seconds without a keystroke after which a program is checked again."""

_KINDS = {
    "predicate": lsp.SymbolKind.Function,
    "constant": lsp.SymbolKind.Constant,
    "network": lsp.SymbolKind.Module,
}
_COMPLETIONS = {
    "predicate": lsp.CompletionItemKind.Function,
    "constant": lsp.CompletionItemKind.Constant,
    "network": lsp.CompletionItemKind.Module,
}
_WORDS = ("const", "observe", "type", "query", "evidence", "not", *syntax.DIRECTIVES)


@dataclass
class Open:
    """What is known about an open document."""

    version: int | None
    index: Index
    published: set[str] = field(default_factory=set)


class Server(LanguageServer):
    """One editor's programs."""

    def __init__(self, version: str) -> None:
        super().__init__("emnesy", version)
        self._open: dict[str, Open] = {}

    def index(self, uri: str) -> Index:
        """The index of an open document as it is now."""
        document = self.workspace.get_text_document(uri)
        known = self._open.get(uri)
        if known is None or known.version is None or known.version != document.version:
            index = Index.of(Source(_path(uri), document.source))
            published = known.published if known else set()
            known = self._open[uri] = Open(document.version, index, published)
        return known.index

    def check(self, uri: str) -> None:
        """Publish the diagnostics of a document, those in files that it includes too."""
        source = self.index(uri).source
        found: dict[str, list[lsp.Diagnostic]] = {uri: []}
        for diagnostic in _findings(source):
            place = diagnostic.span or Span(source, 0, 0)
            where = uri if place.source.name == source.name else _uri(place.source)
            found.setdefault(where, []).append(self._diagnostic(diagnostic, place))
        known = self._open[uri]
        for gone in known.published - found.keys():
            found[gone] = []
        known.published = {where for where, some in found.items() if some}
        for where, some in found.items():
            self._publish(where, some)

    def check_all(self) -> None:
        """Check every open document again: a file that some of them include has changed."""
        for known in self._open.values():
            known.version = None
        for uri in list(self._open):
            self.check(uri)

    def forget(self, uri: str) -> None:
        """A document was closed."""
        known = self._open.pop(uri, None)
        for where in {uri, *(known.published if known else ())}:
            self._publish(where, [])

    def occurrence(
        self, params: lsp.HoverParams | lsp.DefinitionParams | lsp.ReferenceParams
    ) -> Occurrence | None:
        """The name under the cursor."""
        document = self.workspace.get_text_document(params.text_document.uri)
        index = self.index(params.text_document.uri)
        return index.at(document.offset_at_position(params.position))

    def location(self, span: Span) -> lsp.Location:
        """A place in the protocol's terms."""
        return lsp.Location(_uri(span.source), self.range(span))

    def range(self, span: Span) -> lsp.Range:
        """A span in the protocol's units."""
        lines = [line + "\n" for line in span.source.text.split("\n")]
        places = []
        for offset in (span.start, span.end):
            line, column = span.source.position(offset)
            place = lsp.Position(line - 1, column - 1)
            places.append(self.workspace.position_codec.position_to_client_units(lines, place))
        return lsp.Range(*places)

    def _diagnostic(self, diagnostic: Diagnostic, place: Span) -> lsp.Diagnostic:
        message = diagnostic.message
        if diagnostic.help is not None:
            message += f"\nhelp: {diagnostic.help}"
        related = [
            lsp.DiagnosticRelatedInformation(self.location(label.span), label.text)
            for label in diagnostic.labels
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

    def _publish(self, uri: str, found: list[lsp.Diagnostic]) -> None:
        version = self._open[uri].version if uri in self._open else None
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, found, version=version)
        )


def make_server(version: str) -> Server:
    """A server with all that it can do."""
    server = Server(version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.check(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: lsp.DidSaveTextDocumentParams) -> None:
        server.check_all()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        await asyncio.sleep(PAUSE)
        documents = server.workspace.text_documents
        if uri in documents and documents[uri].version == params.text_document.version:
            server.check(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.forget(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        found = server.occurrence(params)
        if found is None:
            return None
        text = describe(server.index(params.text_document.uri), found.symbol)
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
        return lsp.Hover(content, server.range(found.span))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        index = server.index(params.text_document.uri)
        found = server.occurrence(params)
        if found is None:
            return _included(server, index, params)
        return [server.location(one.span) for one in index.definitions(found.symbol)]

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        found = server.occurrence(params)
        if found is None:
            return []
        everywhere = server.index(params.text_document.uri).by_symbol[found.symbol]
        wanted = params.context.include_declaration
        return [server.location(one.span) for one in everywhere if wanted or not one.defines]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        index = server.index(params.text_document.uri)
        first: dict[Symbol, Occurrence] = {}
        for one in index.occurrences:
            if one.defines and one.span.source is index.source:
                first.setdefault(one.symbol, one)
        return [
            lsp.DocumentSymbol(
                str(symbol),
                _KINDS[symbol.kind],
                server.range(one.statement.span or one.span),
                server.range(one.span),
            )
            for symbol, one in first.items()
        ]

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        source = server.index(params.text_document.uri).source
        unix = Source(source.name, source.text.replace("\r\n", "\n"))
        try:
            text = format_program(unix)
        except EmnesyError:  # the diagnostics say what is wrong
            return []
        if unix.text != source.text:
            text = text.replace("\n", "\r\n")
        if text == source.text:
            return []
        return [lsp.TextEdit(server.range(Span(source, 0, len(source.text))), text)]

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION)
    def completion(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        index = server.index(params.text_document.uri)
        items = [
            lsp.CompletionItem(s.name, kind=_COMPLETIONS[s.kind], detail=str(s))
            for s in index.by_symbol
            if index.definitions(s)
        ]
        items += [lsp.CompletionItem(w, kind=lsp.CompletionItemKind.Keyword) for w in _WORDS]
        return items + [
            lsp.CompletionItem(a, kind=lsp.CompletionItemKind.Operator, detail=f"{a}<…>")
            for a in AGGREGATES
        ]

    return server


def _included(server: Server, index: Index, params: lsp.DefinitionParams) -> list[lsp.Location]:
    """The file that an ``include`` under the cursor names."""
    document = server.workspace.get_text_document(params.text_document.uri)
    offset = document.offset_at_position(params.position)
    for statement in index.program.statements:
        if isinstance(statement, syntax.Directive) and statement.name == "include":
            for term in statement.arguments:
                span = term.span
                if isinstance(term, (Str, Sym)) and span and span.start <= offset <= span.end:
                    name = term.value if isinstance(term, Str) else term.name
                    path = Path(index.source.name).parent / name
                    start = lsp.Position(0, 0)
                    return [lsp.Location(_file_uri(path), lsp.Range(start, start))]
    return []


def _findings(source: Source) -> Iterable[Diagnostic]:
    """What ``emnesy check`` finds without grounding, which may take long."""
    try:
        return analyse(source, {}).warnings
    except EmnesyError as error:
        return error.diagnostics


def _path(uri: str) -> str:
    return uris.to_fs_path(uri) or uri


def _uri(source: Source) -> str:
    return source.name if "://" in source.name else _file_uri(Path(source.name))


def _file_uri(path: Path) -> str:
    return path.resolve().as_uri()
