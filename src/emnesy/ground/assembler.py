"""Assembles one plan: literals in a given order become instructions over registers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from emnesy.ground.code import (
    CHOICE_KINDS,
    CURRENT_ALTERNATIVE,
    MAX_KEY_COLUMNS,
    NO_CHOICE,
    NUMERIC_COMPARISONS,
    TERM_COMPARISONS,
    Opcode,
    Pattern,
    Version,
)
from emnesy.ground.terms import (
    ARITHMETIC,
    CONSTANTS,
    Interner,
    is_arithmetic,
    is_constant,
    variables,
)
from emnesy.language.core import (
    Assign,
    Atom,
    BodyLiteral,
    Call,
    ChoiceSpec,
    Compare,
    Head,
    InRange,
    Match,
    Signature,
)
from emnesy.language.terms import Compound, Float, Int, Sym, Term, Var


class Unbound(Exception):  # noqa: N818  (not an error of the user's: the planner orders bodies)
    """A term needs a variable that nothing before it binds."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Layout:
    """What all plans of a program share."""

    intern: Interner
    predicates: dict[Signature, int]
    symbolic: set[tuple[Signature, int]]
    twins: dict[Signature, int] = field(default_factory=dict)
    """For negated predicates with symbolic columns: the predicate of their concrete instances."""
    calls: list[Atom] = field(default_factory=list)
    """Where functions are called: sites of the machine's `CALL`."""
    functions: dict[Signature, int] = field(default_factory=dict)
    """Numbers of the functions called."""


