// Worlds decoded and sampled from loopy beliefs, against enumeration.
#include <catch2/catch.hpp>

#include <map>

#include "batches.hpp"
#include "compare.hpp"
#include "rings.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

// The most probable completion's weight of a world of choices; 0: impossible.
double weight_of(const Problem& p, const std::vector<std::int32_t>& choices) {
  double best = 0;
  enumerate(p, [&](const auto& values, double weight) {
    if (std::equal(choices.begin(), choices.end(), values.begin())) best = std::max(best, weight);
  });
  return best;
}

struct Counted : Answers<double> {
  std::uint8_t consistent = 2;
};

Counted decoded(const BeliefPropagation& engine, const Problem& p, const Options& options) {
  Counted a;
  std::vector<PriorBlock<double>> in;
  std::vector<PosteriorBlock<double>> out;
  for (const auto& block : p.priors) a.posterior.emplace_back(block.size(), -1.0);
  for (std::size_t b = 0; b < p.priors.size(); ++b) {
    in.push_back({p.priors[b].data(), 0});
    out.push_back({a.posterior[b].data(), static_cast<std::int64_t>(p.priors[b].size())});
  }
  a.possible.resize(1);
  ExampleResults<double> results;
  results.possible = a.possible.data();
  results.consistent = &a.consistent;
  engine.run<double>(in, 1, {p.labels.data(), 0}, options, out, results);
  return a;
}

// Three colours on the edges of a graph.
Problem colouring(int nodes, const std::vector<std::pair<int, int>>& edges, Random& random) {
  GraphMaker maker;
  Problem p;
  for (int i = 0; i < nodes; ++i) maker.choice(3);
  for (const auto& [a, b] : edges) maker.factor({a, b}, {{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 0}, {2, 1}});
  p.graph = maker.graph;
  p.layout.block_size = {3 * nodes};
  p.priors.emplace_back(3 * nodes, 0.0);
  for (int i = 0; i < nodes; ++i) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(3 * i);
    p.layout.stride.push_back(1);
  }
  redraw(p, random, false);
  return p;
}

}  // namespace

TEST_CASE("worlds of random loopy graphs are possible where they say so, and nearly always are") {
  Random random(61);
  Shape shape;
  shape.loops = true;
  int loopy = 0, found = 0, best = 0, solvable = 0;
  for (int i = 0; loopy < 200; ++i) {
    INFO("problem " << i);
    Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    if (engine.exact()) continue;
    ++loopy;
    const Exact exact = solve(p);
    for (const Task task : {Task::Map, Task::Sample}) {
      Options options;
      options.task = task;
      options.seed = 7;
      options.max_iterations = 50;
      const Counted a = decoded(engine, p, options);
      if (exact.total == 0) {
        CHECK(a.consistent == 0);
        continue;
      }
      REQUIRE(a.possible[0] == 1);
      const double weight = weight_of(p, world_of(p, a));
      CHECK((a.consistent == 1) == (weight > 0));
      ++solvable;
      found += weight > 0;
      if (task == Task::Map) best += weight > exact.best * (1 - 1e-9);
    }
  }
  CHECK(solvable > 100);
  CHECK(found == solvable);  // so small that taking back is a search
  CHECK(best > 0.9 * solvable / 2);
}

TEST_CASE("hard constraints with many solutions and ties: a proper colouring") {
  Random random(62);
  for (const bool tied : {false, true}) {
    std::vector<std::pair<int, int>> edges;
    const int side = 5;
    for (int i = 0; i < side; ++i) {
      for (int j = 0; j < side; ++j) {
        edges.push_back({i * side + j, i * side + (j + 1) % side});
        edges.push_back({i * side + j, (i + 1) % side * side + j});
      }
    }
    Problem p = colouring(side * side, edges, random);
    if (tied) std::fill(p.priors[0].begin(), p.priors[0].end(), 1.0 / 3);
    const BeliefPropagation engine(p.graph, p.layout);
    for (const Task task : {Task::Map, Task::Sample}) {
      Options options;
      options.task = task;
      const Counted a = decoded(engine, p, options);
      CHECK(a.consistent == 1);
      const auto world = world_of(p, a);
      for (const auto& [x, y] : edges) CHECK(world[x] != world[y]);
      options.threads = 2;
      CHECK(decoded(engine, p, options).posterior == a.posterior);
    }
  }
}

TEST_CASE("samples of a weakly coupled ring are distributed nearly as the posterior") {
  Random random(63);
  const Problem p = ring(4, true, 2.0, random);
  const BeliefPropagation engine(p.graph, p.layout);
  std::map<std::vector<std::int32_t>, double> expected;
  const Exact exact = solve(p);
  enumerate(p, [&](const auto& values, double weight) { expected[values] += weight / exact.total; });
  const std::int64_t count = 20000;
  Options options;
  options.task = Task::Sample;
  options.seed = 3;
  options.tolerance = 1e-4;
  const auto a = answer<float>(engine, p, count, options);
  std::map<std::vector<std::int32_t>, double> share;
  for (std::int64_t e = 0; e < count; ++e) {
    std::vector<std::int32_t> world;
    for (int c = 0; c < 4; ++c) {
      const float* row = a.posterior[0].data() + 12 * e + 3 * c;
      world.push_back(static_cast<std::int32_t>(std::max_element(row, row + 3) - row));
    }
    share[world] += 1.0 / static_cast<double>(count);
  }
  double distance = 0, by_itself = 0;
  for (const auto& [world, probability] : expected) {
    distance += std::fabs(probability - share[world]) / 2;
    double product = 1;
    for (int c = 0; c < 4; ++c) product *= exact.marginal[c][world[c]];
    by_itself += std::fabs(probability - product) / 2;
  }
  CHECK(distance < 0.05);   // 20,000 exact samples over 81 worlds: about 0.02
  CHECK(by_itself > 0.1);   // what drawing every choice by itself would give
}

TEST_CASE("a contradiction that only search can find is reported") {
  // Four mutually different nodes and three colours.
  Random random(64);
  const Problem p = colouring(4, {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}, random);
  const BeliefPropagation engine(p.graph, p.layout);
  for (const Task task : {Task::Map, Task::Sample}) {
    Options options;
    options.task = task;
    const Counted a = decoded(engine, p, options);
    CHECK(a.consistent == 0);
    CHECK_NOTHROW(world_of(p, a));  // one-hot all the same
  }
}
