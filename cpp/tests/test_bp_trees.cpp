// Belief propagation on random forests against enumeration.
#include <catch2/catch.hpp>

#include <array>
#include <map>

#include "compare.hpp"

using namespace emnesy;
using namespace emnesy::tests;

TEST_CASE("marginals, log-evidence and queries of random forests equal enumeration") {
  Random random(1);
  int possible = 0;
  for (int i = 0; i < 600; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, Shape{});
    REQUIRE_NOTHROW(p.graph.verify());
    const BeliefPropagation engine(p.graph, p.layout);
    REQUIRE(p.graph.is_forest());
    REQUIRE(engine.exact());
    const Exact exact = solve(p);
    possible += exact.total > 0;
    compare(p, exact, answer<double>(engine, p), 1e-9);
    compare(p, exact, answer<float>(engine, p), 1e-4);
  }
  CHECK(possible > 300);
}

TEST_CASE("random forests with structured factors equal enumeration") {
  Random random(21);
  for (const bool extremes : {false, true}) {
    Shape shape;
    shape.structured = true;
    shape.extremes = extremes;
    int counted = 0;  // those that are possible and have a structured factor
    for (int i = 0; counted < 500; ++i) {
      INFO("problem " << i);
      Problem p = random_problem(random, shape);
      for (auto& block : p.priors) {
        for (double& x : block) x = extremes ? static_cast<double>(static_cast<float>(x)) : x;
      }
      REQUIRE_NOTHROW(p.graph.verify());
      const BeliefPropagation engine(p.graph, p.layout);
      REQUIRE(engine.exact());
      const Exact exact = solve(p);
      counted += exact.total > 0 && !p.graph.value_map.empty();
      compare(p, exact, answer<double>(engine, p), extremes ? 2e-7 : 1e-9);
      compare(p, exact, answer<float>(engine, p), 1e-4);
    }
  }
}

TEST_CASE("priors of zero, one and 1e-30 neither underflow nor give NaN") {
  Random random(2);
  Shape shape;
  shape.extremes = true;
  int possible = 0;
  for (int i = 0; i < 600; ++i) {
    INFO("problem " << i);
    Problem p = random_problem(random, shape);
    // What float makes of a prior is the prior, for both types; its sum is one only to 1e-7.
    for (auto& block : p.priors) {
      for (double& x : block) x = static_cast<double>(static_cast<float>(x));
    }
    const BeliefPropagation engine(p.graph, p.layout);
    const Exact exact = solve(p);
    possible += exact.total > 0;
    compare(p, exact, answer<double>(engine, p), 2e-7);
    compare(p, exact, answer<float>(engine, p), 1e-4);
  }
  CHECK(possible > 200);
}

TEST_CASE("elements that no choice uses keep their prior") {
  Random random(3);
  for (int i = 0; i < 50; ++i) {
    const Problem p = random_problem(random, Shape{});
    const BeliefPropagation engine(p.graph, p.layout);
    const auto a = answer<float>(engine, p);
    for (std::size_t b = 0; b < p.priors.size(); ++b) {
      std::vector<bool> used(p.priors[b].size());
      for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
        if (p.layout.block[c] != static_cast<std::int32_t>(b)) continue;
        for (std::int32_t k = 0; k < p.graph.cardinality[c] - p.graph.choice_has_none[c]; ++k) {
          used[p.layout.offset[c] + k * p.layout.stride[c]] = true;
        }
      }
      for (std::size_t e = 0; e < used.size(); ++e) {
        if (!used[e]) REQUIRE(a.posterior[b][e] == 0.125f);
      }
    }
  }
}

TEST_CASE("map finds the most probable assignment of random forests") {
  Random random(4);
  Options options;
  options.task = Task::Map;
  for (int i = 0; i < 800; ++i) {
    INFO("problem " << i);
    Shape shape;
    shape.structured = i >= 400;
    const Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    const Exact exact = solve(p);
    const auto a = answer<double>(engine, p, 1, options);
    REQUIRE(a.possible[0] == (exact.total > 0));
    if (exact.total == 0) continue;
    CHECK(a.log_evidence[0] == Approx(std::log(exact.total)).epsilon(1e-9).margin(1e-9));
    std::vector<std::int32_t> world;
    for (std::int32_t c = 0; c < p.graph.choice_count; ++c) world.push_back(value_of(p, a, c));
    double best = 0;
    enumerate(p, [&](const auto& values, double weight) {
      if (!std::equal(world.begin(), world.end(), values.begin())) return;
      for (std::size_t q = 0; q < exact.query.size(); ++q) {
        const bool holds = p.graph.query_mask[p.graph.query_mask_begin[q] + values[p.graph.query_variable[q]]];
        if (a.query[q] != (holds ? 1 : 0)) return;
      }
      best = std::max(best, weight);
    });
    // A choice without factor and evidence decides by its prior, whose sum rounding leaves near one.
    REQUIRE(best == Approx(exact.best).epsilon(1e-9));
  }
}

