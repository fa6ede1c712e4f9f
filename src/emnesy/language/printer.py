"""Syntax tree to program text, such that parsing it gives the same tree again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from emnesy.language import syntax
from emnesy.language.core import Atom
from emnesy.language.grammar import is_capital
from emnesy.language.operators import INFIX, PREFIX
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Term, Var, list_items

_PLAIN = re.compile(r"[^\W\d_A-Z]\w*")
_RESERVED = {"not", "is", "in", "mod", "rem", "xor"}
_ARGUMENT = 999
"""Greatest priority of an operator in an argument: the comma would end it."""


def print_program(program: syntax.Program) -> str:
    """The text of a program, one statement a line. Comments are not part of the tree."""
    return "".join(print_statement(statement) + "\n" for statement in program.statements)


def print_statement(statement: syntax.Statement) -> str:
    """The text of one statement, with its dot."""
    if isinstance(statement, syntax.Clause):
        heads = " ; ".join(_annotated(head) for head in statement.heads)
        return f"{heads}." if statement.body is None else f"{heads} :- {_goal(statement.body)}."
    if isinstance(statement, syntax.Constraint):
        return f":- {_goal(statement.body)}."
    if isinstance(statement, syntax.Constant):
        return f"const {_symbol(statement.name)} = {print_term(statement.value)}."
    if isinstance(statement, syntax.EvidenceStatement):
        holds = "" if statement.holds else ", false"
        return f"evidence({_atom(statement.atom)}{holds})."
    if isinstance(statement, syntax.QueryStatement):
        return f"query({_atom(statement.atom)})."
    if isinstance(statement, syntax.Observe):
        names = (f"{_symbol(p.signature.name)}/{p.signature.arity}" for p in statement.predicates)
        return f"observe {', '.join(names)}."
    if isinstance(statement, syntax.TypeDeclaration):
        return f"type {_type(statement)}."
    return f":- {_directive(statement)}."


def print_term(term: Term, priority: int = 1200) -> str:
    """The text of a term that may stand where operators up to `priority` may."""
    if isinstance(term, Var):
        return term.name.partition("#")[0]
    if isinstance(term, Int):
        return str(term.value)
    if isinstance(term, Float):
        return _float(term.value)
    if isinstance(term, Str):
        return _quoted(term.value, '"')
    if isinstance(term, Sym):
        return "[]" if term.name == "[]" else _symbol(term.name)
    return _compound(term, priority)


def _compound(term: Compound, priority: int) -> str:
    name, args = term.functor, term.args
    if name == "[|]" and len(args) == 2:
        return _list(term)
    if name == "," and len(args) == 2:
        parts = [args[0]]
        rest: Term = args[1]
        while isinstance(rest, Compound) and rest.functor == "," and len(rest.args) == 2:
            parts.append(rest.args[0])
            rest = rest.args[1]
        return f"({_terms([*parts, rest])})"
    if len(args) == 2 and name in INFIX:
        infix = INFIX[name]
        spaced = name if name == ".." else f" {name} "
        left = print_term(args[0], infix.left)
        if name in ("**", "^") and left.startswith("-") and isinstance(args[0], (Int, Float)):
            left = f"({left})"  # the power binds tighter than the sign
        text = f"{left}{spaced}{print_term(args[1], infix.right)}"
        return text if infix.priority <= priority else f"({text})"
    if len(args) == 1 and name in PREFIX:
        inner = print_term(args[0], PREFIX[name])
        apart = isinstance(args[0], (Int, Float)) or inner[0] in "+-\\" or name == "\\+"
        text = f"{name}{' ' if apart else ''}{inner}"
        return text if PREFIX[name] <= priority else f"({text})"
    return f"{_symbol(name)}({_terms(args)})"


def _list(term: Compound) -> str:
    items: list[Term] = []
    rest: Term = term
    while isinstance(rest, Compound) and rest.functor == "[|]" and len(rest.args) == 2:
        items.append(rest.args[0])
        rest = rest.args[1]
    tail = "" if rest == Sym("[]") else f" | {print_term(rest, _ARGUMENT)}"
    return f"[{_terms(items)}{tail}]"


def _terms(terms: Iterable[Term]) -> str:
    return ", ".join(print_term(term, _ARGUMENT) for term in terms)


def _atom(atom: Atom) -> str:
    return f"{_symbol(atom.name)}({_terms(atom.args)})" if atom.args else _symbol(atom.name)


def _annotated(alternative: syntax.AnnotatedHead) -> str:
    head = alternative.head
    arguments = ", ".join(
        f"{a.name}<{', '.join(print_term(t, 600) for t in a.args)}>"
        if isinstance(a, syntax.Aggregate)
        else print_term(a, _ARGUMENT)
        for a in head.args
    )
    text = f"{_symbol(head.name)}({arguments})" if head.args else _symbol(head.name)
    if alternative.annotation is None:
        return text
    return f"{_annotation(alternative.annotation)}::{text}"


def _annotation(annotation: syntax.Annotation) -> str:
    if isinstance(annotation, syntax.Fixed):
        return print_term(annotation.probability)
    if isinstance(annotation, syntax.Learned):
        initial = annotation.initial
        value = "_" if initial is None else print_term(initial, _ARGUMENT)
        return f"t({', '.join([value, *(print_term(term, _ARGUMENT) for term in annotation.key)])})"
    index = f"[{_terms(annotation.index)}]" if annotation.index else ""
    inputs = annotation.inputs
    one = len(inputs) == 1 and list_items(inputs[0]) is None
    shown = print_term(inputs[0], _ARGUMENT) if one else f"[{_terms(inputs)}]"
    rest = ""
    if annotation.output is not None and annotation.domain is not None:
        rest = f", {_terms([annotation.output, annotation.domain])}"
    return f"nn({_symbol(annotation.network)}{index}, {shown}{rest})"


def _goal(goal: syntax.Goal) -> str:
    if isinstance(goal, syntax.Literal):
        return _atom(goal.atom)
    if isinstance(goal, syntax.Comparison):
        return print_term(Compound(goal.op, (goal.left, goal.right)))
    if isinstance(goal, syntax.Negation):
        inner = _goal(goal.goal)
        bare = isinstance(goal.goal, (syntax.Literal, syntax.Negation))
        return f"not {inner}" if bare else f"not ({inner})"
    if isinstance(goal, syntax.Conjunction):
        return ", ".join(
            f"({_goal(g)})" if isinstance(g, syntax.Disjunction) else _goal(g) for g in goal.goals
        )
    return " ; ".join(_goal(g) for g in goal.goals)


def _type(declaration: syntax.TypeDeclaration) -> str:
    if not declaration.keys and declaration.value is None:
        return _symbol(declaration.name)
    value = "" if declaration.value is None else f" -> {print_term(declaration.value, _ARGUMENT)}"
    return f"{_symbol(declaration.name)}({_terms(declaration.keys)}{value})"


def _directive(directive: syntax.Directive) -> str:
    parts = [_argument(argument) for argument in directive.arguments]
    parts += [f"{_symbol(k)}={print_term(v, 699)}" for k, v in directive.options.items()]
    return f"{directive.name}({', '.join(parts)})" if parts else directive.name


def _argument(term: Term) -> str:
    """An argument of a directive; a predicate is written ``name/arity``."""
    if isinstance(term, Compound) and term.functor == "/" and isinstance(term.args[0], Sym):
        return f"{print_term(term.args[0])}/{print_term(term.args[1], _ARGUMENT)}"
    return print_term(term, _ARGUMENT)


def _float(value: float) -> str:
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return text


def _symbol(name: str) -> str:
    plain = _PLAIN.fullmatch(name) and name not in _RESERVED and not is_capital(name[0])
    return name if plain else _quoted(name, "'")


def _quoted(text: str, quote: str) -> str:
    escapes = {
        "\\": "\\\\",
        quote: f"\\{quote}",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\0": "\\0",
    }
    return quote + "".join(escapes.get(c, c) for c in text) + quote
