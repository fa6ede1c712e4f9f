// Belief propagation on graphs with loops.
#include <catch2/catch.hpp>

#include "rings.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

constexpr Schedule every_schedule[] = {Schedule::Sequential, Schedule::Flooding, Schedule::Residual};

double worst_difference(const Problem& p, const Exact& exact, const Answers<double>& a) {
  double worst = 0;
  for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
    for (int k = 0; k < 3; ++k) worst = std::max(worst, std::fabs(a.posterior[0][3 * c + k] - exact.marginal[c][k]));
  }
  return worst;
}

}  // namespace

TEST_CASE("a weakly coupled ring comes close to enumeration, under every schedule") {
  Random random(21);
  for (const Schedule schedule : every_schedule) {
    for (int i = 0; i < 20; ++i) {
      const Problem p = ring(6, true, 1.5, random);
      const BeliefPropagation engine(p.graph, p.layout);
      CHECK_FALSE(engine.exact());
      Options options;
      options.schedule = schedule;
      options.tolerance = 1e-10;
      options.damping = i % 2 == 0 ? 0.0 : 0.3;
      const auto a = answer<double>(engine, p, 1, options);
      const Exact exact = solve(p);
      CHECK(a.converged[0] == 1);
      CHECK(a.residual[0] <= 1e-10);
      CHECK(a.iterations[0] > 1);
      CHECK(worst_difference(p, exact, a) < 2e-3);
      CHECK(a.log_evidence[0] == Approx(std::log(exact.total)).margin(2e-3));
    }
  }
}

TEST_CASE("iterations stop at their limit and say so") {
  Random random(22);
  const Problem p = ring(6, true, 20, random);
  const BeliefPropagation engine(p.graph, p.layout);
  Options options;
  options.max_iterations = 2;
  options.tolerance = 1e-12;
  for (const Schedule schedule : every_schedule) {
    options.schedule = schedule;
    const auto a = answer<float>(engine, p, 1, options);
    CHECK(a.converged[0] == 0);
    CHECK(a.iterations[0] == 2);
    CHECK(a.residual[0] > 1e-12f);
  }
}

TEST_CASE("where evidence or a one-valued hub breaks the loop, Bethe log-evidence is exact") {
  Random random(23);
  for (int i = 0; i < 30; ++i) {
    Problem p = ring(5, true, 3.0, random);
    GraphMaker maker;
    maker.graph = p.graph;
    maker.value_slot(2);
    p.graph = maker.graph;
    p.labels = {i % 3};
    const BeliefPropagation engine(p.graph, p.layout);
    CHECK_FALSE(engine.exact());  // the label may be missing
    Options options;
    options.tolerance = 1e-13;
    for (const Schedule schedule : every_schedule) {
      options.schedule = schedule;
      const auto a = answer<double>(engine, p, 1, options);
      const Exact exact = solve(p);
      CHECK(a.converged[0] == 1);
      CHECK(worst_difference(p, exact, a) < 1e-9);
      CHECK(a.log_evidence[0] == Approx(std::log(exact.total)).epsilon(1e-9));
    }
  }
}

TEST_CASE("a loop fixed at one place by the program is solved exactly") {
  Random random(24);
  Problem p = ring(5, true, 3.0, random);
  GraphMaker maker;
  maker.graph = p.graph;
  maker.fixed(1, {0, 0, 1});
  p.graph = maker.graph;
  const BeliefPropagation engine(p.graph, p.layout);
  CHECK(engine.exact());
  const Exact exact = solve(p);
  const auto a = answer<double>(engine, p);
  CHECK(worst_difference(p, exact, a) < 1e-12);
  CHECK(a.log_evidence[0] == Approx(std::log(exact.total)).epsilon(1e-12));
}

TEST_CASE("random loopy graphs: answers are finite, normalised, and mostly near enumeration") {
  Random random(25);
  Shape shape;
  shape.loops = true;
  shape.positive = true;
  int loopy = 0, near = 0;
  for (int i = 0; loopy < 150; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    if (engine.exact()) continue;
    ++loopy;
    const Exact exact = solve(p);
    Options options;
    options.schedule = every_schedule[i % 3];
    const auto a = answer<double>(engine, p, 1, options);
    REQUIRE(a.possible[0] == (exact.total > 0));
    for (const auto& block : a.posterior) {
      for (const double x : block) REQUIRE((x >= 0 && x <= 1));
    }
    REQUIRE(std::isfinite(a.log_evidence[0]));
    if (exact.total > 0) near += std::fabs(a.log_evidence[0] - std::log(exact.total)) < 0.05;
  }
  CHECK(near > 120);
}

TEST_CASE("contradictions in loopy graphs give no NaN") {
  Random random(26);
  Shape shape;
  shape.loops = true;
  shape.extremes = true;
  int impossible = 0;
  for (int i = 0; i < 300; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    const Exact exact = solve(p);
    Options options;
    options.schedule = every_schedule[i % 3];
    const auto a = answer<float>(engine, p, 1, options);
    if (exact.total > 0) REQUIRE(a.possible[0] == 1);  // messages of zero are proofs
    if (exact.total == 0 && engine.exact()) REQUIRE(a.possible[0] == 0);
    impossible += a.possible[0] == 0;
    for (const auto& block : a.posterior) {
      for (const float x : block) REQUIRE((x >= 0 && x <= 1));
    }
    REQUIRE(std::isfinite(a.log_evidence[0]));
    REQUIRE(std::isfinite(a.residual[0]));
  }
  CHECK(impossible > 10);
}

TEST_CASE("max-product on a loopy graph with a clear optimum decodes it") {
  Random random(27);
  int right = 0;
  for (int i = 0; i < 30; ++i) {
    const Problem p = ring(6, true, 1.3, random);
    const BeliefPropagation engine(p.graph, p.layout);
    Options options;
    options.task = Task::Map;
    const auto a = answer<double>(engine, p, 1, options);
    double best = 0;
    enumerate(p, [&](const auto& values, double weight) {
      for (std::int32_t c = 0; c < 6; ++c) {
        if (a.posterior[0][3 * c + values[c]] != 1) return;
      }
      best = std::max(best, weight);
    });
    right += best > 0.999 * solve(p).best;
  }
  CHECK(right >= 27);
}
