"""Rules whose ground instances are all different, so that the grounder need not compare them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emnesy.language.core import InRange, Match, Rule, Signature

UNKNOWN = -1


def scanned_atoms(rules: Sequence[Rule]) -> list[int]:
    """Per rule, how many positive atoms tell its instances apart; `UNKNOWN` where none do.

    The atoms of a body are the substitution where no two have one predicate and no variable comes from a
    range. As long as none of them is certain, and so left out, instances of one rule differ; those of two
    differ where their predicates do. Facts by chance differ in their choices.
    """
    bodies = [_positive(rule) for rule in rules]
    alike: Counter[tuple[Signature, frozenset[Signature]]] = Counter()
    for rule, body in zip(rules, bodies, strict=True):
        for head in rule.heads if body else ():
            alike[head.atom.signature, frozenset(body)] += 1
    found = []
    for rule, body in zip(rules, bodies, strict=True):
        own = [(head.atom.signature, frozenset(body)) for head in rule.heads if body]
        unique = all(alike[key] == own.count(key) for key in own)
        told = len(set(body)) == len(body) and not any(isinstance(i, InRange) for i in rule.body)
        certain = not body and (rule.choice is None or bool(rule.body))
        found.append(len(body) if unique and told and not certain else UNKNOWN)
    return found


def _positive(rule: Rule) -> list[Signature]:
    return [i.atom.signature for i in rule.body if isinstance(i, Match) and not i.negated]
