"""`emnesy why`: the rule instances are all there are, and as probable as all worlds together say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import emnesy
from conformance.corpus import evaluable, name_of
from conformance.random_programs import RandomProgram, random_programs
from emnesy.cli.main import main
from emnesy.diagnostics import EmnesyError, EngineError, Source
from emnesy.explanation.failure import why_not
from emnesy.explanation.instances import Instances
from emnesy.explanation.question import read_atom
from emnesy.explanation.weights import Engine, weigh
from emnesy.explanation.why import Finding, Reason, why, without_evidence
from emnesy.ground.choices import choice_bindings, instance, term_of
from emnesy.ground.evaluate import Evaluator
from emnesy.language.core import Atom, Match
from emnesy.language.terms import Int, Sym
from emnesy.pipeline import Program

from .by_hand import every_world

ALARM = """
0.1::burglary. 0.2::earthquake.
person(john). person(mary).
0.9::alarm :- burglary, \\+earthquake.
0.5::alarm :- earthquake.
0.8::calls(X) :- alarm, person(X).
busy :- (calls(john) ; calls(mary)), \\+(burglary, earthquake).
evidence(calls(mary)).
query(calls(john)). query(busy).
"""
GRAPH = """
0.6::edge(1,2). 0.5::edge(2,1). 0.4::edge(2,3). 0.3::edge(1,3).
path(X, Y) :- edge(X, Y).
path(X, Y) :- edge(X, Z), path(Z, Y).
:- path(1, 1), edge(1, 3).
query(path(1, 3)). query(path(1, 1)).
"""
WEATHER = """
day(0..2).
0.5::weather(0, sun); 0.3::weather(0, rain).
0.7::weather(D + 1, sun); 0.2::weather(D + 1, rain) :- day(D), weather(D, sun).
0.4::weather(D + 1, sun); 0.6::weather(D + 1, rain) :- day(D), weather(D, rain), D < 2.
dry :- \\+weather(_, rain).
nice(X) :- X in 0..2, weather(X, sun), \\+storm(X).
0.1::storm(1).
0.2::storm(1) :- weather(1, rain).
query(weather(2, _)). query(dry). query(nice(_)). evidence(weather(2, rain), false).
"""
BEST = """
0.5::on(a). 0.4::on(b). cost(a, 3). cost(b, 2). cost(c, 9). 0.9::on(c).
best(argmin<X, C>) :- on(X), cost(X, C).
some(any<>) :- on(X).
good :- best(b). good :- on(a), on(b).
query(best(_)). query(good).
"""


class Worlds:
    """All worlds of a program with all its atoms, and what the evidence leaves of them."""

    def __init__(self, text: str) -> None:
        self.program = Program(Source("test", text), {}, keep_all=True)
        self.grounded = grounded = self.program.ground
        self.alternatives, self.weight = every_world(self.program)
        self.weight = self.weight / self.weight.sum()
        self.truth = Evaluator(grounded)(self.alternatives).truth
        native = grounded.native
        self.number = {
            (
                native.predicate_name[native.atom_predicate[a]],
                tuple(term_of(native, int(v)) for v in grounded.arguments(a)),
            ): a
            for a in range(native.atom_count)
            if native.atom_predicate[a] >= 0 and native.atom_kind[a] in (0, 1)
        }

    def holds(self, atom: Atom) -> np.ndarray:
        number = self.number.get((atom.name, atom.args))
        return np.zeros(len(self.weight), bool) if number is None else self.truth[number]

    def fires(self, instances: Instances, one) -> np.ndarray:
        """The instance's body holds, and its choice takes its head."""
        rule = instances.rule_of(one)
        fires = np.ones(len(self.weight), bool)
        for literal in rule.body:
            if isinstance(literal, Match):
                fires &= self.holds(instance(literal.atom, one.bindings)) ^ literal.negated
        if rule.choice is not None:
            (choice,) = [
                c
                for c in np.flatnonzero(self.grounded.native.choice_origin == one.site.rule)
                if choice_bindings(self.grounded, int(c)) == dict(one.bindings)
            ]
            fires &= self.alternatives[:, choice] == one.site.head
        return fires


