"""What the language server answers to an editor's requests."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from lsprotocol import types as lsp

from emnesy.diagnostics import EmnesyError, Source
from emnesy.editors.hover import describe
from emnesy.editors.index import Index, Occurrence, Symbol
from emnesy.editors.places import Text
from emnesy.editors.server import Server
from emnesy.language import syntax
from emnesy.language.formatting import format_program
from emnesy.language.statements import AGGREGATES
from emnesy.language.terms import Str, Sym

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


def make_server(version: str) -> Server:
    """A server with all that it can do."""
    server = Server(version)
    _follow_documents(server)
    _answer_about_names(server)

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        document = server.document(params.text_document)
        if document is None:
            return []
        text, source = document.text, document.source
        edits = await server.in_worker(lambda: _formatted(source, text))
        return edits if document.text is text else []

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION)
    async def completion(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        document = server.document(params.text_document)
        if document is None:
            return []
        # Names of a moment ago will do: completion is asked for at every keystroke.
        index = document.index or await server.index(document)
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


def _follow_documents(server: Server) -> None:
    @server.feature(lsp.INITIALIZED)
    def initialized(_: lsp.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watching = workspace and workspace.did_change_watched_files
        if not (watching and watching.dynamic_registration):
            return
        programs = lsp.DidChangeWatchedFilesRegistrationOptions(
            [lsp.FileSystemWatcher("**/*.nesy")]
        )
        method = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = lsp.Registration("programs", method, programs)
        server.client_register_capability(lsp.RegistrationParams([registration]))

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.open(params.text_document)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        server.change(params)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: lsp.DidSaveTextDocumentParams) -> None:
        server.check_all()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(_: lsp.DidChangeWatchedFilesParams) -> None:
        server.check_all()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document)


def _answer_about_names(server: Server) -> None:
    async def asked(
        params: lsp.HoverParams | lsp.DefinitionParams | lsp.ReferenceParams,
    ) -> tuple[Index | None, int, Occurrence | None]:
        """The index of an open document, where the cursor is, and the name under it."""
        document = server.document(params.text_document)
        if document is None:
            return None, 0, None
        offset = document.text.offset(params.position)
        index = await server.index(document)
        return index, offset, index.at(offset)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        index, _, found = await asked(params)
        if index is None or found is None:
            return None
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, describe(index, found.symbol))
        return lsp.Hover(content, server.range(found.span))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        index, offset, found = await asked(params)
        if index is None:
            return []
        if found is None:
            return _included(server, index, offset)
        return server.locations(one.span for one in index.definitions(found.symbol))

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    async def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        index, _, found = await asked(params)
        if index is None or found is None:
            return []
        everywhere = index.by_symbol[found.symbol]
        wanted = params.context.include_declaration
        return server.locations(one.span for one in everywhere if wanted or not one.defines)

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        document = server.document(params.text_document)
        if document is None:
            return []
        index = await server.index(document)
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


def _included(server: Server, index: Index, offset: int) -> list[lsp.Location]:
    """The file that an ``include`` at an offset names."""
    for statement in index.program.statements:
        if isinstance(statement, syntax.Directive) and statement.name == "include":
            for term in statement.arguments:
                span = term.span
                if isinstance(term, (Str, Sym)) and span and span.start <= offset <= span.end:
                    name = term.value if isinstance(term, Str) else term.name
                    start = lsp.Position(0, 0)
                    path = str(Path(index.source.name).parent / name)
                    return [lsp.Location(server.uri(path), lsp.Range(start, start))]
    return []


def _formatted(source: Source, places: Text) -> list[lsp.TextEdit]:
    """The edit that formats a program: the lines from the first that changes to the last."""
    unix = Source(source.name, source.text.replace("\r\n", "\n"))
    try:
        text = format_program(unix)
    except EmnesyError:  # the diagnostics say what is wrong
        return []
    if unix.text != source.text:
        text = text.replace("\n", "\r\n")
    old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    if old == new:
        return []
    first = _same(old, new)
    last = _same(old[first:][::-1], new[first:][::-1])
    start = sum(map(len, old[:first]))
    end = len(source.text) - sum(map(len, old[len(old) - last :]))
    lines = "".join(new[first : len(new) - last])
    return [lsp.TextEdit(places.range(start, end), lines)]


def _same(old: list[str], new: list[str]) -> int:
    """How many lines are the same at the start of both."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
