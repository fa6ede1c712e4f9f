// Junction trees against enumeration of every assignment.
#include <catch2/catch.hpp>

#include <cstring>
#include <map>

#include "compare.hpp"
#include "exact.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

BeliefPropagation engine_of(const Problem& p) {
  const JunctionTree tree = make_junction_tree(p.graph);
  tree.forest.verify();
  REQUIRE((tree.forest.impossible || tree.cost.bound * 1.000001 >= static_cast<double>(tree.cost.entries)));
  REQUIRE(tree.cost.dense * 1.000001 >= tree.cost.bound);
  return BeliefPropagation(tree.forest, p.layout);
}

}  // namespace

TEST_CASE("junction trees: marginals, log-evidence and queries of random graphs equal enumeration", "[exact]") {
  Random random(101);
  int possible = 0, loops = 0;
  for (int i = 0; i < 1000; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, loopy());
    const BeliefPropagation engine = engine_of(p);
    REQUIRE(engine.exact());
    REQUIRE(engine.graph().is_forest());
    loops += !p.graph.is_forest();
    const Exact exact = solve(p);
    possible += exact.total > 0;
    compare(p, exact, answer<double>(engine, p), 1e-9);
    compare(p, exact, answer<float>(engine, p), 1e-4);
  }
  CHECK(possible > 400);
  CHECK(loops > 300);
}

TEST_CASE("junction trees: priors of zero, one and 1e-30, and impossible evidence", "[exact]") {
  Random random(102);
  Shape shape = loopy();
  shape.extremes = true;
  int possible = 0, impossible = 0;
  for (int i = 0; i < 1000; ++i) {
    INFO("problem " << i);
    Problem p = random_problem(random, shape);
    for (auto& block : p.priors) {
      for (double& x : block) x = static_cast<double>(static_cast<float>(x));
    }
    const BeliefPropagation engine = engine_of(p);
    const Exact exact = solve(p);
    possible += exact.total > 0;
    impossible += exact.total == 0;
    compare(p, exact, answer<double>(engine, p), 2e-7);
    compare(p, exact, answer<float>(engine, p), 1e-4);
  }
  CHECK(possible > 200);
  CHECK(impossible > 100);
}

TEST_CASE("junction trees: map is a most probable assignment of random graphs with loops", "[exact]") {
  Random random(103);
  Options options;
  options.task = Task::Map;
  int decoded = 0;
  for (int i = 0; i < 1000; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, loopy());
    const Exact exact = solve(p);
    const auto a = answer<double>(engine_of(p), p, 1, options);
    REQUIRE(a.possible[0] == (exact.total > 0));
    if (exact.total == 0) continue;
    ++decoded;
    REQUIRE(a.log_evidence[0] == Approx(std::log(exact.total)).epsilon(1e-9).margin(1e-9));
    const auto world = world_of(p, a);
    double best = 0;
    enumerate(p, [&](const auto& values, double weight) {
      if (std::equal(world.begin(), world.end(), values.begin())) best = std::max(best, weight);
    });
    REQUIRE(best == Approx(exact.best).epsilon(1e-12));
  }
  CHECK(decoded > 400);
}

