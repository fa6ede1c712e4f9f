"""The language server as an editor sees it: a client in another process, over standard streams."""

import asyncio
import json
import subprocess
import sys

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from emnesy.cli.main import main
from emnesy.diagnostics import Source
from emnesy.language.formatting import format_program

TEXT = """\
const n = 2.

% One digit of a number.
% expect nothing
nn(digit_net, image(I), D, 0..9) :: digit(I, D) :- I in 0..n-1.

% The digits up to a place, added.
total(0, 0).
total(I + 1, S + D) :- total(I, S), digit(I, D).
largest(max<D>) :- digit(_, D).
type largest(int).
observe total/2.
:- network(digit_net, "no.such.module:factory").
query(largest(_)).
"""


class Editor:
    """A client with one document or more."""

    def __init__(self, folder, capabilities=None):
        self.folder = folder
        self.asked = capabilities or lsp.ClientCapabilities()
        self.registered = []
        self.client = LanguageClient("test", "1")
        self.published = {}
        self.news = asyncio.Condition()

    def uri(self, name="a.nesy"):
        return (self.folder / name).resolve().as_uri()

    async def __aenter__(self):
        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def publish(params):
            async with self.news:
                self.published.setdefault(params.uri, []).append(params)
                self.news.notify_all()

        @self.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        async def register(params):
            async with self.news:
                self.registered.extend(params.registrations)
                self.news.notify_all()

        await self.client.start_io(
            sys.executable, "-c", "from emnesy.cli.main import main; main(['lsp'])"
        )
        answer = await self.client.initialize_async(
            lsp.InitializeParams(capabilities=self.asked, root_uri=None)
        )
        self.capabilities = answer.capabilities
        self.client.initialized(lsp.InitializedParams())
        return self

    async def __aexit__(self, *_):
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    def open(self, text, name="a.nesy"):
        (self.folder / name).write_text(text, encoding="utf-8")
        item = lsp.TextDocumentItem(self.uri(name), "nesy", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def edit(self, version, line, start, end, text, name="a.nesy"):
        """Replace characters of a line, as editors tell of it while one types."""
        document = lsp.VersionedTextDocumentIdentifier(version, self.uri(name))
        place = lsp.Range(lsp.Position(line, start), lsp.Position(line, end))
        change = lsp.TextDocumentContentChangePartial(place, text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def close(self, name):
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(**self.document(name)))

    def save(self, name="a.nesy"):
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(**self.document(name)))

    def change(self, version, text, name="a.nesy"):
        document = lsp.VersionedTextDocumentIdentifier(version, self.uri(name))
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [whole]))

    async def until(self, **wanted):
        """Wait until the codes of documents (``a=["E0203"]``: of ``a.nesy``) are these."""

        def codes():
            newest = {name: self.published.get(self.uri(f"{name}.nesy"), ()) for name in wanted}
            return {n: sorted(d.code for d in p[-1].diagnostics) if p else None
                    for n, p in newest.items()}  # fmt: skip

        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(lambda: codes() == wanted), 120)
            except TimeoutError:
                raise AssertionError(f"{codes()}, not {wanted}") from None

    async def diagnostics(self, name="a.nesy", count=1):
        """The newest diagnostics of a document, after `count` publications."""
        async with self.news:
            await asyncio.wait_for(
                self.news.wait_for(lambda: len(self.published.get(self.uri(name), ())) >= count), 60
            )
        return list(self.published[self.uri(name)][-1].diagnostics)

    def at(self, line, character, name="a.nesy"):
        return {
            "text_document": lsp.TextDocumentIdentifier(self.uri(name)),
            "position": lsp.Position(line, character),
        }

    def document(self, name="a.nesy"):
        return {"text_document": lsp.TextDocumentIdentifier(self.uri(name))}

    async def hover(self, line, character):
        found = await self.client.text_document_hover_async(
            lsp.HoverParams(**self.at(line, character))
        )
        return found and found.contents.value


