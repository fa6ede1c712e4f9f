"""Pygments and TextMate see the tokens that the parser sees."""

import json
import re
from importlib.metadata import EntryPoint
from itertools import pairwise
from pathlib import Path

import pytest
from pygments import highlight, unistring
from pygments.formatters import NullFormatter
from pygments.token import Comment, Error, Whitespace

from emnesy.diagnostics import ProgramError, Source
from emnesy.editors.pygments import TYPES, NesyLexer
from emnesy.editors.textmate import SCOPES, to_json
from emnesy.editors.tokens import Role
from emnesy.language import syntax
from emnesy.language.grammar import grammar_path
from emnesy.language.parser import tokens

ROOT = Path(__file__).parent.parent.parent
CORPUS = sorted([*ROOT.glob("programs/**/*.nesy"), *ROOT.glob("tests/corpus/**/*.nesy")])
GRAMMAR = grammar_path().with_name("nesy.tmLanguage.json")
ROLES = {
    "COMMENT": Role.COMMENT,
    "CONST": Role.KEYWORD,
    "OBSERVE": Role.KEYWORD,
    "TYPE": Role.KEYWORD,
    "VARIABLE": Role.VARIABLE,
    "FLOAT": Role.FLOAT,
    "INT": Role.INTEGER,
    "STRING": Role.STRING,
    "QUOTED": Role.QUOTED,
    "IF": Role.ARROW,
    "PROBABILITY": Role.ARROW,
    "ARROW": Role.ARROW,
    "MINUS": Role.OPERATOR,
    "GREATER": Role.OPERATOR,
}


def by_parser(text):
    """(offset, text, role) of each token, as the terminals and their neighbours say."""
    found = [t for t in tokens(Source("t", text)) if t.kind != "COMMENT"]
    shown = []
    for k, token in enumerate(found):
        word = text[token.start : token.end]
        first = k == 0 or found[k - 1].kind == "END"
        second = k > 0 and found[k - 1].kind == "IF" and (k == 1 or found[k - 2].kind == "END")
        called = found[k + 1].kind == "LPAR" if k + 1 < len(found) else False
        if token.kind == "AGGREGATE":
            shown.append((token.start, word[:-1], Role.AGGREGATE))
            shown.append((token.end - 1, "<", Role.OPERATOR))
            continue
        if token.kind == "NAME":
            special = (first and word in ("query", "evidence")) or word == "nn"
            special = special or (second and word in syntax.DIRECTIVES)
            role = Role.KEYWORD if special and called else Role.FUNCTOR if called else Role.SYMBOL
        elif token.kind in ("PREFIX", "INFIX"):
            role = Role.WORD_OPERATOR if word.isalpha() else Role.OPERATOR
        else:
            role = ROLES.get(token.kind, Role.PUNCTUATION)
        shown.append((token.start, word, role))
    return shown


def by_pygments(text):
    shown = []
    for offset, kind, value in NesyLexer().get_tokens_unprocessed(text):
        assert kind is not Error, (offset, value)
        if kind in Whitespace or kind in Comment:
            continue
        shown.append((offset, value, kind))
    return shown


def in_python(pattern):
    """A pattern without the classes that only Oniguruma knows."""
    return pattern.replace("\\p{Lu}", unistring.Lu).replace("\\p{Lt}", unistring.Lt)


def by_textmate(text):
    """TextMate's way: line by line, at each place the rule that matches first, the first rule of equals.

    Enough of it for grammars of `match` rules and one `begin`/`end` comment.
    """
    patterns = json.loads(GRAMMAR.read_text("utf-8"))["patterns"]
    block = next(p for p in patterns if "begin" in p)
    compiled = [(re.compile(in_python(p.get("match") or p["begin"])), p) for p in patterns]
    shown, offset, inside = [], 0, False
    for line in text.split("\n"):
        place = 0
        while place <= len(line):
            if inside:
                end = re.compile(block["end"]).search(line, place)
                if end is None:
                    break
                place, inside = end.end(), False
            hits = [
                (m.start(), k) for k, (r, _) in enumerate(compiled) if (m := r.search(line, place))
            ]
            if not hits:
                break
            start, k = min(hits)
            match, pattern = compiled[k][0].match(line, start), compiled[k][1]
            assert not line[place:start].strip(), f"no rule for {line[place:start]!r}"
            if "begin" in pattern:
                inside = True
            elif "captures" in pattern:
                for number, capture in pattern["captures"].items():
                    found = match[int(number)]
                    shown.append((offset + match.start(int(number)), found, capture["name"]))
            elif not pattern["name"].startswith("comment"):
                shown.append((offset + start, match.group(), pattern["name"]))
            place = match.end()
        offset += len(line) + 1
    return shown


def readable():
    for path in CORPUS:
        try:
            tokens(Source(path.name, path.read_text("utf-8")))
        except ProgramError:
            continue
        yield path


READABLE = list(readable())


def test_there_is_a_corpus():
    assert len(READABLE) > 100


@pytest.mark.parametrize("path", READABLE, ids=lambda p: p.stem)
def test_pygments(path):
    text = path.read_text("utf-8")
    assert by_pygments(text) == [(at, word, TYPES[role]) for at, word, role in by_parser(text)]


@pytest.mark.parametrize("path", READABLE, ids=lambda p: p.stem)
def test_textmate(path):
    text = path.read_text("utf-8")
    assert by_textmate(text) == [(at, word, SCOPES[role]) for at, word, role in by_parser(text)]


def test_the_grammar_file_is_up_to_date():
    assert GRAMMAR.read_text("utf-8") == to_json(), "run `python tools/textmate.py`"


@pytest.mark.parametrize(
    "text",
    [
        "p :- data(X), mod(X), in. q(mod, 'not', is, in).",
        "p(X) :- X is Y mod (Z - 1), 'a b'(X) ; \\+ q(X), X=<-1, not(r).",
        "type t(int, int -> 0..9).\nobserve 'a'/2.\ntype(const, observe).",
        "a <- b. query(query). x(evidence(y)). /* not\n % this */ c. % d.",
        "p(min<X - 1>, argmax<(A, B), C>) :- q(X). r(count<>).",
        "0.5::a; t(_)::b; nn(nn, x)::c.",
        "größe(Äpfel, ǅ, Ω) :- kiste(Äpfel, ǅ), Ω is 1 + 1, 中(Äpfel).",
    ],
)
def test_words_in_other_places(text):
    assert by_pygments(text) == [(at, word, TYPES[role]) for at, word, role in by_parser(text)]


def test_capitals_of_other_scripts_in_textmate():
    text = "größe(Äpfel, ǅ, Ω) :- kiste(Äpfel, ǅ), Ω is 1 + 1, 中(Äpfel)."
    assert by_textmate(text) == [(at, word, SCOPES[role]) for at, word, role in by_parser(text)]


@pytest.mark.parametrize("text", ["p(", "§ $ {", "'open\nq.", "p :- . :- ) ( ::", "", "a b c"])
def test_pygments_takes_any_text(text):
    found = list(NesyLexer().get_tokens_unprocessed(text))
    assert "".join(value for _, _, value in found) == text
    assert all(after[0] > before[0] for before, after in pairwise(found))


def test_the_package_announces_the_lexer():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    section = text.partition('[project.entry-points."pygments.lexers"]')[2]
    name, value = re.match(r'\s*(\w+) = "([^"]+)"', section).groups()
    lexer = EntryPoint(name, value, "pygments.lexers").load()
    assert lexer is NesyLexer
    assert name in lexer.aliases
    assert highlight("p.", lexer(), NullFormatter()) == "p.\n"
