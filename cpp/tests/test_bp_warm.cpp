// Loopy messages that a later call starts from.
#include <catch2/catch.hpp>

#include "batches.hpp"
#include "bp/bundle_api.hpp"
#include "rings.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

template <typename Real>
std::vector<int> lanes() {
  std::vector<int> found{0};
  for (const auto& backend : bp::lane_backends<Real>()) found.push_back(backend.width);
  return found;
}

template <typename Real>
double furthest(const std::vector<Real>& a, const std::vector<Real>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

// A call that starts from `messages` (empty: afresh) and leaves there where it ended.
template <typename Real>
Answers<Real> go_on(const BeliefPropagation& engine, const Batch& batch, const Options& options, std::vector<Real>& messages) {
  std::vector<Real> end(batch.size * engine.message_count(), Real(-1));
  const auto a = answer<Real>(engine, batch, options, {messages.empty() ? nullptr : messages.data(), end.data()});
  messages = end;
  return a;
}

// Choices of three values that must be equal, in a ring.
Problem equal_ring(int length) {
  GraphMaker maker;
  Problem p;
  for (int i = 0; i < length; ++i) maker.choice(3);
  for (int i = 0; i < length; ++i) maker.factor({i, (i + 1) % length}, {{0, 0}, {1, 1}, {2, 2}});
  p.graph = maker.graph;
  p.layout.block_size = {3 * length};
  for (int i = 0; i < length; ++i) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(3 * i);
    p.layout.stride.push_back(1);
  }
  p.priors = {std::vector<double>(3 * length, 1.0 / 3)};
  return p;
}

template <typename Real>
void from_the_fixed_point(double near) {
  Random random(51);
  for (const Schedule schedule : {Schedule::Sequential, Schedule::Flooding, Schedule::Residual}) {
    for (const int width : lanes<Real>()) {
      const Problem p = ring(7, true, 2.0, random);
      const BeliefPropagation engine(p.graph, p.layout);
      const Batch batch = make_batch(p, 21, random, false);
      Options options;
      options.schedule = schedule;
      options.lanes = width;
      std::vector<Real> messages;
      const auto cold = go_on(engine, batch, options, messages);
      const auto warm = go_on(engine, batch, options, messages);
      for (std::int64_t e = 0; e < batch.size; ++e) {
        CHECK(cold.iterations[e] > 2);
        CHECK(warm.iterations[e] <= 2);
        CHECK(warm.converged[e] == 1);
      }
      CHECK(furthest(cold.posterior[0], warm.posterior[0]) < near);
      CHECK(furthest(cold.log_evidence, warm.log_evidence) < near);
    }
  }
}

}  // namespace

TEST_CASE("from the fixed point two iterations are enough, and the answer is the same") {
  from_the_fixed_point<double>(1e-5);
  from_the_fixed_point<float>(1e-5);
}

TEST_CASE("two halves of a run are the run, to the bit") {
  Random random(52);
  for (int i = 0; i < 10; ++i) {
    const Problem p = ring(uniform(random, 3, 8), true, 6.0, random);
    const BeliefPropagation engine(p.graph, p.layout);
    const Batch batch = make_batch(p, 19, random, false);
    for (const int width : lanes<double>()) {
      INFO("problem " << i << ", width " << width);
      Options options;
      options.lanes = width;
      options.tolerance = 0;
      options.schedule = i % 2 == 0 ? Schedule::Sequential : Schedule::Flooding;
      options.damping = i % 3 == 0 ? 0.25 : 0.0;
      const int half = 4;  // sweeps go there and back: a run starts with one there
      std::vector<double> whole, halves;
      options.max_iterations = 2 * half;
      const auto once = go_on(engine, batch, options, whole);
      options.max_iterations = half;
      go_on(engine, batch, options, halves);
      const auto twice = go_on(engine, batch, options, halves);
      CHECK(halves == whole);
      CHECK(twice.posterior == once.posterior);
      CHECK(twice.log_evidence == once.log_evidence);
    }
  }
}