def assert_explained(text: str, engine: str | None = None) -> None:
    """Every atom holds exactly where one of its instances fires, and all probabilities are right."""
    worlds = Worlds(text)
    program = emnesy.load(text)
    questions = tuple(query.atom for query in program.core.queries)
    instances = Instances(program, questions)
    atoms = list(instances.atoms.values())
    named = {name: one for found in instances.reasons.values() for name, one in found}
    weights = weigh(program, instances, atoms, atoms, named, Engine(engine))
    for number in atoms:
        atom = Atom(*instances.key(number))
        holds = worlds.holds(atom)
        expected = worlds.weight @ holds
        assert weights.probability[number] == pytest.approx(expected, abs=1e-9), (text, atom)
        assert weights.negated[number] == pytest.approx(1 - expected, abs=1e-9), (text, atom)
        found = instances.reasons.get(number, [])
        head_aggregate = any(
            instances.rule_of(one).heads[one.site.head].aggregate for _, one in found
        )
        fires = [worlds.fires(instances, one) for _, one in found]
        for (name, one), where in zip(found, fires, strict=True):
            wanted = worlds.weight @ where
            assert weights.probability[name] == pytest.approx(wanted, abs=1e-9), (text, one)
        if instances.is_fact(number):
            assert expected == pytest.approx(1.0)
        elif not head_aggregate:
            assert np.array_equal(np.any(fires, axis=0), holds), (text, atom)


@pytest.mark.parametrize("text", [ALARM, GRAPH, WEATHER, BEST])
def test_written_programs(text: str) -> None:
    assert_explained(text)


@pytest.mark.parametrize("engine", ["exact", "enumerate"])
def test_other_engines(engine: str) -> None:
    assert_explained(ALARM, engine)


@given(random_programs(cycles=True))
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_random_programs(program: RandomProgram) -> None:
    text = program.text()
    try:
        emnesy.load(text).compile(engine="enumerate").query()
    except EngineError:
        return  # impossible evidence
    assert_explained(text)


def test_instances_of_a_rule_by_hand() -> None:
    """path(1, 1) on four edges: 1-2-1 and around, by hand."""
    instances = Instances(emnesy.load(GRAPH), (Atom("path", (Int(1), Int(1))),))
    number = instances.find(Atom("path", (Int(1), Int(1))))
    assert number is not None
    found = [
        tuple(one.bindings[name] for name in ("X", "Z", "Y"))
        for _, one in instances.reasons[number]
        if "Z" in one.bindings
    ]
    assert found == [(Int(1), Int(2), Int(1))]
    assert len(instances.reasons[number]) == 1


def tree(finding: Finding) -> list[str]:
    """A finding as indented lines."""
    lines = [f"{'not ' * finding.negated}{finding.atom} [{finding.note}]"]
    for reason in finding.reasons:
        lines.append(f"  {reason.rule}")
        lines += [f"    {line}" for below in reason.body for line in tree(below)]
    return lines


def test_cycles_end() -> None:
    (finding,) = why(emnesy.load(GRAPH), Atom("path", (Int(1), Int(3)))).findings
    lines = tree(finding)
    assert any("path(1,3) [cycle]" in line for line in lines)
    assert any("path(2,3) []" in line for line in lines)


def test_depth_and_size() -> None:
    program = emnesy.load(ALARM)
    (finding,) = why(program, Atom("busy", ()), depth=1).findings
    assert {below.note for reason in finding.reasons for below in reason.body} == {"deeper"}
    (finding,) = why(program, Atom("busy", ()), most=1).findings
    assert len(finding.reasons) == 1
    assert finding.left_out == 1


def test_patterns() -> None:
    answer = why(emnesy.load(ALARM), read_atom("calls(X)", emnesy.load(ALARM)))
    assert [finding.atom for finding in answer.findings] == ["calls(mary)", "calls(john)"]


def test_named_constants_and_arithmetic() -> None:
    program = emnesy.load("const n = 3. 0.5::a(I) :- I in 0..n. query(a(n)).")
    assert read_atom("a(n - 1)", program) == Atom("a", (Int(2),))


def test_computed_numbers() -> None:
    text = (
        "0.7::road(a,b,2). road(a,b,9). dist(a, min<0>) :- go. go. "
        "dist(Y, min<D + W>) :- dist(X, D), road(X, Y, W). query(dist(b, _))."
    )
    (exact,) = why(emnesy.load(text), Atom("dist", (Sym("b"), Int(2)))).findings
    assert exact.probability == pytest.approx(0.7)
    (finding,) = why(emnesy.load(text), read_atom("dist(b, X)", emnesy.load(text))).findings
    assert finding.atom == "dist(b,_)"
    assert exact.reasons[0].body == (finding,)
    assert {reason.rule: reason.probability for reason in finding.reasons} == {
        "dist(b,min<D + 9>) :- dist(a,D), road(a,b,9).": pytest.approx(1.0),
        "dist(b,min<D + 2>) :- dist(a,D), road(a,b,2).": pytest.approx(0.7),
    }


def test_networks_know_nothing_and_are_not_imported() -> None:
    text = """
    :- network(net, "no_such_module:make").
    nn(net, image(I), D, [low, high, mid]) :: level(I, D) :- I in 0..1.
    same :- level(0, D), level(1, D).
    query(same).
    """
    (finding,) = why(emnesy.load(text), Atom("same", ())).findings
    assert finding.probability == pytest.approx(1 / 3)
    assert [reason.probability for reason in finding.reasons] == [pytest.approx(1 / 9)] * 3
    leaf = finding.reasons[0].body[0].reasons[0]
    assert isinstance(leaf, Reason)
    assert leaf.rule.startswith("nn(net, image(0)) :: level(0,")
    assert leaf.is_choice