def session(tmp_path, steps, capabilities=None):
    async def run():
        async with Editor(tmp_path, capabilities) as editor:
            await steps(editor)

    asyncio.run(asyncio.wait_for(run(), 300))


def place(location):
    start, end = location.range.start, location.range.end
    return (start.line, start.character, end.character)


def test_diagnostics_follow_the_text(tmp_path):
    async def steps(editor):
        editor.open("const n = 1.\np(X) :- q(X), r(Y).\nq(n).\n'né𝔘'(X, Z) :- q(X).\n")
        found = await editor.diagnostics()
        assert [(d.code, d.severity) for d in found] == [
            ("E0203", lsp.DiagnosticSeverity.Error),
            ("E0301", lsp.DiagnosticSeverity.Error),
        ]
        assert "help: " in found[1].message
        assert place(found[0]) == (1, 14, 18)
        assert place(found[1]) == (3, 10, 11)  # 𝔘 counts twice, in UTF-16
        editor.change(2, "p :- q(.\nr :- (a.\n")
        syntax_errors = await editor.diagnostics(count=2)
        assert [d.code for d in syntax_errors] == ["E0103", "E0103"]
        editor.change(3, "q(1).\nquery(q(_)).\n")
        assert await editor.diagnostics(count=3) == []

    session(tmp_path, steps)


def test_secondary_places_are_related_information(tmp_path):
    async def steps(editor):
        editor.open("q(1).\np :- q(1].\nquery(p).\n")
        (found,) = await editor.diagnostics()
        assert (found.code, found.source) == ("E0103", "emnesy")
        (related,) = found.related_information
        assert (place(related.location), related.location.uri) == ((1, 6, 7), editor.uri())
        assert related.message == "opened here"

    session(tmp_path, steps)


def test_warnings(tmp_path):
    async def steps(editor):
        editor.open("p(X) :- q(X, Y).\nq(1, 2).\nquery(p(_)).\n")
        (found,) = await editor.diagnostics()
        assert (found.code, found.severity) == ("W0301", lsp.DiagnosticSeverity.Warning)

    session(tmp_path, steps)


def test_nothing_is_imported(tmp_path):
    (tmp_path / "evil.py").write_text("open('ran', 'w').close()\n")

    async def steps(editor):
        editor.open(
            'nn(net, x, D, 0..1)::d(D).\n:- network(net, "evil:f").\n:- data("evil:g").\n'
            ':- foreign(gcd/3, "evil:h").\nquery(d(_)).\n'
        )
        await editor.diagnostics()
        await editor.hover(0, 21)
        await editor.hover(3, 12)

    session(tmp_path, steps)
    assert {p.name for p in tmp_path.iterdir()} == {"a.nesy", "evil.py"}


def test_hover(tmp_path):
    async def steps(editor):
        editor.open(TEXT)
        digit = await editor.hover(8, 37)
        assert digit.startswith("```nesy\ndigit(I, D)\n```")
        assert "`I` → one value of `0..9`, by the network `digit_net`" in digit
        assert "One digit of a number." in digit
        assert "expect" not in digit
        total = await editor.hover(8, 24)
        assert "1 rule, 1 fact" in total
        assert "observed" in total
        assert "The digits up to a place, added." in total
        largest = await editor.hover(13, 8)
        assert "one value, by `max`" in largest
        assert "`type largest(int).`" in largest
        assert "const n = 2." in await editor.hover(4, 59)
        assert await editor.hover(1, 0) is None

    session(tmp_path, steps)


def test_a_function_of_pythons(tmp_path):
    async def steps(editor):
        editor.open(
            '% The greatest common divisor.\n:- foreign(gcd/3, "no.such:gcd").\n'
            "p(G) :- X in 1..6, gcd(X, 6, G).\nquery(p(_)).\n"
        )
        assert await editor.diagnostics() == []
        for line, column in ((1, 12), (2, 20)):
            shown = await editor.hover(line, column)
            assert shown.startswith('```nesy\n:- foreign(gcd/3, "no.such:gcd").\n```')
            assert "computed by a function of Python's" in shown
            assert "1 use" in shown
            assert "The greatest common divisor." in shown
        (defined,) = await editor.client.text_document_definition_async(
            lsp.DefinitionParams(**editor.at(2, 20))
        )
        assert place(defined) == (1, 11, 14)

    session(tmp_path, steps)


