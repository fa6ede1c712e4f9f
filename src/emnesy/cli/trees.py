"""Explanations as trees on the terminal."""

from __future__ import annotations

import io
import sys
from pathlib import PurePath

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from emnesy.explanation.failure import Attempt, Failure
from emnesy.explanation.why import Finding, Reason

_UNLIMITED = 10_000  # columns
_MOST = 4  # heads named where none fits

NOTES = {
    "": "",
    "fact": "a fact",
    "never": "nothing derives it",
    "excluded": "",
    "above": "see above",
    "cycle": "a cycle: it rests on itself",
    "deeper": "…",
}


def print_tree(tree: Tree) -> None:
    """Write a tree to the standard output: in colour and wrapped where it is a terminal, else whole lines."""
    width = None if sys.stdout.isatty() else _UNLIMITED
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # atoms may have letters the locale has not
    Console(file=sys.stdout, highlight=False, width=width).print(tree)


def finding_tree(finding: Finding) -> Tree:
    """The rule instances behind an atom."""
    tree = Tree(finding_label(finding), guide_style="dim")
    _add_reasons(tree, finding)
    return tree


def failure_tree(failure: Failure) -> Tree:
    """What keeps rules from deriving an atom."""
    tree = Tree(_failed(failure), guide_style="dim")
    _add_attempts(tree, failure)
    return tree


def probability_text(probability: float | None) -> str:
    """Six figures, as `query` prints."""
    return "" if probability is None else f"{probability:.6g}"


def finding_label(finding: Finding) -> Text:
    """An atom with its probability, and its rule where that needs nothing."""
    text = Text()
    if finding.negated:
        text.append("not ", "bold red")
    text.append(finding.atom, "bold")
    if finding.note not in ("fact", "never"):
        text.append(f"  {probability_text(finding.probability)}", "cyan")
    if NOTES[finding.note]:
        text.append(f"  {NOTES[finding.note]}", "dim")
    if _is_leaf(finding):
        (reason,) = finding.reasons
        rule = f"({reason.rule})" if finding.negated else reason.rule
        text.append(f"   {rule}", "magenta" if reason.is_choice else "")
        text.append(_place(reason.line, reason.source), "dim")
    return text


def _is_leaf(finding: Finding) -> bool:
    """Has a single reason, which needs nothing?"""
    return [reason.body for reason in finding.reasons] == [()] and not finding.impossible


def _add_reasons(tree: Tree, finding: Finding) -> None:
    if _is_leaf(finding):
        return
    for reason in finding.reasons:
        branch = tree.add(_reason(reason))
        for below in reason.body:
            _add_reasons(branch.add(finding_label(below)), below)
    if finding.left_out:
        tree.add(Text(f"… and {finding.left_out:,} less probable", "dim"))
    if finding.impossible:
        tree.add(Text(f"… and {finding.impossible:,} of probability 0", "dim"))


def _reason(reason: Reason) -> Text:
    text = Text(f"{probability_text(reason.probability)}  ", "cyan")
    text.append(reason.rule, "magenta" if reason.is_choice else "")
    text.append(_place(reason.line, reason.source), "dim")
    return text


def _failed(failure: Failure) -> Text:
    text = Text(failure.atom, "bold")
    text.append("  holds in no world", "red")
    if not failure.attempts:
        text.append(f": {_heads(failure)}", "dim")
    elif failure.nearest is not None:
        text.append(f"  (but {failure.nearest} may hold)", "dim")
    return text


def _heads(failure: Failure) -> str:
    if not failure.heads:
        return "no rule derives it"
    shown = ", ".join(failure.heads[:_MOST])
    more = f" and {len(failure.heads) - _MOST:,} more" if len(failure.heads) > _MOST else ""
    return f"there is only {shown}{more}"


def _add_attempts(tree: Tree, failure: Failure) -> None:
    for attempt in failure.attempts:
        text = Text(attempt.rule)
        text.append(_place(attempt.line, attempt.source), "dim")
        branch = tree.add(text)
        for held in attempt.holds:
            branch.add(Text.assemble(("✓ ", "green"), held))
        if attempt.fails is None:
            branch.add(Text.assemble(("✗ ", "red"), attempt.reason))
            continue
        below = branch.add(_failing(attempt))
        if attempt.because is not None:
            _add_attempts(below, attempt.because)


def _failing(attempt: Attempt) -> Text:
    text = Text.assemble(("✗ ", "red"), attempt.fails or "", (f"  {attempt.reason}", "red"))
    because = attempt.because
    if because is not None and not because.attempts:
        text.append(f": {_heads(because)}", "dim")
    if attempt.example:
        text.append("  (for example)", "dim")
    return text


def _place(line: int | None, source: str | None) -> str:
    if line is None or source is None:
        return ""
    return f"   {PurePath(source).name}:{line}"