def test_impossible_evidence() -> None:
    program = emnesy.load("0.5::a. b :- a. evidence(b). evidence(a, false). query(a).")
    with pytest.raises(EngineError, match="E0703"):
        why(program, Atom("a", ()))


@pytest.mark.parametrize(
    ("atom", "code"),
    [
        ("cals(john)", "E0203"),
        ("calls", "E0202"),
        ("calls(john", "E0103"),
        ("a). query(b", "E0830"),
    ],
)
def test_no_atom_of_the_program(atom: str, code: str) -> None:
    with pytest.raises(EmnesyError) as caught:
        read_atom(atom, emnesy.load(ALARM))
    assert [d.code for d in caught.value.diagnostics] == [code]


@pytest.fixture
def alarm(tmp_path: Path) -> str:
    path = tmp_path / "alarm.nesy"
    path.write_text(ALARM)
    return str(path)


def test_output(alarm: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", alarm, "calls(john)"]) == 0
    assert (
        capsys.readouterr().out
        == """\
calls(john)  0.8
└── 0.8  0.8::calls(john) :- alarm, person(john).   alarm.nesy:6
    ├── alarm  1
    │   ├── 0.581395  0.5::alarm :- earthquake.   alarm.nesy:5
    │   │   └── earthquake  0.581395   0.2::earthquake.   alarm.nesy:2
    │   └── 0.418605  0.9::alarm :- burglary, not earthquake.   alarm.nesy:4
    │       ├── burglary  0.476744   0.1::burglary.   alarm.nesy:2
    │       └── not earthquake  0.418605  see above
    └── person(john)  a fact
"""
    )


def test_json(alarm: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", alarm, "--json"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["atom"] == "calls(john)"
    assert first["exact"]
    (finding,) = first["findings"]
    assert finding["probability"] == pytest.approx(0.8)
    assert finding["reasons"][0]["line"] == 6
    assert finding["reasons"][0]["body"][0]["atom"] == "alarm"
    assert second["atom"] == "busy"


def test_the_evidence_rules_it_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "program.nesy"
    path.write_text("0.3::a. b :- a. c :- a, \\+b. query(b). evidence(a, false). query(c).")
    assert main(["why", str(path)]) == 0
    out = capsys.readouterr().out
    assert "the evidence rules it out; without it 0.3" in out
    assert "what its rules need never holds together" in out


@pytest.mark.parametrize("path", evaluable(), ids=name_of)
def test_programs_that_ship(path: Path) -> None:
    """What `why` says of each query is what `query` says; what it says nothing of is impossible."""
    program = emnesy.load(path, allow_foreign=True)
    model = program.compile()
    answers = model.query()
    for text, probability in list(answers.items())[:6]:
        answer = why(program, read_atom(text, program), depth=3)
        if not answer.findings:
            assert probability == 0
            assert why_not(program, answer.question, answer.instances).atom
            continue
        (finding,) = answer.findings
        if model.engine.exact and (answer.model is None or answer.model.engine.exact):
            assert finding.probability == pytest.approx(probability, abs=1e-9)


def test_long_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list of 1,200 elements is a term 1,200 deep."""
    path = tmp_path / "long.nesy"
    items = ",".join(map(str, range(1200)))
    path.write_text(
        f"p([{items}]). 0.5::q. r(X) :- p(X), q. 0.3::s(X) :- p(X). t(X) :- s(X), \\+r(X). query(t(_))."
    )
    for command in (
        ["why", str(path), "--json"],
        ["why", str(path), "t([1, 2])"],
        ["map", str(path), "--choices"],
        ["sample", str(path), "-n", "2", "--all"],
        ["graph", str(path), "--kind", "factor", "-o", str(tmp_path / "x.dot")],
    ):
        assert main(command) == 0, command
        assert capsys.readouterr().out


def test_an_estimate_of_zero_proves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rare.nesy"
    path.write_text("0.0000001::a. 0.5::b. c :- a, b. c :- a. query(c).")
    assert main(["why", str(path), "--engine", "rejection"]) == 0
    out, err = capsys.readouterr()
    assert "an estimate" in out
    assert "never" not in out
    assert out.count("c :- a") == 2
    assert err.startswith("approximate: ")


def test_without_evidence_only_evidence_is_left_out() -> None:
    program = emnesy.load(
        "0.3::a. 0.4::b. c :- a. c :- b. :- a. evidence(b, false). query(c). evidence(c, false)."
    )
    (finding,) = without_evidence(program, Atom("c", ())).findings
    assert finding.probability == pytest.approx(1 - 0.7 * 0.6)