def test_definition_and_references(tmp_path):
    async def steps(editor):
        editor.open(TEXT)
        client = editor.client
        digit = await client.text_document_definition_async(
            lsp.DefinitionParams(**editor.at(8, 36))
        )
        assert [place(one) for one in digit] == [(4, 36, 41)]
        total = await client.text_document_definition_async(
            lsp.DefinitionParams(**editor.at(11, 9))
        )
        assert [place(one) for one in total] == [(7, 0, 5), (8, 0, 5)]
        net = await client.text_document_definition_async(lsp.DefinitionParams(**editor.at(4, 5)))
        assert [place(one) for one in net] == [(12, 11, 20)]
        for declared, wanted in ((True, [7, 8, 8, 11]), (False, [8, 11])):
            found = await client.text_document_references_async(
                lsp.ReferenceParams(context=lsp.ReferenceContext(declared), **editor.at(7, 2))
            )
            assert [one.range.start.line for one in found] == wanted

    session(tmp_path, steps)


def test_included_files(tmp_path):
    (tmp_path / "base.nesy").write_text("edge(1, 2).\nbad(X) :- edge(Y, 1).\n")

    async def steps(editor):
        editor.open(':- include("base.nesy").\npath(X, Y) :- edge(X, Y).\nquery(path(1, _)).\n')
        client = editor.client
        assert await editor.diagnostics() == []
        assert [d.code for d in await editor.diagnostics("base.nesy")] == ["E0301"]
        (edge,) = await client.text_document_definition_async(
            lsp.DefinitionParams(**editor.at(1, 15))
        )
        assert (edge.uri, place(edge)) == (editor.uri("base.nesy"), (0, 0, 4))
        (file,) = await client.text_document_definition_async(
            lsp.DefinitionParams(**editor.at(0, 14))
        )
        assert file.uri == editor.uri("base.nesy")
        (tmp_path / "base.nesy").write_text("edge(1, 2).\n")
        editor.save()
        assert await editor.diagnostics("base.nesy", count=2) == []

    session(tmp_path, steps)


def test_a_buffer_that_is_included_counts_before_its_file(tmp_path):
    top = ':- include("b.nesy").\npath(X) :- edge(1, X).\nquery(path(_)).\non.\n'

    async def steps(editor):
        editor.open("edge(1, 2) :- on.\n", "b.nesy")
        await editor.until(b=["E0203"])
        editor.open(top)
        await editor.until(a=[], b=[])  # in the whole program, there is `on`
        editor.change(2, "edgy(1, 2) :- on.\n", "b.nesy")
        await editor.until(a=["E0203"], b=[])
        found = await editor.client.text_document_definition_async(
            lsp.DefinitionParams(**editor.at(1, 12))
        )
        assert found == []
        editor.change(3, "edge(1, 2) :- on.\n  edge(1, X) :- edge(_, Y).\n", "b.nesy")
        await editor.until(a=[], b=["E0301"])
        found = await editor.client.text_document_definition_async(
            lsp.DefinitionParams(**editor.at(1, 12))
        )
        assert [place(one) for one in found] == [(0, 0, 4), (1, 2, 6)]
        assert {one.uri for one in found} == {editor.uri("b.nesy")}
        editor.change(4, "edge(1, 2\n", "b.nesy")
        await editor.until(a=[], b=["E0103"])
        editor.close("b.nesy")  # without saving
        await editor.until(a=[], b=[])

    session(tmp_path, steps)


