// Lowering against the worlds of the ground program, one by one.
#include <catch2/catch.hpp>

#include <functional>
#include <random>

#include "emnesy/functional.hpp"
#include "emnesy/lower.hpp"
#include "ground_maker.hpp"
#include "structured.hpp"

using namespace emnesy;
using emnesy::tests::GroundMaker;

namespace {

// The assignments of all variables that every factor and the fixed evidence allow, with the choices as in `world`.
std::vector<std::vector<std::int32_t>> extensions(const FactorGraph& graph, const std::vector<std::int32_t>& world) {
  std::vector<std::vector<std::int32_t>> result;
  if (graph.impossible) return result;
  std::vector<std::int32_t> values(graph.variable_count(), 0);
  std::copy(world.begin(), world.end(), values.begin());
  // A factor is looked at when its last variable is set.
  std::vector<std::vector<std::size_t>> ready(graph.variable_count() + 1);
  for (std::size_t f = 0; f < graph.factor_count(); ++f) {
    std::int32_t last = graph.choice_count - 1;
    for (std::int64_t i = graph.scope_begin[f]; i < graph.scope_begin[f + 1]; ++i) last = std::max(last, graph.scope[i]);
    if (!graph.is_gated(f)) ready[last + 1].push_back(f);
  }
  const std::function<void(std::size_t)> extend = [&](std::size_t variable) {
    for (const std::size_t f : ready[variable]) {
      if (tests::factor_weight(graph, f, values) == 0) return;
    }
    if (variable == graph.variable_count()) {
      if (graph.gate_variable >= 0 && !tests::gate_agrees(graph, values)) return;
      for (std::size_t i = 0; i < graph.fixed_variable.size(); ++i) {
        if (!graph.fixed_mask[graph.fixed_mask_begin[i] + values[graph.fixed_variable[i]]]) return;
      }
      result.push_back(values);
      return;
    }
    for (std::int32_t v = 0; v < graph.cardinality[variable]; ++v) {
      values[variable] = v;
      extend(variable + 1);
    }
  };
  extend(graph.choice_count);
  return result;
}

// Every world has exactly one extension (none where a constraint is violated), and it tells the model's truth.
void check_faithful(const GroundProgram& program) {
  const std::vector<std::int32_t> nothing(program.predicate_name.size(), -1);
  const FunctionalDependencies dependencies = find_functional_dependencies(program, nothing);
  const Lowered lowered = lower(program, dependencies, {});
  lowered.graph.verify();
  tests::for_each_world(program, [&](const std::vector<std::int32_t>& world) {
    const std::vector<std::uint8_t> truth = tests::model(program, world);
    bool violated = false;
    for (std::size_t c = 0; c + 1 < program.constraint_begin.size(); ++c) {
      bool holds = true;
      for (std::int64_t i = program.constraint_begin[c]; i < program.constraint_begin[c + 1]; ++i) {
        holds = holds && (truth[literal_atom(program.constraint_body[i])] != 0) != literal_negated(program.constraint_body[i]);
      }
      violated = violated || holds;
    }
    const auto found = extensions(lowered.graph, world);
    REQUIRE(found.size() == (violated ? 0 : 1));
    if (violated) return;
    for (AtomId atom = 0; atom < static_cast<AtomId>(program.atom_count()); ++atom) {
      if (lowered.atom_variable[atom] < 0) continue;
      const bool holds = (found[0][lowered.atom_variable[atom]] == lowered.atom_value[atom]) != (lowered.atom_negated[atom] != 0);
      REQUIRE(holds == (truth[atom] != 0));
    }
  });
}

// carry(i+1, (a+b+c) // base) and sum(i, (a+b+c) mod base), with choices for the digits.
GroundMaker addition(std::int32_t digits, std::int32_t base) {
  GroundMaker maker;
  const std::int32_t carry = maker.predicate("carry", 2), sum = maker.predicate("sum", 2);
  std::vector<std::vector<AtomId>> carries(digits + 1), sums(digits);
  for (std::int32_t i = 0; i < digits; ++i) {
    const std::int32_t a = maker.choice(base, false), b = maker.choice(base, false);
    for (std::int32_t c = 0; c < 2; ++c) carries[i + 1].push_back(maker.atom(carry, {i + 1, c}));
    for (std::int32_t s = 0; s < base; ++s) sums[i].push_back(maker.atom(sum, {i, s}));
    for (std::int32_t x = 0; x < base; ++x) {
      for (std::int32_t y = 0; y < base; ++y) {
        for (std::int32_t c = 0; c < (i == 0 ? 1 : 2); ++c) {
          std::vector<Literal> body{literal(maker.takes(a, x), false), literal(maker.takes(b, y), false)};
          if (i > 0) body.push_back(literal(carries[i][c], false));
          maker.rule(carries[i + 1][(x + y + c) / base], body);
          maker.rule(sums[i][(x + y + c) % base], body);
        }
      }
    }
  }
  return maker;
}

}  // namespace

TEST_CASE("addition becomes a chain with one factor a position") {
  const GroundMaker maker = addition(3, 3);
  const FunctionalDependencies dependencies = find_functional_dependencies(maker.program, {-1, -1});
  CHECK(dependencies.value_position == std::vector<std::int32_t>{1, 1});
  CHECK(dependencies.group_count() == 6);
  const Lowered lowered = lower(maker.program, dependencies, {});
  CHECK(lowered.graph.factor_count() == 3);
  CHECK(lowered.graph.is_forest());
  CHECK(lowered.graph.tuple_begin == std::vector<std::int64_t>{0, 9, 27, 45});
  check_faithful(maker.program);
}