class Assembler:
    """Emits the code of one plan, keeping track of what is bound."""

    def __init__(self, layout: Layout, uses: dict[str, int], symbolic: set[str]) -> None:
        self.layout = layout
        self.uses = uses
        self.symbolic = symbolic
        self.code: list[int] = []
        self.registers: dict[str, int] = {}
        self.register_count = 0
        self.bindings: list[tuple[int, str, int]] = []
        """(offset from which the variable is bound, its name, its register)."""

    # Operands -----------------------------------------------------------------------------------

    def is_bound(self, term: Term) -> bool:
        """Whether all variables of `term` are bound."""
        return all(name in self.registers for name in variables(term))

    def operand(self, term: Term, evaluate: bool = True) -> int:
        """A register or a constant that holds `term`; emits the arithmetic and building it needs."""
        if isinstance(term, Var):
            register = self.registers.get(term.name)
            if register is None:
                raise Unbound(term.name)
            return register
        if not isinstance(term, Compound):
            return ~self.layout.intern(term)
        if evaluate and is_arithmetic(term):
            return self._apply(term.functor, term.args, self._new())
        if is_constant(term, evaluate):
            return ~self.layout.intern(term)
        operands = [self.operand(a, evaluate) for a in term.args]
        target = self._new()
        functor = self.layout.intern(Sym(term.functor))
        self._emit(Opcode.BUILD, functor, target, len(operands), *operands)
        return target

    def number(self, term: Term) -> int:
        """An operand that holds the number that `term` evaluates to."""
        if isinstance(term, Int | Float):
            return ~self.layout.intern(term)
        if isinstance(term, Sym) and term.name in CONSTANTS:
            return ~self.layout.intern(Float(CONSTANTS[term.name]))
        if is_arithmetic(term):
            return self.operand(term)
        # Unary plus is the identity on numbers and an error on everything else.
        return self._apply("+", (term,), self._new())

    def _apply(self, functor: str, args: tuple[Term, ...], target: int) -> int:
        plain = (Int, Float, Var)
        operands = [
            self.operand(a) if isinstance(a, plain) or is_arithmetic(a) else self._argument(a)
            for a in args
        ]
        function = ARITHMETIC[functor, len(args)]
        self._emit(Opcode.ARITHMETIC, function, target, len(operands), *operands)
        return target

    def _argument(self, term: Term) -> int:
        if isinstance(term, Sym) and term.name in CONSTANTS:
            return ~self.layout.intern(Float(CONSTANTS[term.name]))
        return self.operand(term)

    # Body literals ------------------------------------------------------------------------------

    def literal(
        self,
        item: BodyLiteral,
        version: Version = Version.ALL,
        stratum: Collection[Signature] = (),
    ) -> None:
        """Emits one body literal; `stratum` is what the plan's own stratum defines."""
        if isinstance(item, Match):
            if item.negated and item.atom.signature in stratum:
                operands = [self.operand(a) for a in item.atom.args]
                self._emit(Opcode.DENY, self.layout.predicates[item.atom.signature], *operands)
            elif item.negated:
                self.negate(item.atom)
            else:
                self.scan(item.atom, version)
        elif isinstance(item, Call):
            self._call(item)
        elif isinstance(item, Compare):
            self._compare(item)
        elif isinstance(item, Assign):
            if isinstance(item.target, Var) and item.target.name not in self.registers:
                value = self.number(item.expression)
                if value < 0 or isinstance(item.expression, Var):
                    self._emit(Opcode.MATCH, value, *self._pattern(item.target, False)[0])
                else:
                    self._bind(item.target.name, value)
            else:
                self._match(self.number(item.expression), item.target)
        else:
            self._range(item)

    def scan(self, atom: Atom, version: Version = Version.ALL) -> None:
        """Runs what follows once for each row that matches `atom`."""
        self._emit_rows(Opcode.SCAN, atom, int(version))

    def negate(self, atom: Atom) -> None:
        """Fails where a row matches for certain; variables that only occur here mean any value."""
        before = dict(self.registers)
        count = len(self.bindings)
        self._emit_rows(Opcode.NEGATE, atom, self.layout.twins.get(atom.signature, -1))
        self.registers = before
        del self.bindings[count:]

    def _emit_rows(self, opcode: Opcode, atom: Atom, word: int) -> None:
        signature = atom.signature
        mask = 0
        keys: list[int] = []
        columns: list[int] = []
        column_count = 0
        late: list[tuple[int, Term]] = []
        matched: list[tuple[int, Term]] = []
        for i, argument in enumerate(atom.args):
            names = set(variables(argument))
            if self.is_bound(argument) and not isinstance(argument, Var | Compound):
                value = ~self.layout.intern(argument)
            elif self.is_bound(argument):
                value = self.operand(argument)
            else:
                matched.append((i, argument))
                continue
            certain = (signature, i) not in self.layout.symbolic and names.isdisjoint(self.symbolic)
            if certain and i < MAX_KEY_COLUMNS:
                mask |= 1 << i
                keys.append(value)
            else:
                columns += [i, Pattern.CHECK, value]
                column_count += 1
        for i, argument in matched:
            if isinstance(argument, Var) and self.uses.get(argument.name, 0) <= 1:
                continue  # bound to nothing that matters
            pattern, rest = self._pattern(argument, True)
            late += rest
            columns += [i, *pattern]
            column_count += 1
        predicate = self.layout.predicates[signature]
        self._emit(opcode, predicate, word, mask, len(keys), *keys, column_count, *columns)
        for register, term in late:
            if opcode == Opcode.NEGATE:
                raise Unbound(next(variables(term)))
            self._emit(Opcode.MATCH, register, Pattern.CHECK, self.operand(term))

    def _pattern(self, term: Term, evaluate: bool) -> tuple[list[int], list[tuple[int, Term]]]:
        """Words of a pattern, and (register, arithmetic term) pairs to be compared after it matched."""
        if isinstance(term, Var):
            if term.name in self.registers:
                return [Pattern.CHECK, self.registers[term.name]], []
            return [Pattern.BIND, self._bind(term.name, self._new())], []
        if evaluate and is_arithmetic(term):
            register = self._new()
            return [Pattern.BIND, register], [(register, term)]
        if not isinstance(term, Compound) or is_constant(term, evaluate):
            return [Pattern.CHECK, ~self.layout.intern(term)], []
        words = [int(Pattern.STRUCT), self.layout.intern(Sym(term.functor)), len(term.args)]
        late: list[tuple[int, Term]] = []
        for argument in term.args:
            inner, rest = self._pattern(argument, evaluate)
            words += inner
            late += rest
        return words, late

    def _match(self, value: int, term: Term) -> None:
        pattern, _ = self._pattern(term, False)
        self._emit(Opcode.MATCH, value, *pattern)

    def _compare(self, item: Compare) -> None:
        if item.op in NUMERIC_COMPARISONS:
            left, right = self.number(item.left), self.number(item.right)
            self._emit(Opcode.COMPARE, NUMERIC_COMPARISONS[item.op], 1, left, right)
        elif item.op == "=":
            source, target = item.left, item.right
            if not self.is_bound(source):
                source, target = target, source
            self._match(self.operand(source, evaluate=False), target)
        else:
            left = self.operand(item.left, evaluate=False)
            right = self.operand(item.right, evaluate=False)
            self._emit(Opcode.COMPARE, TERM_COMPARISONS[item.op], 0, left, right)

    def _call(self, item: Call) -> None:
        calls, functions = self.layout.calls, self.layout.functions
        function = functions.setdefault(item.atom.signature, len(functions))
        inputs = [self.operand(term) for term in item.inputs]
        late: list[tuple[int, Term]] = []
        if item.negated or self.is_bound(item.output):
            pattern = [int(Pattern.CHECK), self.operand(item.output)]
        else:
            pattern, late = self._pattern(item.output, True)
        words = (len(calls), function, item.negated, len(inputs), *inputs, *pattern)
        calls.append(item.atom)
        self._emit(Opcode.CALL, *words)
        for register, term in late:
            self._emit(Opcode.MATCH, register, Pattern.CHECK, self.operand(term))

    def _range(self, item: InRange) -> None:
        low, high = self.number(item.low), self.number(item.high)
        if isinstance(item.item, Var) and item.item.name not in self.registers:
            self._emit(Opcode.RANGE, self._bind(item.item.name, self._new()), low, high)
            return
        value = self.number(item.item)
        self._emit(Opcode.COMPARE, NUMERIC_COMPARISONS["=<"], 1, low, value)
        self._emit(Opcode.COMPARE, NUMERIC_COMPARISONS["=<"], 1, value, high)

    # Ends ---------------------------------------------------------------------------------------

    def choice(self, spec: ChoiceSpec) -> None:
        """Finds or creates the choice of this instance."""
        neural = spec.neural
        keys = [self.registers[v.name] for v in spec.key if v.name in self.registers]
        probabilities = [
            ~self.layout.intern(Sym("_")) if p is None else self._argument(p)
            for p in spec.probabilities
        ]
        if neural is None:
            count = len(spec.probabilities)
        else:
            count = 1 if neural.output is None else len(neural.domain)
            probabilities = []
        kind = CHOICE_KINDS[spec.kind]
        self._emit(Opcode.CHOICE, kind, len(keys), *keys, count, len(probabilities), *probabilities)
        if neural is not None and neural.output is not None:
            register = self._bind(neural.output.name, self._new())
            domain = [self.layout.intern(term) for term in neural.domain]
            self._emit(Opcode.ALTERNATIVES, register, len(domain), *domain)

    def head(self, head: Head, index: int, choice: ChoiceSpec | None, distinct: int) -> None:
        """Emits one head: a rule, or a contribution to an aggregate.

        `distinct`: see `emnesy.ground.distinct`.
        """
        predicate = self.layout.predicates[head.atom.signature]
        aggregate = head.aggregate
        if aggregate is not None:
            operands = [
                ~0 if i == aggregate.position else self.operand(argument)
                for i, argument in enumerate(head.atom.args)
            ]
            tail: list[int] = []
            for term in (aggregate.expression, aggregate.witness):
                tail += [0, 0] if term is None else [1, self._argument(term)]
            self._emit(Opcode.CONTRIBUTE, predicate, *operands, *tail)
            return
        if choice is None:
            alternative = NO_CHOICE
        elif choice.neural is not None and choice.neural.output is not None:
            alternative = CURRENT_ALTERNATIVE
        else:
            alternative = index
        operands = [self.operand(argument) for argument in head.atom.args]
        self._emit(Opcode.HEAD, alternative, predicate, distinct, *operands)

    def end(self, opcode: Opcode | None = None, *words: int) -> None:
        """Ends the plan, after one more instruction where `opcode` is given."""
        if opcode is not None:
            self._emit(opcode, *words)
        self._emit(Opcode.END)

    # Words --------------------------------------------------------------------------------------

    def _new(self) -> int:
        self.register_count += 1
        return self.register_count - 1

    def _bind(self, name: str, register: int) -> int:
        self.registers[name] = register
        self.bindings.append((len(self.code), name, register))
        return register

    def _emit(self, opcode: Opcode, *words: int) -> None:
        self.code += [int(opcode), len(words) + 2, *(int(word) for word in words)]