def test_files_that_include_each_other(tmp_path):
    async def steps(editor):
        for name in ("a", "b"):
            (tmp_path / f"{name}.nesy").write_text("p.\n")
        editor.open(':- include("b.nesy").\nquery(p).\n')
        editor.open(':- include("a.nesy").\np.\n', "b.nesy")
        await editor.until(a=["E0211"], b=["E0211"])
        editor.change(2, "p.\n", "b.nesy")
        await editor.until(a=[], b=[])

    session(tmp_path, steps)


def test_typing_where_names_and_lines_are_unusual(tmp_path):
    name = "ein Programm é%.nesy"

    async def steps(editor):
        text = "p('\u2028𝔘', \"\x0c\").\r\nr(X) :- q(X).\r\nquery(r(_)).\r\n"
        editor.open(text, name)
        assert [d.code for d in await editor.diagnostics(name)] == ["E0203"]
        editor.edit(2, 1, 8, 9, "p", name)
        editor.edit(3, 1, 11, 11, ", _", name)
        editor.edit(4, 1, 10, 11, "'\u2028𝔘'", name)
        editor.edit(5, 1, 2, 3, "1", name)
        assert await editor.diagnostics(name, count=2) == []
        hover = lsp.HoverParams(**editor.at(1, 9, name))
        assert "1 fact" in (await editor.client.text_document_hover_async(hover)).contents.value
        editor.edit(6, 3, 0, 0, "query(nope).", name)
        (found,) = await editor.diagnostics(name, count=3)
        assert (found.code, place(found)) == ("E0203", (3, 6, 10))

    session(tmp_path, steps)


def test_a_file_that_is_gone_and_comes_back(tmp_path):
    (tmp_path / "b.nesy").write_text("\ufeffp.\n", encoding="utf-8")

    async def steps(editor):
        editor.open(':- include("b.nesy").\nquery(p).\n')
        await editor.until(a=[])
        (tmp_path / "b.nesy").rename(tmp_path / "c.nesy")
        editor.save()
        await editor.until(a=["E0802"])
        (tmp_path / "c.nesy").rename(tmp_path / "b.nesy")
        changes = lsp.DidChangeWatchedFilesParams(
            [lsp.FileEvent(editor.uri("b.nesy"), lsp.FileChangeType.Created)]
        )
        editor.client.workspace_did_change_watched_files(changes)
        await editor.until(a=[])
        (tmp_path / "a.nesy").unlink()
        editor.edit(2, 1, 6, 7, "q")
        await editor.until(a=["E0203"])

    session(tmp_path, steps)


def test_a_document_that_was_never_saved(tmp_path):
    async def steps(editor):
        uri = "untitled:Untitled-1"
        item = lsp.TextDocumentItem(uri, "nesy", 1, "p(1).\nq :- p(1].\nquery(p(_)).\n")
        editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        async with editor.news:
            await asyncio.wait_for(editor.news.wait_for(lambda: uri in editor.published), 60)
        (found,) = editor.published[uri][-1].diagnostics
        assert found.related_information[0].location.uri == uri
        document = lsp.TextDocumentIdentifier(uri)
        (found,) = await editor.client.text_document_definition_async(
            lsp.DefinitionParams(document, lsp.Position(2, 6))
        )
        assert (found.uri, place(found)) == (uri, (0, 0, 1))

    session(tmp_path, steps)


def test_a_cancelled_request_and_requests_about_closed_documents(tmp_path):
    async def steps(editor):
        editor.open(TEXT + "p(1).\n" * 3000)
        protocol = editor.client.protocol
        where = lsp.HoverParams(**editor.at(8, 37))
        request = protocol.send_request("textDocument/hover", where, msg_id="first")
        protocol.notify("$/cancelRequest", lsp.CancelParams("first"))
        assert (await editor.hover(8, 37)).startswith("```nesy\ndigit(I, D)")
        with pytest.raises(JsonRpcException, match=r"[Cc]ancel"):
            await asyncio.wrap_future(request)
        editor.close("a.nesy")
        assert await editor.hover(8, 37) is None
        symbols = lsp.DocumentSymbolParams(**editor.document())
        assert not await editor.client.text_document_document_symbol_async(symbols)
        editor.change(9, "p.")
        editor.open(TEXT)
        assert (await editor.hover(8, 37)).startswith("```nesy\ndigit(I, D)")

    session(tmp_path, steps)