TEST_CASE("evidence slots cut the tuples of a factor by the observed value") {
  const GroundMaker maker = addition(1, 3);
  EvidenceSlots slots;
  for (AtomId atom = 0; atom < static_cast<AtomId>(maker.program.atom_count()); ++atom) {
    if (maker.program.atom_predicate[atom] == 1) slots.atom.push_back(atom);
  }
  slots.begin.push_back(3);
  slots.functional.push_back(1);
  const Lowered lowered = lower(maker.program, find_functional_dependencies(maker.program, {-1, -1}), slots);
  lowered.graph.verify();
  REQUIRE(lowered.graph.slice_position.size() == 1);
  CHECK(lowered.graph.scope[lowered.graph.slice_position[0]] == lowered.graph.slot_variable[0]);
  CHECK(lowered.graph.slice_begin == std::vector<std::int32_t>{0, 3, 6, 9});
}

TEST_CASE("a value that two rules may give at once is no functional dependency") {
  GroundMaker maker;
  const std::int32_t x = maker.choice(1, true), y = maker.choice(1, true), p = maker.predicate("p", 1);
  const AtomId one = maker.atom(p, {1}), two = maker.atom(p, {2});
  maker.rule(one, {literal(maker.takes(x, 0), false)});
  maker.rule(two, {literal(maker.takes(y, 0), false)});
  const FunctionalDependencies dependencies = find_functional_dependencies(maker.program, {-1});
  CHECK(dependencies.value_position[0] == -1);
  CHECK(dependencies.conflict_first[0] == one);
  CHECK(dependencies.conflict_second[0] == two);
  check_faithful(maker.program);
}

TEST_CASE("a literal and its negation exclude each other") {
  GroundMaker maker;
  const std::int32_t x = maker.choice(1, true), y = maker.choice(2, true), p = maker.predicate("p", 1);
  const AtomId one = maker.atom(p, {1}), two = maker.atom(p, {2});
  maker.rule(one, {literal(maker.takes(x, 0), false), literal(maker.takes(y, 1), true)});
  maker.rule(two, {literal(maker.takes(x, 0), true)});
  CHECK(find_functional_dependencies(maker.program, {-1}).value_position[0] == 0);
  check_faithful(maker.program);
}

TEST_CASE("wide disjunctions and conjunctions become chains") {
  GroundMaker maker;
  const std::int32_t p = maker.predicate("p", 0), q = maker.predicate("q", 0), r = maker.predicate("r", 0);
  const AtomId any = maker.atom(p, {}), all = maker.atom(q, {}), not_any = maker.atom(r, {});
  std::vector<Literal> body;
  for (int i = 0; i < 14; ++i) {
    const std::int32_t c = maker.choice(1, true);
    body.push_back(literal(maker.takes(c, 0), i % 3 == 0));
    maker.rule(any, {body.back()});
  }
  maker.rule(all, body);
  maker.rule(not_any, {literal(any, true)});
  check_faithful(maker.program);
}

TEST_CASE("positive cycles are refused") {
  GroundMaker maker;
  const std::int32_t x = maker.choice(1, true), p = maker.predicate("p", 1);
  const AtomId a = maker.atom(p, {1}), b = maker.atom(p, {2});
  maker.rule(a, {literal(b, false)});
  maker.rule(b, {literal(a, false)});
  maker.rule(a, {literal(maker.takes(x, 0), false)});
  try {
    lower(maker.program, find_functional_dependencies(maker.program, {-1}), {});
    FAIL("a cycle was lowered");
  } catch (const NotLowerable& error) {
    CHECK(error.reason == NotLowerable::Reason::Cycle);
    CHECK(error.atoms == std::vector<AtomId>{a, b});
  }
}

TEST_CASE("random programs keep their worlds") {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 300; ++round) {
    GroundMaker maker;
    std::vector<AtomId> atoms;
    const int choices = 2 + below(3);
    for (int c = 0; c < choices; ++c) {
      const int alternatives = 1 + below(3);
      const std::int32_t id = maker.choice(alternatives, alternatives == 1 || below(2) == 0);
      for (int k = 0; k < alternatives; ++k) atoms.push_back(maker.takes(id, k));
    }
    const std::int32_t p = maker.predicate("p", 2);
    const auto some_body = [&](std::size_t known) {
      std::vector<Literal> body;
      for (int i = 1 + below(3); i > 0; --i) {
        const AtomId atom = atoms[static_cast<std::size_t>(below(static_cast<int>(known)))];
        bool repeated = false;
        for (const Literal lit : body) repeated = repeated || literal_atom(lit) == atom;
        if (!repeated) body.push_back(literal(atom, below(3) == 0));
      }
      return body;
    };
    for (int d = 0, derived = 1 + below(8); d < derived; ++d) {
      const std::size_t known = atoms.size();
      const AtomId atom = maker.atom(p, {d / 2, d % 2});
      for (int r = 1 + below(3); r > 0; --r) maker.rule(atom, some_body(known));
      atoms.push_back(atom);
    }
    for (int c = below(3); c > 0; --c) maker.constraint(some_body(atoms.size()));
    check_faithful(maker.program);
  }
}
