"""Core rules as text: close to the language, for dumps and messages, not to be parsed again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emnesy.language.core import (
    Assign,
    Atom,
    BodyLiteral,
    Call,
    Compare,
    CoreProgram,
    Head,
    InRange,
    Match,
    Rule,
)
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, Var

_PLAIN_SYMBOL = re.compile(r"[a-z]\w*|\[\]")
_INFIX = frozenset(
    ["+", "-", "*", "/", "//", "mod", "**", "..", "/\\", "\\/", "xor", "<<", ">>", "rem"]
)


def term_text(term: Term) -> str:
    """A term as a program would write it."""
    if isinstance(term, Var):
        return term.name
    if isinstance(term, Int | Float):
        return str(term.value)
    if isinstance(term, Str):
        return '"' + term.value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(term, Sym):
        return symbol_text(term.name)
    return _compound(term)


def symbol_text(name: str) -> str:
    """A symbol or the name of a predicate, quoted where it must be."""
    if _PLAIN_SYMBOL.fullmatch(name):
        return name
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _compound(term: Compound) -> str:
    args = term.args
    if term.functor == "," and len(args) == 2:
        return f"({', '.join(term_text(item) for item in _items(term, ','))})"
    if term.functor == "[|]" and len(args) == 2:
        *items, tail = _items(term, "[|]")
        rest = "" if tail == Sym("[]") else f"|{term_text(tail)}"
        return f"[{', '.join(term_text(item) for item in items)}{rest}]"
    if term.functor in _INFIX and len(args) == 2:
        gap = "" if term.functor == ".." else " "
        return f"{_operand(args[0])}{gap}{term.functor}{gap}{_operand(args[1])}"
    if term.functor == "-" and len(args) == 1:
        return f"-{_operand(args[0])}"
    return f"{symbol_text(term.functor)}({','.join(term_text(a) for a in args)})"


def _operand(term: Term) -> str:
    nested = isinstance(term, Compound) and (term.functor in _INFIX)
    return f"({term_text(term)})" if nested else term_text(term)


def _items(term: Term, functor: str) -> Iterator[Term]:
    while isinstance(term, Compound) and term.functor == functor and len(term.args) == 2:
        yield term.args[0]
        term = term.args[1]
    yield term


def atom_text(atom: Atom) -> str:
    """``p(a,1)``."""
    name = symbol_text(atom.name)
    return f"{name}({','.join(term_text(a) for a in atom.args)})" if atom.args else name


def is_ground(term: Term | Atom) -> bool:
    """Has no variables."""
    if isinstance(term, Var):
        return False
    return all(is_ground(a) for a in term.args) if isinstance(term, Compound | Atom) else True


def literal_text(literal: BodyLiteral) -> str:
    """One body literal."""
    if isinstance(literal, (Match, Call)):
        return ("not " if literal.negated else "") + atom_text(literal.atom)
    if isinstance(literal, Compare):
        return f"{term_text(literal.left)} {literal.op} {term_text(literal.right)}"
    if isinstance(literal, Assign):
        return f"{term_text(literal.target)} is {term_text(literal.expression)}"
    if isinstance(literal, InRange):
        return f"{term_text(literal.item)} in {term_text(literal.low)}..{term_text(literal.high)}"
    raise TypeError(type(literal))


def head_text(head: Head) -> str:
    """A head with its aggregate in place."""
    if head.aggregate is None:
        return atom_text(head.atom)
    inner = [t for t in (head.aggregate.witness, head.aggregate.expression) if t is not None]
    args = [term_text(a) for a in head.atom.args]
    args[head.aggregate.position] = (
        f"{head.aggregate.name}<{', '.join(term_text(t) for t in inner)}>"
    )
    return f"{symbol_text(head.atom.name)}({','.join(args)})"


def rule_text(rule: Rule) -> str:
    """One rule with its choice."""
    choice = rule.choice
    heads = [head_text(head) for head in rule.heads]
    if choice is not None and choice.neural is not None:
        neural = choice.neural
        index = f"[{', '.join(term_text(t) for t in neural.index)}]" if neural.index else ""
        parts = [neural.network + index, ", ".join(term_text(t) for t in neural.inputs)]
        if neural.output is not None:
            parts += [neural.output.name, f"[{', '.join(term_text(t) for t in neural.domain)}]"]
        heads = [f"nn({', '.join(parts)}) :: {heads[0]}"]
    elif choice is not None:
        shown = ["_" if p is None else term_text(p) for p in choice.probabilities]
        key = "".join(f", {term_text(term)}" for term in choice.parameter_key)
        for i, learned in enumerate(choice.learned):
            shown[i] = f"t({shown[i]}{key})" if learned else shown[i]
        heads = [f"{p}::{head}" for p, head in zip(shown, heads, strict=True)]
    body = ", ".join(literal_text(item) for item in rule.body)
    head = "; ".join(heads)
    return f"{head} :- {body}." if body and head else f":- {body}." if body else f"{head}."


def core_text(core: CoreProgram) -> str:
    """The whole program, one rule a line."""
    lines = [rule_text(rule) for rule in core.rules]
    lines += [
        f"evidence({atom_text(e.atom)}{'' if e.holds else ', false'})." for e in core.evidence
    ]
    lines += [f"query({atom_text(q.atom)})." for q in core.queries]
    lines += [f"observe {signature}." for signature in core.observed]
    return "\n".join(lines)
