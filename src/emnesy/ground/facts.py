"""Facts: rules without bodies. Programs have them by the thousand, so they are planned together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from emnesy.ground.assembler import Layout
from emnesy.ground.code import CHOICE_KINDS, NO_CHOICE, Opcode
from emnesy.ground.terms import is_constant
from emnesy.language.core import Head, Rule, Signature
from emnesy.language.terms import Float, Int, Sym

UNKNOWN_PROBABILITY = Sym("_")


@dataclass
class FactTable:
    """The facts of one predicate, all with a choice or all without: indices of rules, and their heads."""

    signature: Signature
    rules: list[int]
    heads: int = 0


def divide(rules: Sequence[Rule]) -> tuple[list[int], list[FactTable]]:
    """The structure of a program, and its facts by predicate.

    A fact has no body, no aggregate, no network, and heads of one predicate. The structure is the indices of
    all other rules and of each table's first fact, which to dependencies and strata is like the rest.
    """
    certain: dict[tuple[str, int], FactTable] = {}
    chancy: dict[tuple[str, int], FactTable] = {}
    structure: list[int] = []
    for index, rule in enumerate(rules):
        heads, choice = rule.heads, rule.choice
        if rule.body or not heads or (choice is not None and choice.kind == "neural"):
            structure.append(index)
            continue
        first = heads[0]
        if first.aggregate is not None or (len(heads) > 1 and not _alike(heads)):
            structure.append(index)
            continue
        tables = certain if choice is None else chancy
        key = (first.atom.name, len(first.atom.args))
        table = tables.get(key)
        if table is None:
            table = tables[key] = FactTable(first.atom.signature, [])
            structure.append(index)
        table.rules.append(index)
        table.heads += len(heads)
    return structure, [*certain.values(), *chancy.values()]


def _alike(heads: Sequence[Head]) -> bool:
    signature = heads[0].atom.signature
    return all(h.atom.signature == signature and h.aggregate is None for h in heads)


def write_facts(
    code: list[int],
    rules: Sequence[Rule],
    indices: Iterator[int],
    layout: Layout,
) -> int | None:
    """Appends the facts `indices` of `rules` to the code of a plan.

    Stops at the first one that something is to be found out about while grounding, such as arithmetic, and
    returns it.
    """
    intern = layout.intern
    integers, floats = intern.integers, intern.floats
    predicates: dict[Any, int] = layout.predicates
    rule_word, choice_word, head_word = int(Opcode.RULE), int(Opcode.CHOICE), int(Opcode.HEAD)
    for index in indices:
        rule = rules[index]
        begin = len(code)
        choice = rule.choice
        alternative = distinct = NO_CHOICE
        if choice is None:
            code += (rule_word, 3, index)
        else:
            alternative = distinct = 0  # no two facts share a choice
            count = len(choice.probabilities)
            kind = CHOICE_KINDS[choice.kind]
            code += (rule_word, 3, index, choice_word, 6 + count, kind, 0, count, count)
            for probability in choice.probabilities:
                if type(probability) is Float:
                    value = floats.get(probability.value)
                    code.append(~(intern(probability) if value is None else value))
                elif probability is None or type(probability) is Int:
                    code.append(~intern(probability or UNKNOWN_PROBABILITY))
                else:
                    del code[begin:]
                    return index
        for head in rule.heads:
            atom = head.atom
            arguments = atom.args
            arity = len(arguments)
            code += (head_word, 5 + arity, alternative, predicates[atom.name, arity], distinct)
            for term in arguments:
                value = integers.get(term.value) if type(term) is Int else None
                if value is None:
                    if not is_constant(term):
                        del code[begin:]
                        return index
                    value = intern(term)
                code.append(~value)
            alternative += 1
    return None