TEST_CASE("what earlier priors ruled out, later ones may allow") {
  Random random(53);
  const Problem p = equal_ring(5);
  const BeliefPropagation engine(p.graph, p.layout);
  Batch batch = make_batch(p, 18, random, false);
  for (const int width : lanes<float>()) {
    Options options;
    options.lanes = width;
    options.max_iterations = 400;
    Batch narrow = batch;
    for (std::int64_t e = 0; e < batch.size; ++e) {
      for (int k = 0; k < 3; ++k) narrow.priors[0][e * 15 + k] = k == e % 3 ? 0.0 : 0.5;
    }
    std::vector<float> messages;
    const auto first = go_on(engine, narrow, options, messages);
    for (std::int64_t e = 0; e < batch.size; ++e) {
      CHECK(first.posterior[0][e * 15 + e % 3] == 0);
      // Now this value is all but certain.
      for (int k = 0; k < 15; ++k) batch.priors[0][e * 15 + k] = k % 3 == e % 3 ? 0.98 : 0.01;
    }
    const auto warm = go_on(engine, batch, options, messages);
    for (std::int64_t e = 0; e < batch.size; ++e) {
      CHECK(warm.possible[e] == 1);
      CHECK(warm.posterior[0][e * 15 + e % 3] > 0.99f);
    }
  }
}

TEST_CASE("messages of other priors and labels never make evidence impossible") {
  Random random(54);
  Shape shape;
  shape.loops = true;
  int loopy = 0, impossible = 0;
  for (int i = 0; loopy < 60; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    if (engine.exact()) {
      CHECK(engine.message_count() == 0);
      continue;
    }
    ++loopy;
    const Batch first = make_batch(p, 20, random, true), second = make_batch(p, 20, random, true);
    for (const int width : lanes<float>()) {
      Options options;
      options.lanes = width;
      std::vector<float> messages;
      go_on(engine, first, options, messages);
      for (const float x : messages) REQUIRE((x >= 0 && x <= 1.001f));
      const auto warm = go_on(engine, second, options, messages);
      for (const float x : messages) REQUIRE((x >= 0 && x <= 1.001f));
      for (std::int64_t e = 0; e < second.size; ++e) {
        if (solve(second.example(e)).total > 0) REQUIRE(warm.possible[e] == 1);
        impossible += warm.possible[e] == 0;
      }
      for (const auto& block : warm.posterior) {
        for (const float x : block) REQUIRE((x >= 0 && x <= 1));
      }
    }
  }
  CHECK(impossible > 50);
}

TEST_CASE("behind a gate, each of the two graphs goes on from its own messages") {
  // A ring of choices, and a gate on the pairs of neighbours of another ring that must differ.
  Random random(55);
  Problem p = ring(5, true, 2.0, random);
  GraphMaker maker;
  maker.graph = p.graph;
  const std::int32_t gate = maker.cell(2);
  maker.value_slot(gate);
  std::vector<std::vector<std::int32_t>> differ;
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 3; ++b) {
      if (a != b) differ.push_back({a, b});
    }
  }
  const auto ungated = static_cast<std::int32_t>(maker.graph.factor_count());
  for (int i = 0; i < 5; ++i) maker.factor({i, (i + 2) % 5}, differ);
  p.graph = maker.graph;
  p.graph.gate_variable = gate;
  p.graph.tuple_weight.resize(p.graph.tuple_begin.back(), 1.0);
  p.graph.gated.assign(ungated, 0);
  p.graph.gated.resize(p.graph.factor_count(), 1);
  p.labels = {-1};
  const BeliefPropagation engine(p.graph, p.layout);
  REQUIRE_FALSE(engine.exact());
  Batch batch = make_batch(p, 12, random, false);
  for (std::int64_t e = 0; e < batch.size; ++e) batch.labels[e] = static_cast<std::int32_t>(e % 3) - 1;
  std::vector<double> messages;
  Options options;
  options.damping = 0.3;
  const auto cold = go_on(engine, batch, options, messages);
  for (const double x : messages) REQUIRE((x >= 0 && x <= 1));
  const auto warm = go_on(engine, batch, options, messages);
  for (std::int64_t e = 0; e < batch.size; ++e) {
    INFO("example " << e);
    REQUIRE(cold.converged[e] == 1);
    CHECK(cold.iterations[e] > 4);
    CHECK(warm.iterations[e] <= 4);
  }
  CHECK(furthest(cold.log_evidence, warm.log_evidence) < 1e-4);
}
