"""The TextMate grammar, for editors that highlight by it: ``grammars/nesy.tmLanguage.json``.

``tools/textmate.py`` writes the file. TextMate's rules know no context but the characters around, so word
operators are told from symbols by the operand before them, and directives by the start of their line.
"""

from __future__ import annotations

import json
from typing import Any

from emnesy.editors.tokens import CALLED, Context, Role, rules
from emnesy.language import syntax

SCOPES = {
    Role.KEYWORD: "keyword.control.nesy",
    Role.AGGREGATE: "support.function.aggregate.nesy",
    Role.WORD_OPERATOR: "keyword.operator.word.nesy",
    Role.OPERATOR: "keyword.operator.nesy",
    Role.ARROW: "keyword.operator.clause.nesy",
    Role.PUNCTUATION: "punctuation.nesy",
    Role.FUNCTOR: "entity.name.function.nesy",
    Role.SYMBOL: "constant.other.symbol.nesy",
    Role.VARIABLE: "variable.other.nesy",
    Role.FLOAT: "constant.numeric.float.nesy",
    Role.INTEGER: "constant.numeric.integer.nesy",
    Role.STRING: "string.quoted.double.nesy",
    Role.QUOTED: "constant.other.symbol.quoted.nesy",
}

_AFTER_OPERAND = r"(?<=[\w)\]'\"]\s)"
_CAPITAL = r"[\p{Lu}\p{Lt}_]\w*"
"""A variable; a class that `re` does not know."""
_NO_WORD = r"(?![^\W\d_])"


def grammar() -> dict[str, Any]:
    """The grammar as plain data."""
    directives = "|".join(syntax.DIRECTIVES)
    patterns: list[dict[str, Any]] = [
        {"name": "comment.line.percentage.nesy", "match": "%.*$"},
        {"name": "comment.block.nesy", "begin": r"/\*", "end": r"\*/"},
        {
            "match": rf"^(:-)\s*({directives})\b{CALLED}",
            "captures": {
                "1": {"name": SCOPES[Role.ARROW]},
                "2": {"name": SCOPES[Role.KEYWORD]},
            },
        },
    ]
    patterns.append({"name": SCOPES[Role.VARIABLE], "match": _CAPITAL})
    for rule in rules():
        if rule.contexts == (Context.DIRECTIVE,):
            continue
        pattern = rule.pattern
        if rule.role is Role.WORD_OPERATOR and Context.OPERATOR in rule.contexts:
            pattern = f"{_AFTER_OPERAND}{pattern}"
        elif rule.role is Role.OPERATOR:
            pattern = f"{_NO_WORD}(?:{pattern})"
        patterns.append({"name": SCOPES[rule.role], "match": pattern})
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "comment": "Made by tools/textmate.py from nesy.lark; do not edit.",
        "name": "nesy",
        "scopeName": "source.nesy",
        "fileTypes": ["nesy"],
        "patterns": patterns,
    }


def to_json() -> str:
    """The grammar file's text."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"
