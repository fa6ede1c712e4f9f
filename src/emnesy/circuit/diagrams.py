"""Compiles Boolean formulas into sentential decision diagrams. Run as a script, in a process of its own.

`compiler.py` starts it, writes JSON to its standard input and reads JSON from its standard output; what both
hold is described at `compile_formula` and `Export`. It is a process of its own because the library behind
PySDD cannot be interrupted, ends the process where memory runs out, and may then be stopped without harm. It
imports nothing of this package, so it starts in an instant.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.path.pop(0)  # this folder: its modules are no top-level ones

import json
import os
from typing import Any

from pysdd.sdd import SddManager, SddNode, Vtree

TRUE, FALSE = 0, 1
"""References to the constants; ``2 v`` and ``2 v + 1`` are the literals of variable v, from 1 on, and what
follows the last of them are nodes in order."""

FIRST_LOOK = 2_000
"""Elements from which on garbage is collected, and a better vtree looked for, whenever they have doubled."""


class TooLarge(Exception):  # noqa: N818
    """The diagram has more elements than it may."""


class Compiler:
    """Formulas over one set of variables, as nodes of one manager.

    Atoms become functions of the choices' variables, bottom-up (compilation by the immediate consequence
    operator: Vlasselaer et al. 2016). Diagrams are canonical, so a cycle has its least model when no atom's
    node changes any more; most cycles are solved as equations instead.
    """

    def __init__(self, formula: dict[str, Any], limit: int) -> None:
        count = max(formula["variables"], 1)
        order = list(range(1, count + 1))
        self.manager = SddManager.from_vtree(Vtree(count, order, formula["vtree"]))
        self._limit = limit
        self._search = formula["search"]
        self._look_at = FIRST_LOOK
        self._nodes: dict[int, SddNode] = {
            int(atom): self._literal(reference) for atom, reference in formula["leaves"].items()
        }
        self._rules: dict[int, list[list[int]]] = {
            int(atom): bodies for atom, bodies in formula["rules"].items()
        }
        self._uses = self._count_uses(formula)

    def _literal(self, reference: int) -> SddNode:
        if reference == TRUE:
            return self.manager.true()
        return self.manager.literal(reference // 2 * (-1 if reference % 2 else 1))

    def _count_uses(self, formula: dict[str, Any]) -> dict[int, int]:
        """How often each atom is read; after the last time it need not be kept."""
        uses: dict[int, int] = {}
        for bodies in (*self._rules.values(), formula["constraints"], [formula["evidence"]]):
            for body in bodies:
                for literal in body:
                    uses[literal >> 1] = uses.get(literal >> 1, 0) + 1
        for atom in (*formula["queries"], *(atom for _, atom in formula["observed"])):
            uses[atom] = uses.get(atom, 0) + 1
        return uses

    def _used(self, literals: list[int]) -> None:
        for literal in literals:
            self._uses[literal >> 1] -= 1
            if not self._uses[literal >> 1]:
                del self._nodes[literal >> 1]

    def _grown(self) -> None:
        """After the diagram has grown much: collect garbage, look for a better vtree, see if it fits."""
        if self.manager.size() < self._look_at:
            return
        self.manager.garbage_collect()
        if self._search and 2 * self.manager.live_size() > self._look_at:
            self.manager.minimize()
        size = self.manager.live_size()
        if size > self._limit:
            raise TooLarge(size)
        self._look_at = max(FIRST_LOOK, 2 * size)

    def both(self, a: SddNode, b: SddNode) -> SddNode:
        """Conjunction."""
        node = self.manager.conjoin(a, b)
        self._grown()
        return node

    def either(self, a: SddNode, b: SddNode) -> SddNode:
        """Disjunction."""
        node = self.manager.disjoin(a, b)
        self._grown()
        return node

    def _node(self, literal: int) -> SddNode:
        node = self._nodes[literal >> 1]
        return self.manager.negate(node) if literal & 1 else node

    def _all(self, literals: list[int]) -> SddNode:
        node = self.manager.true()
        for literal in literals:
            node = self.both(node, self._node(literal))
            if node.is_false():
                break
        return node

    def derive(self, atoms: list[int], cyclic: bool) -> None:
        """The nodes of atoms that may depend on each other, from those of all that they depend on."""
        inside = set(atoms)
        bodies = [body for atom in atoms for body in self._rules[atom]]
        if cyclic and all(sum(part >> 1 in inside for part in body) <= 1 for body in bodies):
            self._eliminate(atoms)
        elif cyclic:
            self._least_model(atoms)
        else:
            self._nodes[atoms[0]] = self._consequence(self.manager.false(), self._rules[atoms[0]])
        for body in bodies:
            self._used(body)

    def _consequence(self, node: SddNode, bodies: list[list[int]]) -> SddNode:
        """Where some body holds, or `node` does."""
        for body in bodies:
            node = self.either(node, self._all(body))
        return node

    def _eliminate(self, atoms: list[int]) -> None:
        """The least model where each body reads one atom of the cycle at most, by Gaussian elimination.

        An atom is ``alone or (step and other) or …``; the least solution drops the atom itself. Steps say
        what follows by way of eliminated atoms, in smaller diagrams than derivations up to some length.
        """
        alone: dict[int, SddNode] = {atom: self.manager.false() for atom in atoms}
        steps: dict[int, dict[int, SddNode]] = {atom: {} for atom in atoms}
        readers: dict[int, set[int]] = {atom: set() for atom in atoms}

        def add(atom: int, other: int, node: SddNode) -> None:
            if other != atom and not node.is_false():
                before = steps[atom].get(other)
                steps[atom][other] = node if before is None else self.either(before, node)
                readers[other].add(atom)

        for atom in atoms:
            for body in self._rules[atom]:
                node = self._all([literal for literal in body if literal >> 1 not in steps])
                inside = [literal >> 1 for literal in body if literal >> 1 in steps]
                if inside:
                    add(atom, inside[0], node)
                else:
                    alone[atom] = self.either(alone[atom], node)
        order: list[int] = []
        left = dict.fromkeys(atoms)
        while left:
            atom = min(left, key=lambda a: len(steps[a]) * len(readers[a]))  # fewest new steps
            del left[atom]
            order.append(atom)
            for other in steps[atom]:
                readers[other].discard(atom)
            for reader in sorted(readers[atom]):
                step = steps[reader].pop(atom)
                alone[reader] = self.either(alone[reader], self.both(step, alone[atom]))
                for other, node in steps[atom].items():
                    add(reader, other, self.both(step, node))
        for atom in reversed(order):
            node = alone[atom]
            for other, step in steps[atom].items():
                node = self.either(node, self.both(step, self._nodes[other]))
            self._nodes[atom] = node

    def _least_model(self, atoms: list[int]) -> None:
        """Consequences from below. Denied atoms lie outside of the cycle, so nodes only grow."""
        for atom in atoms:
            self._nodes[atom] = self.manager.false()
        inside = set(atoms)
        readers: dict[int, list[tuple[int, list[int]]]] = {atom: [] for atom in atoms}
        due: dict[int, list[list[int]]] = {}
        for atom in atoms:
            for body in self._rules[atom]:
                within = {literal >> 1 for literal in body} & inside
                for other in within:
                    readers[other].append((atom, body))
                if not within:
                    due.setdefault(atom, []).append(body)
        while due:
            atom = next(iter(due))
            before = self._nodes[atom]
            self._nodes[atom] = self._consequence(before, due.pop(atom))
            if self._nodes[atom] != before:
                for reader, body in readers[atom]:
                    bodies = due.setdefault(reader, [])
                    if body not in bodies:
                        bodies.append(body)

    def one_of(self, variables: list[int]) -> SddNode:
        """Exactly one of the variables is true; linear in their number."""
        one, none = self.manager.false(), self.manager.true()
        for variable in reversed(variables):
            true, false = self.manager.literal(variable), self.manager.literal(-variable)
            one = self.either(self.both(true, none), self.both(false, one))
            none = self.both(false, none)
        return one

    def run(self, formula: dict[str, Any]) -> list[SddNode]:
        """The condition that every world meets, then its conjunction with each query."""
        for atoms, cyclic in formula["components"]:
            self.derive(atoms, cyclic)
        base = self.manager.true()
        for variables in formula["one_of"]:
            base = self.both(base, self.one_of(variables))
        for literal in formula["evidence"]:
            base = self.both(base, self._node(literal))
            self._used([literal])
        for body in formula["constraints"]:
            base = self.both(base, self.manager.negate(self._all(body)))
            self._used(body)
        for variable, atom in formula["observed"]:
            node = self._nodes[atom]
            true, false = self.manager.literal(variable), self.manager.literal(-variable)
            same = self.either(self.both(true, node), self.both(false, self.manager.negate(node)))
            base = self.both(base, same)
            self._used([2 * atom])
        roots = [base]
        for atom in formula["queries"]:
            roots.append(self.both(base, self._nodes[atom]))
            self._used([2 * atom])
        return roots

    def finish(self) -> None:
        """Look for a better vtree until there is none, if that is wanted; see if the diagram is too large."""
        self.manager.garbage_collect()
        size = self.manager.live_size()
        while self._search and size:
            self.manager.minimize()
            smaller = self.manager.live_size()
            if smaller > 0.95 * size:
                break
            size = smaller
        if self.manager.live_size() > self._limit:
            raise TooLarge(self.manager.live_size())


class Export:
    """A diagram as arrays, made smooth: each model is one choice of elements and names every variable.

    Node i is the sum over its elements ``begin[i] .. begin[i + 1]`` of ``first * second``, references to
    what comes before it.
    """

    def __init__(self, manager: SddManager, variables: int) -> None:
        self._next = 2 * variables + 2
        self.begin = [0]
        self.first: list[int] = []
        self.second: list[int] = []
        self._made: dict[int, int] = {}
        self._lifted: dict[tuple[int, int], int] = {}
        self._read_vtree(manager.vtree())

    def _read_vtree(self, root: Vtree) -> None:
        """Per position: parent and sibling; and what is true of all variables below it."""
        self._top = root.position()
        self._parent: dict[int, int] = {}
        self._sibling: dict[int, int] = {}
        self._left: dict[int, int] = {}
        self._right: dict[int, int] = {}
        self._any: dict[int, int] = {}
        stack = [(root, False)]
        while stack:
            vtree, finished = stack.pop()
            here = vtree.position()
            if vtree.is_leaf():
                literal = 2 * vtree.var()
                self._any[here] = self._add([(literal, TRUE), (literal + 1, TRUE)])
                continue
            left, right = vtree.left(), vtree.right()
            a, b = left.position(), right.position()
            if finished:
                self._any[here] = self._add([(self._any[a], self._any[b])])
                continue
            self._left[here], self._right[here] = a, b
            self._parent[a] = self._parent[b] = here
            self._sibling[a], self._sibling[b] = b, a
            stack += [(vtree, True), (left, False), (right, False)]

    def _add(self, elements: list[tuple[int, int]]) -> int:
        for first, second in elements:
            self.first.append(first)
            self.second.append(second)
        self.begin.append(len(self.first))
        self._next += 1
        return self._next - 1

    def _lift(self, reference: int, place: int, target: int) -> int:
        """The same function of all variables below `target`, which lies above `place`."""
        while place != target:
            key = (reference, place)
            if key not in self._lifted:
                self._lifted[key] = self._add([(reference, self._any[self._sibling[place]])])
            reference, place = self._lifted[key], self._parent[place]
        return reference

    def _smooth(self, node: SddNode, target: int) -> int:
        if node.is_false():
            return FALSE
        if node.is_true():
            return self._any[target]
        place = node.vtree().position()
        literal = node.literal
        reference = 2 * abs(literal) + (literal < 0) if literal else self._made[node.id]
        return self._lift(reference, place, target)

    def root(self, node: SddNode) -> int:
        """The reference of a function of all variables."""
        stack = [node] if node.is_decision() else []
        while stack:
            here = stack[-1]
            if here.id in self._made:
                stack.pop()
                continue
            elements = here.elements()
            missing = [
                part
                for element in elements
                for part in element
                if part.is_decision() and part.id not in self._made
            ]
            if missing:
                stack += missing
                continue
            place = here.vtree().position()
            self._made[here.id] = self._add(
                [
                    (self._smooth(prime, self._left[place]), self._smooth(sub, self._right[place]))
                    for prime, sub in elements
                    if not sub.is_false()
                ]
            )
            stack.pop()
        return self._smooth(node, self._top)


def compile_formula(formula: dict[str, Any], limit: int) -> dict[str, Any]:
    """The circuit of one formula.

    `formula`: ``variables``, their number; ``vtree``, its shape; ``search``, whether to look for a better
    one; ``leaves``, atom -> reference; ``rules``, atom -> bodies, lists of literals (2 atom, plus 1 where
    negated); ``components``, pairs of atoms and whether they are a cycle, in an order of dependence;
    ``one_of``, lists of variables; ``evidence``, literals; ``constraints``, bodies that must not hold;
    ``observed``, pairs of a variable and the atom that it stands for; ``queries``, atoms.

    The answer: ``begin``, ``first``, ``second`` as in `Export`; ``roots``, of the condition and of its
    conjunction with each query; ``size``, elements of the diagram.
    """
    compiler = Compiler(formula, limit)
    roots = compiler.run(formula)
    compiler.finish()
    export = Export(compiler.manager, max(formula["variables"], 1))
    return {
        "roots": [export.root(node) for node in roots],
        "begin": export.begin,
        "first": export.first,
        "second": export.second,
        "size": compiler.manager.live_size(),
    }


def main() -> None:
    """Read formulas, write circuits; ``{"too_large": elements}`` where one is."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    job = json.load(sys.stdin)
    if job["memory"]:
        limit_memory(job["memory"])
    try:
        answer: Any = [compile_formula(formula, job["size"]) for formula in job["formulas"]]
    except TooLarge as error:
        answer = {"too_large": error.args[0]}
    except MemoryError:
        answer = {"memory": True}
    with answers:
        json.dump(answer, answers)


def limit_memory(amount: int) -> None:
    """Bytes that this process may have, where the system can limit them."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    resource.setrlimit(resource.RLIMIT_AS, (amount, hard))


if __name__ == "__main__":
    main()
