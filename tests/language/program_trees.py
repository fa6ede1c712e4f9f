"""Hypothesis strategies for syntax trees: every statement of the language, every kind of term."""

from hypothesis import strategies as st

from emnesy.language import syntax
from emnesy.language.core import Atom, Signature
from emnesy.language.operators import COMPARISONS, INFIX
from emnesy.language.terms import Compound, Float, Int, Str, Sym, Var

names = st.sampled_from(
    ["a", "b", "edge", "New York", "it's", "mod", "not", "é", "x_1", "A", "[a", ""]
)
variables = st.sampled_from(["X", "Y", "Row", "_", "_Z"])
leaves = st.one_of(
    variables.filter(lambda n: n != "_").map(Var),
    st.integers(-(2**63), 2**63 - 1).map(Int),
    st.floats(allow_nan=False, allow_infinity=False).map(Float),
    names.map(Sym),
    st.text(st.characters(codec="utf-8"), max_size=5).map(Str),
    st.just(Sym("[]")),
)
arithmetic_operators = st.sampled_from([o for o, infix in INFIX.items() if infix.priority <= 500])


def compounds(terms):
    calls = st.builds(
        lambda name, args: Compound(name, tuple(args)),
        names.filter(lambda n: n not in ("not", "mod")),
        st.lists(terms, min_size=1, max_size=3),
    )
    infix = st.builds(lambda o, a, b: Compound(o, (a, b)), arithmetic_operators, terms, terms)
    prefix = st.builds(lambda o, a: Compound(o, (a,)), st.sampled_from("-+\\"), terms)
    cells = st.builds(lambda a, b: Compound("[|]", (a, b)), terms, terms)
    tuples = st.builds(lambda a, b: Compound(",", (a, b)), terms, terms)
    return st.one_of(calls, infix, prefix, cells, tuples)


terms = st.recursive(leaves, compounds, max_leaves=12)
predicates = names.filter(lambda n: n not in ("not", "mod"))
atoms = st.builds(
    lambda name, args: Atom(name, tuple(args)), predicates, st.lists(terms, max_size=3)
)
comparisons = st.builds(syntax.Comparison, st.sampled_from([*COMPARISONS, "is"]), terms, terms)
membership = st.builds(
    lambda item, low, high: syntax.Comparison("in", item, Compound("..", (low, high))),
    terms,
    terms,
    terms,
)
simple = st.one_of(atoms.map(syntax.Literal), comparisons, membership)


def nested(goals):
    """Conjunctions and disjunctions are never nested in their own kind: the parser joins them."""

    def group(kind, items):
        flat = []
        for item in items:
            flat.extend(item.goals if isinstance(item, kind) else [item])
        return kind(tuple(flat))

    several = st.lists(goals, min_size=2, max_size=3)
    return st.one_of(
        goals.map(syntax.Negation),
        several.map(lambda items: group(syntax.Conjunction, items)),
        several.map(lambda items: group(syntax.Disjunction, items)),
    )


goals = st.recursive(simple, nested, max_leaves=6)
aggregates = st.one_of(
    st.builds(lambda n, e: syntax.Aggregate(n, (e,)), st.sampled_from(["count", "min"]), terms),
    st.builds(lambda t, e: syntax.Aggregate("argmax", (t, e)), terms, terms),
    st.just(syntax.Aggregate("any", ())),
)
heads = st.builds(
    lambda name, args: syntax.HeadAtom(name, tuple(args)),
    predicates,
    st.lists(st.one_of(terms, aggregates), max_size=3),
)
not_special = terms.filter(
    lambda t: not (isinstance(t, Compound) and t.functor in ("t", "nn", "[|]", ","))
)
networks = st.builds(
    lambda net, index, inputs, out: syntax.Neural(net, tuple(index), tuple(inputs), *out),
    st.sampled_from(["net", "digit_net"]),
    st.lists(terms, max_size=2),
    st.lists(not_special, min_size=1, max_size=2),
    st.one_of(st.just((None, None)), st.tuples(terms, terms)),
)
fixed = not_special.map(syntax.Fixed)
learned = st.builds(
    lambda initial, key: syntax.Learned(initial, tuple(key)),
    st.one_of(st.none(), st.floats(0, 1).map(Float)),
    st.lists(terms, max_size=2),
)
annotated = st.builds(syntax.AnnotatedHead, heads, st.one_of(fixed, learned, networks))
clauses = st.one_of(
    st.builds(
        lambda head, body: syntax.Clause((syntax.AnnotatedHead(head),), body),
        heads,
        st.one_of(st.none(), goals),
    ),
    st.builds(
        lambda some, body: syntax.Clause(tuple(some), body),
        st.lists(annotated, min_size=1, max_size=3),
        st.one_of(st.none(), goals),
    ),
)
signatures = st.builds(Signature, predicates, st.integers(0, 9)).map(syntax.ObservedPredicate)
statements = st.one_of(
    clauses,
    goals.map(syntax.Constraint),
    st.builds(syntax.EvidenceStatement, atoms, st.booleans()),
    atoms.map(syntax.QueryStatement),
    st.builds(syntax.Constant, st.sampled_from(["n", "size"]), terms),
    st.lists(signatures, min_size=1, max_size=3).map(lambda s: syntax.Observe(tuple(s))),
    st.builds(
        lambda name, keys, value: syntax.TypeDeclaration(name, tuple(keys), value),
        st.sampled_from(["digit", "cell"]),
        st.lists(terms, min_size=1, max_size=2),
        st.one_of(st.none(), terms),
    ),
    st.builds(
        lambda name, arguments, options: syntax.Directive(name, tuple(arguments), options),
        st.sampled_from(syntax.DIRECTIVES),
        st.lists(terms, max_size=2),
        st.dictionaries(st.sampled_from(["epochs", "lr"]), terms, max_size=2),
    ),
)
