"""What users get wrong at run time: the code, the place and the instance."""

from __future__ import annotations

import pytest

from emnesy.diagnostics import ProgramError

from .build import ground_text


@pytest.mark.parametrize(
    ("text", "code", "words", "place"),
    [
        (
            "d(2). d(0). p(Y) :- d(X), Y is 1 // X. query(p(_)).",
            "E0503",
            ["1 // 0", "X = 0"],
            "p(Y) :-",
        ),
        ("d(9). p(X ** 99) :- d(X). query(p(_)).", "E0502", ["9 ** 99", "X = 9"], "p(X ** 99)"),
        ("d(a). p(X + 1) :- d(X). query(p(_)).", "E0504", ["`a`", "X = a"], "p(X + 1)"),
        ("d(a). p(X) :- d(X), X < 1. query(p(_)).", "E0504", ["`a`"], "p(X) :-"),
        ("d(-1). p(Y) :- d(X), Y is sqrt(X). query(p(_)).", "E0505", ["sqrt(-1)"], "p(Y) :-"),
        ("d(1.5). P::p :- d(P). query(p).", "E0506", ["1.5", "P = 1.5"], "P::p"),
        ("d(0.7). P::p; P::q :- d(P). query(p).", "E0507", ["1.4", "P = 0.7"], "P::p; P::q"),
        ("c(0). c(N + 1) :- c(N). query(c(_)).", "E0508", ["c(", "limit is 500"], "c(N + 1)"),
        (
            "0.5::i(1). s(sum<X>) :- i(X). 0.1::a(T) :- s(T). query(a(_)).",
            "E0509",
            ["T = #0"],
            "0.1::a",
        ),
    ],
)
def test_message(text: str, code: str, words: list[str], place: str) -> None:
    with pytest.raises(ProgramError) as caught:
        ground_text(text, max_ground=500)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.span is not None
    assert diagnostic.span.text.startswith(place)
    for word in words:
        assert word in diagnostic.message


def test_impossible_queries_and_evidence_are_listed() -> None:
    program = ground_text(
        "0.5::a. b. query(a). query(nothing). evidence(nothing). evidence(b, false). evidence(gone, false)."
    )
    assert [str(q.atom.name) for q in program.impossible_queries] == ["nothing"]
    assert [(e.atom.name, e.holds) for e in program.impossible_evidence] == [
        ("nothing", True),
        ("b", False),
    ]


def test_arrays_are_read_only_views() -> None:
    native = ground_text("0.5::a. query(a).").native
    with pytest.raises(ValueError, match="read-only"):
        native.rule_head[0] = 7
    heads = native.rule_head
    del native
    assert heads.tolist() == [1]