// Pearson's chi-square over the worlds of the choices, those expected fewer than ten times thrown together. With
// 40,000 samples a world of probability 0.2 whose frequency is one per cent of all samples off adds 20 to it.
TEST_CASE("junction trees: samples come with the posterior's frequencies", "[exact]") {
  Random random(104);
  Options options;
  options.task = Task::Sample;
  constexpr int samples = 40000;
  double statistic = 0, freedom = 0;
  int tested = 0;
  for (int i = 0; tested < 40; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, loopy());
    const Exact exact = solve(p);
    if (exact.total == 0 || p.graph.choice_count == 0) continue;
    std::map<std::vector<std::int32_t>, double> expected, seen;
    enumerate(p, [&](const auto& values, double weight) {
      expected[{values.begin(), values.begin() + p.graph.choice_count}] += weight / exact.total * samples;
    });
    if (expected.size() < 2) continue;
    ++tested;
    options.seed = static_cast<std::uint64_t>(i);
    const auto a = answer<double>(engine_of(p), p, samples, options);
    for (int s = 0; s < samples; ++s) ++seen[world_of(p, a, s)];
    for (const auto& [world, count] : seen) REQUIRE(expected.count(world) == 1);
    double rest_expected = 0, rest_seen = 0, chi = 0;
    int cells = 0;
    for (const auto& [world, count] : expected) {
      if (count < 10) {
        rest_expected += count;
        rest_seen += seen[world];
        continue;
      }
      chi += (seen[world] - count) * (seen[world] - count) / count;
      ++cells;
    }
    if (rest_expected >= 10) {
      chi += (rest_seen - rest_expected) * (rest_seen - rest_expected) / rest_expected;
      ++cells;
    }
    if (cells < 2) continue;
    REQUIRE(chi < cells - 1 + 5 * std::sqrt(2.0 * (cells - 1)) + 15);  // five standard deviations and some, each
    statistic += chi;
    freedom += cells - 1;
  }
  CHECK(std::fabs(statistic - freedom) < 4 * std::sqrt(2 * freedom));  // and all together
}

namespace {

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace

TEST_CASE("junction trees: the same bits with any number of threads", "[exact]") {
  Random random(105);
  for (int i = 0; i < 60; ++i) {
    const Problem p = random_problem(random, loopy());
    const BeliefPropagation engine = engine_of(p);
    for (const Task task : {Task::Marginals, Task::Map, Task::Sample}) {
      Options options;
      options.task = task;
      options.seed = 7;
      const auto one = answer<float>(engine, p, 37, options);
      for (const int threads : {2, 4}) {
        options.threads = threads;
        const auto more = answer<float>(engine, p, 37, options);
        REQUIRE(one.possible == more.possible);
        for (std::size_t b = 0; b < one.posterior.size(); ++b) {
          REQUIRE(same_bits(one.posterior[b], more.posterior[b]));
        }
        REQUIRE(same_bits(one.log_evidence, more.log_evidence));
        REQUIRE(same_bits(one.query, more.query));
      }
    }
  }
}

namespace {

// Choices with `values` values each, every two of them different.
Problem all_different(int variables, int values, Random& random) {
  GraphMaker maker;
  for (int i = 0; i < variables; ++i) maker.choice(values);
  for (int i = 0; i < variables; ++i) {
    for (int j = 0; j < i; ++j) {
      std::vector<std::vector<std::int32_t>> tuples;
      for (int a = 0; a < values; ++a) {
        for (int b = 0; b < values; ++b) {
          if (a != b) tuples.push_back({a, b});
        }
      }
      maker.factor({i, j}, tuples);
    }
  }
  Problem p;
  p.graph = maker.graph;
  p.layout.block_size = {variables * values};
  p.priors.emplace_back();
  for (int i = 0; i < variables; ++i) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(values * i);
    p.layout.stride.push_back(1);
    std::vector<double> prior(values);
    double sum = 0;
    for (double& x : prior) sum += x = uniform(random, 1, 100);
    for (const double x : prior) p.priors[0].push_back(x / sum);
  }
  return p;
}

}  // namespace

