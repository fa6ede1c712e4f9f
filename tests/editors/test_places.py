"""Offsets and the protocol's positions, against encoding the text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from pygls.workspace import PositionCodec

from emnesy.editors.places import Text

ENCODINGS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

texts = st.lists(
    st.sampled_from(["a", "é", "𝔘", "\n", "\r\n", "\r", "\x0c", "\u2028", "\x85", "\t", "b."]),
    max_size=12,
).map("".join)


def units(text, encoding):
    name, size = ENCODINGS[encoding]
    return len(text.encode(name)) // size


@given(texts, st.sampled_from(sorted(ENCODINGS)))
@example("", "utf-16")
@example("a\r\n𝔘b\u2028c\r\n", "utf-16")
def test_every_offset_has_its_position(text, encoding):
    places = Text(text, PositionCodec(encoding))
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n" and offset:
            continue  # inside of a line end
        lines = re.split(r"\r\n|\n|\r", text[:offset])
        position = lsp.Position(len(lines) - 1, units(lines[-1], encoding))
        assert places.position(offset) == position
        assert places.offset(position) == offset


@pytest.mark.parametrize(
    ("line", "character", "offset"), [(0, 99, 2), (1, 99, 6), (2, 0, 8), (9, 9, 8), (1, 2, 6)]
)
def test_positions_beyond_a_line_are_at_its_end(line, character, offset):
    places = Text("ab\r\né𝔘\r\n", PositionCodec("utf-16"))
    assert places.offset(lsp.Position(line, character)) == offset


@given(texts, st.data())
def test_changes(text, data):
    places = Text(text, PositionCodec("utf-16"))
    ends = [i for i in range(len(text) + 1) if not (i and text[i - 1 : i + 1] == "\r\n")]
    start, end = sorted(data.draw(st.sampled_from(ends)) for _ in range(2))
    new = data.draw(texts)
    change = lsp.TextDocumentContentChangePartial(places.range(start, end), new)
    assert places.changed(change).text == text[:start] + new + text[end:]
    whole = lsp.TextDocumentContentChangeWholeDocument(new)
    assert places.changed(whole).text == new
