// Gates: evidence on a conjunction of factors and on its negation, against enumeration.
#include <catch2/catch.hpp>

#include "oracle.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

// A random forest, or graph with loops, some of whose factors are gated, with a slot and two queries about the gate.
Problem gated_problem(Random& random, bool extremes, bool loops = false) {
  Shape shape;
  shape.loops = loops;
  shape.structured = true;
  shape.weights = false;
  shape.extremes = extremes;
  Problem p = random_problem(random, shape);
  FactorGraph& g = p.graph;
  g.gate_variable = static_cast<std::int32_t>(g.variable_count());
  g.cardinality.push_back(2);
  g.variable_name.push_back("gate");
  for (std::size_t f = 0; f < g.factor_count(); ++f) g.gated.push_back(coin(random, 0.4));
  // A cell in no factor but gated ones has no value where they do not count.
  for (std::int32_t v = g.choice_count; v < g.gate_variable; ++v) {
    for (std::size_t f = 0; f < g.factor_count(); ++f) {
      const auto first = g.scope.begin() + g.scope_begin[f], last = g.scope.begin() + g.scope_begin[f + 1];
      if (std::find(first, last, v) != last) g.gated[f] = 0;
    }
  }
  g.slot_variable.push_back(g.gate_variable);
  g.slot_label_count.push_back(2);
  g.slot_mask_begin.push_back(static_cast<std::int64_t>(g.slot_mask.size()));
  g.slot_mask.insert(g.slot_mask.end(), {1, 0, 0, 1});
  p.labels.push_back(uniform(random, -1, 1));
  for (const bool open : {false, true}) {
    g.query_variable.push_back(g.gate_variable);
    g.query_mask_begin.push_back(static_cast<std::int64_t>(g.query_mask.size()));
    g.query_mask.insert(g.query_mask.end(), {std::uint8_t(!open), std::uint8_t(open)});
  }
  return p;
}

template <typename Real>
void compare(const Problem& p, const Exact& exact, const Answers<Real>& a, double tolerance) {
  REQUIRE(a.possible[0] == (exact.total > 0));
  if (exact.total == 0) {
    CHECK(a.log_evidence[0] == static_cast<Real>(log_zero));
    for (std::size_t b = 0; b < p.priors.size(); ++b) {
      for (std::size_t i = 0; i < p.priors[b].size(); ++i) REQUIRE(a.posterior[b][i] == static_cast<Real>(p.priors[b][i]));
    }
    return;
  }
  REQUIRE(static_cast<double>(a.log_evidence[0]) == Approx(std::log(exact.total)).epsilon(tolerance).margin(tolerance));
  for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
    const std::int32_t block = p.layout.block[c];
    for (std::int32_t k = 0; k < p.graph.cardinality[c] - p.graph.choice_has_none[c]; ++k) {
      const Real found = a.posterior[block][p.layout.offset[c] + std::int64_t{k} * p.layout.stride[c]];
      REQUIRE(static_cast<double>(found) == Approx(exact.marginal[c][k]).margin(tolerance));
    }
  }
  for (std::size_t q = 0; q < exact.query.size(); ++q) {
    REQUIRE(static_cast<double>(a.query[q]) == Approx(exact.query[q]).margin(tolerance));
  }
}

}  // namespace

TEST_CASE("forests with a gate: open, shut and unobserved equal enumeration") {
  Random random(31);
  int counted[3] = {0, 0, 0};  // unobserved, shut, open
  for (int i = 0; counted[0] < 100 || counted[1] < 200 || counted[2] < 100; ++i) {
    INFO("problem " << i);
    const Problem p = gated_problem(random, false);
    REQUIRE_NOTHROW(p.graph.verify());
    const BeliefPropagation engine(p.graph, p.layout);
    REQUIRE(engine.exact());
    const Exact exact = solve(p);
    const bool any = std::count(p.graph.gated.begin(), p.graph.gated.end(), 1) > 0;
    counted[p.labels.back() + 1] += any && exact.total > 0;
    compare(p, exact, answer<double>(engine, p), 1e-8);
    compare(p, exact, answer<float>(engine, p), 1e-4);
  }
}

TEST_CASE("a gate that is all but certain keeps its precision where it is shut") {
  // Two choices of two values that are equal with probability 1 - d: given that they differ, each of the two ways has half.
  for (const double d : {1e-3, 1e-6, 1e-9}) {
    GraphMaker maker;
    maker.choice(2);
    maker.choice(2);
    const std::int32_t gate = maker.cell(2);
    maker.structured(FactorKind::Equal, {0, 1}, {{0, 1}, {0, 1}}, {2});
    maker.graph.gate_variable = gate;
    maker.graph.gated = {1};
    maker.value_slot(gate);
    Problem p;
    p.graph = maker.graph;
    p.layout = {{0, 0}, {0, 2}, {1, 1}, {4}};
    p.priors = {{1 - d, d, 1.0, 0.0}};
    p.labels = {0};
    const BeliefPropagation engine(p.graph, p.layout);
    const auto a = answer<double>(engine, p);
    REQUIRE(a.possible[0] == 1);
    CHECK(a.log_evidence[0] == Approx(std::log(d)).epsilon(1e-5));
    CHECK(a.posterior[0][1] == Approx(1.0).epsilon(1e-5));
    p.priors = {{1.0, 0.0, 1.0, 0.0}};
    CHECK(answer<double>(engine, p).possible[0] == 0);
    CHECK(answer<float>(engine, p).possible[0] == 0);
  }
}

TEST_CASE("a batch of open, shut and unobserved examples, decoded, sampled, with any number of threads") {
  Random random(32);
  for (const Task task : {Task::Marginals, Task::Map, Task::Sample}) {
    for (int i = 0; i < 20; ++i) {
      const Problem p = gated_problem(random, false);
      const BeliefPropagation engine(p.graph, p.layout);
      Options options;
      options.task = task;
      const auto one = answer<float>(engine, p, 60, options);
      options.threads = 3;
      const auto many = answer<float>(engine, p, 60, options);
      CHECK(one.posterior == many.posterior);
      CHECK(one.query == many.query);
      CHECK(one.log_evidence == many.log_evidence);
    }
  }
}

TEST_CASE("graphs with a gate and small loops: clustered in either form, they equal enumeration") {
  Random random(33);
  int counted[3] = {0, 0, 0};  // unobserved, shut, open
  for (int i = 0; counted[0] < 50 || counted[1] < 100 || counted[2] < 50; ++i) {
    INFO("problem " << i);
    const Problem p = gated_problem(random, false, true);
    const BeliefPropagation loops(p.graph, p.layout), engine(p.graph, p.layout, 1 << 20);
    if (loops.exact() || !engine.exact()) continue;
    const Exact exact = solve(p);
    const bool any = std::count(p.graph.gated.begin(), p.graph.gated.end(), 1) > 0;
    counted[p.labels.back() + 1] += any && exact.total > 0;
    compare(p, exact, answer<double>(engine, p), 1e-8);
  }
}
