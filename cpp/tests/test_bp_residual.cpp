// Messages in the order of their residuals.
#include <catch2/catch.hpp>

#include <numeric>

#include "bp/worker.hpp"
#include "batches.hpp"
#include "rings.hpp"

using namespace emnesy;
using namespace emnesy::tests;

TEST_CASE("the priority queue hands out what a sort would, equals by number") {
  Random random(41);
  for (int round = 0; round < 50; ++round) {
    const int count = uniform(random, 1, 40);
    std::vector<double> keys(count);
    for (double& key : keys) key = uniform(random, 0, 9);
    bp::PriorityQueue queue;
    queue.build(keys);
    for (int step = 0; step < 200; ++step) {
      const auto first = static_cast<std::int32_t>(std::max_element(keys.begin(), keys.end()) - keys.begin());
      REQUIRE(queue.top() == first);
      REQUIRE(queue.greatest() == keys[first]);
      const int item = coin(random, 0.5) ? first : uniform(random, 0, count - 1);
      keys[item] = uniform(random, 0, 9);
      queue.set(item, keys[item]);
      REQUIRE(queue.key(item) == keys[item]);
    }
  }
}

TEST_CASE("the residual schedule reaches the fixed point of the others") {
  Random random(42);
  for (int i = 0; i < 20; ++i) {
    const Problem p = ring(uniform(random, 3, 9), true, 2.0, random);
    const BeliefPropagation engine(p.graph, p.layout);
    Options options;
    options.tolerance = 1e-12;
    const auto a = answer<double>(engine, p, 1, options);
    options.schedule = Schedule::Residual;
    options.damping = i % 2 == 0 ? 0.0 : 0.4;
    const auto b = answer<double>(engine, p, 1, options);
    REQUIRE(a.converged[0] == 1);
    REQUIRE(b.converged[0] == 1);
    CHECK(b.residual[0] <= 1e-12);
    for (std::size_t k = 0; k < a.posterior[0].size(); ++k) CHECK(std::fabs(a.posterior[0][k] - b.posterior[0][k]) < 1e-10);
    CHECK(b.log_evidence[0] == Approx(a.log_evidence[0]).margin(1e-10));
  }
}

TEST_CASE("where little is unsettled, the residual schedule does little") {
  // Rings that settle in a few sweeps beside one that takes many.
  Random random(43);
  std::vector<Problem> rings;
  for (int i = 0; i < 12; ++i) rings.push_back(ring(6, true, i == 0 ? 3.0 : 1.02, random));
  const Problem p = side_by_side(rings);
  const BeliefPropagation engine(p.graph, p.layout);
  Options options;
  options.tolerance = 1e-9;
  const auto sequential = answer<double>(engine, p, 1, options);
  options.schedule = Schedule::Flooding;
  const auto flooding = answer<double>(engine, p, 1, options);
  options.schedule = Schedule::Residual;
  const auto residual = answer<double>(engine, p, 1, options);
  CHECK(residual.converged[0] == 1);
  CHECK(residual.iterations[0] < sequential.iterations[0]);
  CHECK(residual.iterations[0] < flooding.iterations[0]);
}

TEST_CASE("the residual schedule takes every example by itself, whatever the batch and the threads") {
  Random random(44);
  const Problem p = ring(5, true, 4.0, random);
  const BeliefPropagation engine(p.graph, p.layout);
  const Batch batch = make_batch(p, 40, random, false);
  Options options;
  options.schedule = Schedule::Residual;
  const auto together = answer<float>(engine, batch, options);
  options.threads = 3;
  const auto threads = answer<float>(engine, batch, options);
  CHECK(threads.posterior == together.posterior);
  CHECK(threads.iterations == together.iterations);
  for (std::int64_t e = 0; e < batch.size; ++e) {
    const auto alone = answer<float>(engine, batch.example(e), 1, options);
    CHECK(alone.iterations[0] == together.iterations[e]);
    CHECK(alone.log_evidence[0] == together.log_evidence[e]);
  }
}
