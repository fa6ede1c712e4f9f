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

TEST_CASE("values that no rule tells apart do not make a table too large") {
  GroundMaker maker;
  const std::int32_t a = maker.choice(70, false), b = maker.choice(70, true), p = maker.predicate("p", 1);
  for (std::int32_t x = 0; x < 5; ++x) {
    for (std::int32_t y = 0; y < 4; ++y) {
      maker.rule(maker.atom(p, {x + y}), {literal(maker.takes(a, 10 * x), false), literal(maker.takes(b, 69 - y), false)});
    }
  }
  maker.rule(maker.atom(p, {8}), {literal(maker.takes(a, 69), false), literal(maker.takes(b, 3), true)});
  const FunctionalDependencies dependencies = find_functional_dependencies(maker.program, {-1});
  REQUIRE(dependencies.group_count() == 1);
  const FactorGraph graph = lower(maker.program, dependencies, {}).graph;
  CHECK(graph.is_forest());
  CHECK(graph.factor_count() == 3);  // which of the values it is, twice, and their sum
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

namespace {

// `size` x `size` grid of digits, and "two cells of a row or column, or box, have the same digit".
struct Latin {
  GroundMaker maker;
  AtomId conflict, valid;

  explicit Latin(std::int32_t size, std::int32_t box) {
    const std::int32_t p = maker.predicate("conflict", 0), q = maker.predicate("valid", 0);
    conflict = maker.atom(p, {});
    valid = maker.atom(q, {});
    std::vector<std::int32_t> cells;
    for (std::int32_t i = 0; i < size * size; ++i) cells.push_back(maker.choice(size, false));
    for (std::int32_t a = 0; a < size * size; ++a) {
      for (std::int32_t b = a + 1; b < size * size; ++b) {
        const std::int32_t r1 = a / size, c1 = a % size, r2 = b / size, c2 = b % size;
        const bool same_box = r1 / box == r2 / box && c1 / box == c2 / box;
        if (r1 != r2 && c1 != c2 && !same_box) continue;
        for (std::int32_t d = 0; d < size; ++d) {
          maker.rule(conflict, {literal(maker.takes(cells[a], d), false), literal(maker.takes(cells[b], d), false)});
        }
      }
    }
    maker.rule(valid, {literal(conflict, true)});
  }

  Lowered lowered(const EvidenceSlots& slots) const {
    return lower(maker.program, find_functional_dependencies(maker.program, {-1, -1}), slots);
  }
};

EvidenceSlots observe(AtomId atom) {
  EvidenceSlots slots;
  slots.atom = {atom};
  slots.begin.push_back(1);
  slots.functional.push_back(0);
  return slots;
}

std::size_t count(const FactorGraph& graph, FactorKind kind) {
  return static_cast<std::size_t>(std::count(graph.factor_kind.begin(), graph.factor_kind.end(), kind));
}

}  // namespace

TEST_CASE("a sudoku becomes its rows, columns and boxes behind a gate") {
  for (const std::int32_t size : {4, 9}) {
    const Latin sudoku(size, size == 4 ? 2 : 3);
    const Lowered lowered = sudoku.lowered(observe(sudoku.valid));
    const FactorGraph& g = lowered.graph;
    g.verify();
    CHECK(g.factor_count() == static_cast<std::size_t>(3 * size));
    CHECK(count(g, FactorKind::AllDifferent) == g.factor_count());
    CHECK(std::count(g.gated.begin(), g.gated.end(), 1) == 3 * size);
    CHECK(g.gate_variable == lowered.atom_variable[sudoku.valid]);
    CHECK(lowered.atom_variable[sudoku.conflict] == -1);
    std::vector<std::vector<std::int32_t>> found, expected;
    for (std::size_t f = 0; f < g.factor_count(); ++f) {
      found.emplace_back(g.scope.begin() + g.scope_begin[f], g.scope.begin() + g.scope_begin[f + 1]);
    }
    const std::int32_t box = size == 4 ? 2 : 3;
    for (std::int32_t i = 0; i < size; ++i) {
      std::vector<std::int32_t> row, column, square;
      for (std::int32_t j = 0; j < size; ++j) {
        row.push_back(i * size + j);
        column.push_back(j * size + i);
        square.push_back((i / box * box + j / box) * size + i % box * box + j % box);
      }
      expected.insert(expected.end(), {row, column, square});
    }
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    CHECK(found == expected);
  }
}

TEST_CASE("the negation may be what is observed, or evidence, or a constraint") {
  Latin sudoku(4, 2);
  const Lowered by_conflict = sudoku.lowered(observe(sudoku.conflict));  // used by valid as well: no gate
  CHECK(by_conflict.graph.gate_variable == -1);
  Latin stated(4, 2);
  stated.maker.program.evidence.push_back(literal(stated.valid, false));
  const FactorGraph evidence = stated.lowered({}).graph;
  CHECK(evidence.gate_variable == -1);
  CHECK(count(evidence, FactorKind::AllDifferent) == 12);
  Latin constrained(4, 2);
  constrained.maker.constraint({literal(constrained.valid, true)});
  CHECK(count(constrained.lowered({}).graph, FactorKind::AllDifferent) == 12);
}

TEST_CASE("recognition off: tables, and no gate") {
  const Latin sudoku(4, 2);
  const FactorGraph g =
      lower(sudoku.maker.program, find_functional_dependencies(sudoku.maker.program, {-1, -1}), observe(sudoku.valid), false, false)
          .graph;
  CHECK(count(g, FactorKind::Table) == g.factor_count());
  CHECK(g.gate_variable == -1);
}

TEST_CASE("a gate over three by three cells keeps its worlds") {
  Latin latin(3, 1);
  latin.maker.program.queries.push_back(latin.valid);
  const Lowered lowered = latin.lowered(observe(latin.valid));
  CHECK(lowered.graph.gate_variable >= 0);
  check_faithful(latin.maker.program);
}

TEST_CASE("constraints that two choices differ, up to the names of their values, are found and keep their worlds") {
  std::mt19937 random(5);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::size_t different = 0, pairs = 0, equal = 0;
  for (int round = 0; round < 200; ++round) {
    GroundMaker maker;
    const int choices = 3 + below(3), symbols = 3 + below(2);
    std::vector<std::vector<int>> symbol;  // of a choice's alternatives, or -1
    for (int c = 0; c < choices; ++c) {
      const bool none = below(4) == 0;
      maker.choice(symbols - (none ? 1 : 0), none);
      symbol.emplace_back();
      for (int k = 0; k < symbols - (none ? 1 : 0); ++k) symbol.back().push_back((k + c) % symbols);
      if (below(3) == 0) symbol.back()[static_cast<std::size_t>(below(static_cast<int>(symbol.back().size())))] = -1;
    }
    const bool same = below(4) == 0;
    for (int a = 0; a < choices; ++a) {
      for (int b = a + 1; b < choices; ++b) {
        if (below(4) == 0) continue;
        for (std::size_t x = 0; x < symbol[static_cast<std::size_t>(a)].size(); ++x) {
          for (std::size_t y = 0; y < symbol[static_cast<std::size_t>(b)].size(); ++y) {
            const int u = symbol[static_cast<std::size_t>(a)][x], v = symbol[static_cast<std::size_t>(b)][y];
            if (same ? u == v && u >= 0 : u != v || u < 0) continue;
            maker.constraint({literal(maker.takes(a, static_cast<std::int32_t>(x)), false),
                              literal(maker.takes(b, static_cast<std::int32_t>(y)), false)});
          }
        }
      }
    }
    check_faithful(maker.program);
    const FactorGraph g = lower(maker.program, find_functional_dependencies(maker.program, {}), {}).graph;
    different += count(g, FactorKind::AllDifferent);
    pairs += count(g, FactorKind::NotEqual);
    equal += count(g, FactorKind::Equal);
  }
  CHECK(different > 50);
  CHECK(pairs > 20);
  CHECK(equal > 5);
}

TEST_CASE("noisy-or is one factor of causes and choices") {
  GroundMaker maker;
  const AtomId effect = maker.atom(maker.predicate("effect", 0), {});
  for (int i = 0; i < 8; ++i) {
    const std::int32_t cause = maker.choice(1, true), inhibitor = maker.choice(1, true);
    maker.rule(effect, {literal(maker.takes(cause, 0), false), literal(maker.takes(inhibitor, 0), false)});
  }
  const FactorGraph g = lower(maker.program, find_functional_dependencies(maker.program, {-1}), {}).graph;
  REQUIRE(g.factor_count() == 1);
  CHECK(g.factor_kind[0] == FactorKind::Disjunction);
  CHECK(g.parameter == std::vector<std::int32_t>(8, 2));
  CHECK(g.is_forest());
  check_faithful(maker.program);
}