TEST_CASE("samples follow the joint posterior") {
  Random random(5);
  Options options;
  options.task = Task::Sample;
  constexpr std::int64_t samples = 20000;
  int compared = 0;
  for (int i = 0; compared < 50; ++i) {
    Shape shape;
    shape.structured = compared >= 25;
    const Problem p = random_problem(random, shape);
    const Exact exact = solve(p);
    if (exact.total == 0) continue;
    ++compared;
    INFO("problem " << i);
    options.seed = i;
    const BeliefPropagation engine(p.graph, p.layout);
    const auto a = answer<float>(engine, p, samples, options);
    std::map<std::vector<std::int32_t>, double> expected, seen;
    enumerate(p, [&](const auto& values, double weight) {
      expected[{values.begin(), values.begin() + p.graph.choice_count}] += weight / exact.total;
    });
    for (std::int64_t s = 0; s < samples; ++s) {
      seen[world_of(p, a, s)] += 1;
    }
    // Pearson's statistic over the cells that expect five or more; the rest in one cell.
    double statistic = 0, rest_expected = 0, rest_seen = 0;
    int cells = 0;
    for (const auto& [world, probability] : expected) {
      const double e = probability * samples, n = seen.count(world) ? seen[world] : 0;
      if (e < 5) {
        rest_expected += e;
        rest_seen += n;
      } else {
        statistic += (n - e) * (n - e) / e;
        ++cells;
      }
    }
    for (const auto& [world, n] : seen) REQUIRE(expected.count(world) == 1);
    if (rest_expected >= 5) {
      statistic += (rest_seen - rest_expected) * (rest_seen - rest_expected) / rest_expected;
      ++cells;
    }
    // Mean k, variance 2k: five standard deviations, a fixed seed.
    const double freedom = std::max(cells - 1, 1);
    CHECK(statistic < freedom + 5 * std::sqrt(2 * freedom) + 5);
  }
}

TEST_CASE("the same bits for any number of threads") {
  Random random(6);
  for (const Task task : {Task::Marginals, Task::Map, Task::Sample}) {
    for (int i = 0; i < 10; ++i) {
      Shape shape;
      shape.loops = i % 2 == 1;
      const Problem p = random_problem(random, shape);
      const BeliefPropagation engine(p.graph, p.layout);
      Options options;
      options.task = task;
      options.seed = 7;
      options.max_iterations = 20;
      const auto one = answer<float>(engine, p, 150, options);
      for (const int threads : {2, 4}) {
        options.threads = threads;
        const auto many = answer<float>(engine, p, 150, options);
        CHECK(one.posterior == many.posterior);
        CHECK(one.log_evidence == many.log_evidence);
        CHECK(one.query == many.query);
        CHECK(one.iterations == many.iterations);
      }
    }
  }
}

TEST_CASE("a variable in many factors: each hears the product of the others, at linear cost") {
  // A class of 3 values and n features that depend on it, each with its own prior; posterior by hand.
  Random random(9);
  for (const int n : {1, 2, 3, 7, 40, 20000}) {
    INFO(n << " features");
    Problem p;
    GraphMaker maker;
    const std::int32_t hub = maker.choice(3);
    for (int i = 0; i < n; ++i) maker.choice(2);
    std::vector<std::array<double, 6>> weight(n);
    for (int i = 0; i < n; ++i) {
      std::vector<std::vector<std::int32_t>> tuples;
      std::vector<double> weights;
      for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 2; ++b) {
          tuples.push_back({a, b});
          weights.push_back(weight[i][2 * a + b] = uniform(random, 1, 20) / 10.0);
        }
      }
      maker.factor({hub, 1 + i}, tuples, weights);
    }
    p.graph = maker.graph;
    p.layout.block_size = {3 + 2 * n};
    p.priors.emplace_back(3 + 2 * n, 0.5);
    p.priors[0][0] = 0.2;
    p.priors[0][1] = 0.3;
    for (int c = 0; c <= n; ++c) {
      p.layout.block.push_back(0);
      p.layout.offset.push_back(c == 0 ? 0 : 1 + 2 * c);
      p.layout.stride.push_back(1);
    }
    const BeliefPropagation engine(p.graph, p.layout);
    REQUIRE(engine.exact());
    const auto a = answer<double>(engine, p, 20);
    std::array<long double, 3> log_weight;
    for (int k = 0; k < 3; ++k) {
      log_weight[k] = std::log(static_cast<long double>(p.priors[0][k]));
      for (int i = 0; i < n; ++i) log_weight[k] += std::log(0.5L * (weight[i][2 * k] + weight[i][2 * k + 1]));
    }
    const long double top = std::max({log_weight[0], log_weight[1], log_weight[2]});
    long double total = 0;
    for (const long double x : log_weight) total += std::exp(x - top);
    CHECK(a.log_evidence[19] == Approx(static_cast<double>(top + std::log(total))).epsilon(1e-12));
    for (const int i : {0, n / 2, n - 1}) {
      double expected = 0;
      for (int k = 0; k < 3; ++k) {
        const auto posterior = static_cast<double>(std::exp(log_weight[k] - top) / total);
        CHECK(std::fabs(a.posterior[0][k] - posterior) < 1e-9);
        expected += posterior * weight[i][2 * k] / (weight[i][2 * k] + weight[i][2 * k + 1]);
      }
      CHECK(std::fabs(a.posterior[0][3 + 2 * i] - expected) < 1e-9);
    }
  }
}