TEST_CASE("junction trees: a cluster holds only what the factors allow", "[exact]") {
  Random random(106);
  const Problem p = all_different(7, 7, random);
  const JunctionTree tree = make_junction_tree(p.graph, {6000, 12, 40'000'000});
  CHECK(tree.cost.dense > 800'000);  // 7 ^ 7 = 823,543
  CHECK(tree.cost.entries == 5040);  // 7!
  compare(p, solve(p), answer<double>(BeliefPropagation(tree.forest, p.layout), p), 1e-9);
}

TEST_CASE("junction trees: beyond the budget there is an estimate instead of a tree", "[exact]") {
  Random random(107);
  const Problem p = all_different(12, 12, random);
  try {
    make_junction_tree(p.graph, {100'000, 12, 40'000'000});
    FAIL("12! rows were made");
  } catch (const TreeTooLarge& refusal) {
    CHECK(refusal.cost.dense == Approx(std::pow(12.0, 12)).epsilon(1e-6));
    CHECK(refusal.cost.bound > 4.7e8);  // 12!, which it may not be less than
    CHECK(refusal.cost.width == 11);
    CHECK(refusal.cost.entries <= 100'000);
  }
  CHECK(estimate_junction_tree(p.graph).width == 11);
}

TEST_CASE("junction trees: evidence of the program goes before the elimination", "[exact]") {
  // y states that all pairs of 5 choices are equal, through a chain of conjunctions; y is fixed to true.
  Random random(108);
  GraphMaker maker;
  for (int i = 0; i < 5; ++i) maker.choice(3);
  std::int32_t before = -1;
  for (int i = 0; i + 1 < 5; ++i) {
    const std::int32_t equal = maker.cell(2);
    std::vector<std::vector<std::int32_t>> tuples;
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) tuples.push_back({a, b, a == b});
    }
    maker.factor({i, i + 1, equal}, tuples);
    if (before < 0) {
      before = equal;
      continue;
    }
    const std::int32_t both = maker.cell(2);
    maker.factor({before, equal, both}, {{0, 0, 0}, {0, 1, 0}, {1, 0, 0}, {1, 1, 1}});
    before = both;
  }
  maker.fixed(before, {0, 1});
  const JunctionTree tree = make_junction_tree(maker.graph);
  CHECK(tree.cost.entries <= 4 * 3);  // four pairs of equals
  CHECK(tree.forest.variable_count() == 5);
}

TEST_CASE("junction trees: a long ladder of loops stays linear", "[exact]") {
  GraphMaker maker;
  constexpr int length = 3000;
  for (int i = 0; i < 2 * length; ++i) maker.choice(2);
  const std::vector<std::vector<std::int32_t>> full{{0, 0}, {0, 1}, {1, 0}, {1, 1}};
  const std::vector<double> weights{2, 1, 1, 2};
  for (int i = 0; i < length; ++i) {
    maker.factor({2 * i, 2 * i + 1}, full, weights);
    if (i + 1 == length) break;
    maker.factor({2 * i, 2 * i + 2}, full, weights);
    maker.factor({2 * i + 1, 2 * i + 3}, full, weights);
  }
  const JunctionTree tree = make_junction_tree(maker.graph);
  CHECK(tree.cost.width == 2);
  CHECK(tree.cost.entries <= 8 * 2 * length);
  // log of the sum over all assignments, by the transfer matrix of one rung to the next
  double state[4] = {2, 1, 1, 2}, log_sum = 0;
  for (int i = 1; i < length; ++i) {
    double next[4] = {0, 0, 0, 0}, total = 0;
    for (int from = 0; from < 4; ++from) {
      for (int to = 0; to < 4; ++to) {
        const double sides = ((from & 1) == (to & 1) ? 2.0 : 1.0) * ((from & 2) == (to & 2) ? 2.0 : 1.0);
        next[to] += state[from] * sides * ((to & 1) == (to >> 1) ? 2.0 : 1.0);
      }
    }
    for (double& x : next) total += x;
    log_sum += std::log(total);
    for (int to = 0; to < 4; ++to) state[to] = next[to] / total;
  }
  log_sum += std::log(state[0] + state[1] + state[2] + state[3]) - 2 * length * std::log(2.0);
  Problem p;
  p.graph = maker.graph;
  p.layout.block_size = {4 * length};
  p.priors.emplace_back(4 * length, 0.5);
  for (int i = 0; i < 2 * length; ++i) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(2 * i);
    p.layout.stride.push_back(1);
  }
  const auto a = answer<double>(BeliefPropagation(tree.forest, p.layout), p);
  CHECK(a.log_evidence[0] == Approx(log_sum).epsilon(1e-10));
  CHECK(a.posterior[0][0] == Approx(0.5).epsilon(1e-10));
}