def test_editors_that_watch_files_are_asked_to(tmp_path):
    capabilities = lsp.ClientCapabilities(
        workspace=lsp.WorkspaceClientCapabilities(
            did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(True)
        )
    )

    async def steps(editor):
        async with editor.news:
            await asyncio.wait_for(editor.news.wait_for(lambda: editor.registered), 60)
        (found,) = editor.registered
        assert found.method == "workspace/didChangeWatchedFiles"

    session(tmp_path, steps, capabilities)


def message(method, **more):
    body = json.dumps({"jsonrpc": "2.0", "method": method, **more}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize("polite", [True, False])
def test_the_end(tmp_path, polite):
    hello = message("initialize", id=1, params={"capabilities": {}, "processId": None})
    bye = message("shutdown", id=2) + message("exit")
    done = subprocess.run(
        [sys.executable, "-c", "from emnesy.cli.main import main; raise SystemExit(main(['lsp']))"],
        input=hello + bye if polite else hello,
        capture_output=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"capabilities"' in done.stdout


def test_symbols_and_completion_also_of_a_wrong_program(tmp_path):
    async def steps(editor):
        editor.open(TEXT + "broken :- (.\n")
        client = editor.client
        symbols = await client.text_document_document_symbol_async(
            lsp.DocumentSymbolParams(**editor.document())
        )
        assert [s.name for s in symbols] == ["n", "digit/2", "total/2", "largest/1", "digit_net"]
        assert symbols[1].range.start.line == symbols[1].selection_range.start.line == 4
        items = await client.text_document_completion_async(
            lsp.CompletionParams(**editor.at(14, 0))
        )
        assert {"digit", "total", "n", "observe", "network", "argmin"} <= {i.label for i in items}

    session(tmp_path, steps)


def test_formatting(tmp_path):
    async def steps(editor):
        text = "p:-q ,r. % é\nq."
        editor.open(text)
        options = lsp.FormattingOptions(4, True)
        request = lsp.DocumentFormattingParams(options=options, **editor.document())
        (edit,) = await editor.client.text_document_formatting_async(request)
        assert edit.new_text == format_program(Source("t", text))
        assert (edit.range.start, edit.range.end) == (lsp.Position(0, 0), lsp.Position(1, 2))
        editor.change(2, edit.new_text)
        assert not await editor.client.text_document_formatting_async(request)
        editor.change(3, "a.\np:-q.\n% 𝔘\n r.\nb.\nb.\n")
        (edit,) = await editor.client.text_document_formatting_async(request)
        assert (edit.range.start, edit.range.end) == (lsp.Position(1, 0), lsp.Position(4, 0))
        assert edit.new_text == "p :- q.\n% 𝔘\nr.\n"
        editor.change(4, "p :- (")
        assert not await editor.client.text_document_formatting_async(request)

    session(tmp_path, steps)


def test_without_the_extra_the_command_names_it(monkeypatch, capsys):
    for name in [n for n in sys.modules if n.split(".")[0] in ("pygls", "lsprotocol")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "emnesy.editors.features", raising=False)
    monkeypatch.setitem(sys.modules, "pygls", None)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    assert main(["lsp"]) == 1
    err = capsys.readouterr().err
    assert "E0840" in err
    assert "emnesy[lsp]" in err


def test_any_text_can_be_open(tmp_path):
    async def steps(editor):
        texts = ["", "p(", "'", "/*", ':- include("5.nesy").', "p(" * 3000]
        for number, text in enumerate(texts, 1):
            name = f"{number}.nesy"
            editor.open(text, name)
            await editor.diagnostics(name)
            symbols = lsp.DocumentSymbolParams(**editor.document(name))
            assert not await editor.client.text_document_document_symbol_async(symbols)

    session(tmp_path, steps)
