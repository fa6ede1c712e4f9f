"""What an editor shows about a name, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from emnesy.editors.index import Index, Symbol
from emnesy.language import syntax
from emnesy.language.printer import print_statement, print_term
from emnesy.language.terms import Term, Var


def describe(index: Index, symbol: Symbol) -> str:
    """Signature or value, what defines the symbol, and the comment above its first definition."""
    definitions = index.definitions(symbol)
    clauses = [one.statement for one in definitions]
    lines = list(_facts(index, symbol, clauses))
    code = _signature(symbol, clauses)
    comment = comment_above(clauses[0]) if clauses else ""
    parts = [f"```nesy\n{code}\n```", "\n".join(f"- {line}" for line in lines), comment]
    return "\n\n".join(part for part in parts if part)


def comment_above(statement: syntax.Statement) -> str:
    """The line comments directly above a statement, without their signs."""
    if statement.span is None:
        return ""
    lines = statement.span.source.text[: statement.span.start].split("\n")
    if lines.pop().strip():  # another statement begins the line
        return ""
    found: list[str] = []
    while lines and lines[-1].lstrip().startswith("%"):
        found.append(lines.pop().strip().lstrip("%").strip())
    return "\n".join(
        line for line in reversed(found) if not line.startswith(("expect ", "oracle "))
    )


def _signature(symbol: Symbol, clauses: list[syntax.Statement]) -> str:
    first = clauses[0] if clauses else None
    if isinstance(first, (syntax.Constant, syntax.Directive)):
        return print_statement(first)
    heads = list(_heads(symbol, clauses))
    named = [h for h, _ in heads if all(isinstance(a, (Var, syntax.Aggregate)) for a in h.args)]
    if not named and not heads:
        return str(symbol)
    head = (named or [h for h, _ in heads])[0]
    return print_statement(syntax.Clause((syntax.AnnotatedHead(head),))).rstrip(".")


def _heads(
    symbol: Symbol, clauses: list[syntax.Statement]
) -> Iterator[tuple[syntax.HeadAtom, syntax.Annotation | None]]:
    for clause in clauses:
        for alternative in clause.heads if isinstance(clause, syntax.Clause) else ():
            head = alternative.head
            if (head.name, len(head.args)) == (symbol.name, symbol.arity):
                yield head, alternative.annotation


def _facts(index: Index, symbol: Symbol, clauses: list[syntax.Statement]) -> Iterator[str]:
    uses = len(index.by_symbol.get(symbol, ())) - len(index.definitions(symbol))
    if symbol.kind == "predicate":
        for statement in index.statements:
            if isinstance(statement, syntax.TypeDeclaration) and statement.name == symbol.name:
                yield f"`{print_statement(statement)}`"
        yield from dict.fromkeys(
            line for head, note in _heads(symbol, clauses) if (line := _dependency(head, note))
        )
        own = list(dict.fromkeys(c for c in clauses if isinstance(c, syntax.Clause)))
        rules = sum(c.body is not None for c in own)
        counts = [_count(rules, "rule"), _count(len(own) - rules, "fact")]
        called = any(isinstance(c, syntax.Directive) for c in clauses)
        nothing = "computed by a function of Python's" if called else "nothing defines it"
        yield ", ".join(c for c in counts if c) or nothing
        if any(
            isinstance(s, syntax.Observe)
            and any(p.signature == (symbol.name, symbol.arity) for p in s.predicates)
            for s in index.statements
        ):
            yield "observed: training examples give its values"
    yield _count(uses, "use") or "nothing uses it"


def _dependency(head: syntax.HeadAtom, annotation: syntax.Annotation | None) -> str | None:
    """What a head says about the values of a predicate, and what they depend on."""
    aggregate = next((a for a in head.args if isinstance(a, syntax.Aggregate)), None)
    if aggregate is not None:
        group = [a for a in head.args if not isinstance(a, syntax.Aggregate)]
        return f"{_keys(group)}one value, by `{aggregate.name}`"
    if isinstance(annotation, syntax.Neural):
        keys = [a for a in head.args if a != annotation.output]
        values = "true or false"
        if annotation.domain is not None:
            values = f"one value of `{print_term(annotation.domain)}`"
        terms = [k for k in keys if not isinstance(k, syntax.Aggregate)]
        return f"{_keys(terms)}{values}, by the network `{annotation.network}`"
    if isinstance(annotation, syntax.Learned):
        return "learnable probability"
    if isinstance(annotation, syntax.Fixed):
        return "probabilistic"
    return None


def _keys(terms: list[Term]) -> str:
    return f"`{', '.join(print_term(t) for t in terms)}` → " if terms else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}" if number else ""
