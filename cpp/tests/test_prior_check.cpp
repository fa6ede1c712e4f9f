// Priors that are no distributions are found by the threads that are about to read them.
#include <catch2/catch.hpp>

#include <limits>

#include "bp/plan.hpp"
#include "large.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// The rule of PairMaker's block.
void add_rule(Problem& p, int values, bool partial = false) {
  PriorRule rule;
  rule.offset = p.layout.offset;
  rule.width = values;
  rule.partial = partial;
  p.layout.rules = {rule};
}

Problem ring(int choices, int values, Random& random) {
  PairMaker maker(choices, values, random);
  for (int i = 0; i < choices; ++i) maker.pair(i, (i + 1) % choices);
  return maker.finish();
}

template <typename Real>
bool refused(const BeliefPropagation& engine, const Batch& batch, const Options& options) {
  try {
    answer<Real>(engine, batch, options);
  } catch (const InvalidPriors&) {
    return true;
  }
  return false;
}

// Every way of computing the batch refuses one bad number, wherever it is, and is none the worse for it.
template <typename Real>
void check_all(const Problem& problem, int values, std::int64_t size, Random& random) {
  const BeliefPropagation engine(problem.graph, problem.layout);
  const Batch good = make_batch(problem, size, random, true);
  for (const int lanes : {Options::as_many_as_pay, 0, 4, 8, 16}) {
    for (const int threads : {1, 2, 4}) {
      Options options;
      options.lanes = lanes;
      options.threads = threads;
      options.max_iterations = 5;
      const auto plain = answer<Real>(engine, good, options);
      options.check_priors = true;
      const auto checked = answer<Real>(engine, good, options);
      REQUIRE(same_bits(checked.posterior[0], plain.posterior[0]));
      for (const double bad : {not_a_number, -0.25, 1.5, 1e30, std::numeric_limits<double>::infinity()}) {
        Batch batch = good;
        const auto example = static_cast<std::size_t>(uniform(random, 0, static_cast<int>(size) - 1));
        batch.priors[0][example * problem.priors[0].size() + uniform(random, 0, static_cast<int>(problem.priors[0].size()) - 1)] = bad;
        INFO("lanes " << lanes << ", threads " << threads << ", " << bad << " in example " << example);
        REQUIRE(refused<Real>(engine, batch, options));
        options.check_priors = false;
        if (bad == 1.5) REQUIRE_FALSE(refused<Real>(engine, batch, options));
        options.check_priors = true;
      }
      REQUIRE(same_bits(answer<Real>(engine, good, options).posterior[0], plain.posterior[0]));
    }
  }
  REQUIRE(values > 1);
}

}  // namespace

TEST_CASE("a prior that is none is found in bundles, in single examples, and by any number of threads") {
  Random random(71);
  Problem tree = pair_tree(9, 4, 2, 9, random);
  add_rule(tree, 4);
  check_all<float>(tree, 4, 37, random);
  check_all<double>(tree, 4, 37, random);
  Problem loop = ring(5, 3, random);
  add_rule(loop, 3);
  check_all<float>(loop, 3, 21, random);
}

TEST_CASE("a prior that is none is found where priors come in panes") {
  constexpr std::int32_t digits = 1700;
  Random random(72);
  // Between the numbers' digits one that the graph does not know: it is in no pane.
  Problem large = long_addition(digits, 10);
  add_rule(large, 10);
  large.layout.rules[0].offset.push_back(10 * digits);
  const bp::Plan plan = bp::make_plan(large.graph, large.layout);
  REQUIRE(plan.pane.size() > 2);
  REQUIRE(plan.judged_whole);
  REQUIRE(plan.judged.size() == 1);
  REQUIRE(plan.judged[0].begin == 10 * digits);
  REQUIRE(plan.judged[0].end == 10 * digits + 10);
  std::int64_t looked_at = 0;
  for (const bp::Distributions& d : plan.pane_judged) looked_at += d.end - d.begin;
  REQUIRE(looked_at == 20 * digits);

  const BeliefPropagation engine(large.graph, large.layout);
  const auto size = static_cast<std::int64_t>(large.priors[0].size());
  Batch good = make_batch(large, 18, random, false);
  std::fill(good.labels.begin(), good.labels.end(), -1);
  for (std::int64_t e = 0; e < 18; ++e) std::fill_n(good.priors[0].begin() + e * size + 10 * digits, 10, 0.1);
  for (const int lanes : {0, Options::as_many_as_pay}) {
    for (const int threads : {1, 2}) {
      Options options;
      options.lanes = lanes;
      options.threads = threads;
      const auto plain = answer<float>(engine, good, options);
      options.check_priors = true;
      REQUIRE(same_bits(answer<float>(engine, good, options).posterior[0], plain.posterior[0]));
      for (const double bad : {not_a_number, -0.25, 1.5, 1e30, std::numeric_limits<double>::infinity()}) {
        Batch batch = good;
        const std::int64_t at = large.layout.offset[uniform(random, 0, 2 * digits - 1)] + uniform(random, 0, 9);
        batch.priors[0][uniform(random, 0, 17) * size + at] = bad;
        INFO("lanes " << lanes << ", threads " << threads << ", " << bad << " at " << at);
        CHECK(refused<float>(engine, batch, options));
      }
      Batch elsewhere = good;
      elsewhere.priors[0][11 * size + 10 * digits + 4] = not_a_number;
      CHECK(refused<float>(engine, elsewhere, options));
      // Entries of no choice may hold anything; and sums that a glance does not accept may be good enough.
      Batch batch = good;
      for (std::int64_t e = 0; e < 18; ++e) batch.priors[0][e * size + size - 1] = not_a_number;
      for (std::int64_t k = 0; k < 10; ++k) batch.priors[0][7 * size + large.layout.offset[33] + k] *= 0.9993;
      CHECK_FALSE(refused<float>(engine, batch, options));
      for (std::int64_t k = 0; k < 10; ++k) batch.priors[0][7 * size + large.layout.offset[33] + k] *= 0.9993;
      CHECK(refused<float>(engine, batch, options));
    }
  }
}

TEST_CASE("distributions that lie in two panes are looked at, too") {
  constexpr std::int32_t digits = 1700;
  Random random(77);
  Problem large = long_addition(digits);
  PriorRule rule;
  for (std::int32_t c = 0; c < 2 * digits; c += 2) rule.offset.push_back(10 * (c / 2));
  rule.offset.pop_back();
  rule.width = 20;  // overlapping
  rule.partial = true;
  large.layout.rules = {rule};
  REQUIRE_FALSE(bp::make_plan(large.graph, large.layout).judged_whole);
  const BeliefPropagation engine(large.graph, large.layout);
  Batch batch = make_batch(large, 18, random, false);
  for (double& prior : batch.priors[0]) prior /= 4;
  Options options;
  options.check_priors = true;
  CHECK_FALSE(refused<float>(engine, batch, options));
  batch.priors[0][batch.priors[0].size() - 10 * digits - 100] = not_a_number;
  CHECK(refused<float>(engine, batch, options));
}

TEST_CASE("sums of priors: one within a thousandth, or less where that is allowed") {
  Random random(73);
  for (const bool partial : {false, true}) {
    Problem p = pair_tree(6, 4, 1, 6, random);
    add_rule(p, 4, partial);
    const BeliefPropagation engine(p.graph, p.layout);
    for (const int lanes : {0, Options::as_many_as_pay, 4}) {
      Options options;
      options.lanes = lanes;
      options.check_priors = true;
      for (const double factor : {0.5, 0.997, 0.9993, 1.0, 1.0007, 1.003}) {
        Batch batch = make_batch(p, 33, random, false);
        for (std::int64_t k = 0; k < 4; ++k) batch.priors[0][25 * p.priors[0].size() + 8 + k] *= factor;
        INFO("partial " << partial << ", lanes " << lanes << ", a sum of " << factor);
        CHECK(refused<float>(engine, batch, options) == (!partial && std::fabs(factor - 1) > 1e-3));
      }
    }
  }
}

TEST_CASE("floats and the same numbers as doubles are judged alike") {
  Random random(76);
  const PriorRule rules[] = {{{0}, 3, false}, {{0}, 3, true}};
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<float> single(3);
    const int mode = uniform(random, 0, 2);
    if (mode == 0) single = {static_cast<float>(1 + uniform(random, 80, 90) * std::ldexp(1.0, -23)), 0, 0};
    if (mode > 0) {
      const double sum = 1 + (mode == 1 ? 1e-3 : -1e-3) + uniform(random, -20, 20) * 1e-8;
      const double first = uniform(random, 0, 1000) / 1000.0, second = (1 - first) * uniform(random, 0, 1000) / 1000.0;
      single = {static_cast<float>(first), static_cast<float>(second), static_cast<float>(std::max(sum - first - second, 0.0))};
    }
    const std::vector<double> twice(single.begin(), single.end());
    for (const PriorRule& rule : rules) {
      const InvalidPrior a = first_invalid_prior(rule, single.data(), 1, 3), b = first_invalid_prior(rule, twice.data(), 1, 3);
      REQUIRE(a.example == b.example);
      REQUIRE(a.alternative == b.alternative);
      refused += a.example == 0;
    }
  }
  CHECK(refused > 1000);
  CHECK(refused < 39'000);
}

TEST_CASE("rules that lie outside of their block are refused") {
  Random random(74);
  Problem p = pair_tree(6, 4, 1, 6, random);
  add_rule(p, 4);
  p.layout.rules[0].offset.back() += 1;
  CHECK_THROWS_AS(BeliefPropagation(p.graph, p.layout), std::invalid_argument);
  p.layout.rules[0].offset.back() -= 1;
  p.layout.rules.push_back(p.layout.rules[0]);
  CHECK_THROWS_AS(BeliefPropagation(p.graph, p.layout), std::invalid_argument);
}

TEST_CASE("one prior for all examples is looked at, too") {
  Random random(75);
  Problem p = pair_tree(6, 4, 1, 6, random);
  add_rule(p, 4);
  const BeliefPropagation engine(p.graph, p.layout);
  for (const bool good : {true, false}) {
    std::vector<double> prior = p.priors[0];
    if (!good) prior[5] = -1;
    const std::int64_t batch = 20;
    const auto size = static_cast<std::int64_t>(prior.size());
    std::vector<double> posterior(static_cast<std::size_t>(batch * size));
    const std::vector<std::int32_t> labels(static_cast<std::size_t>(batch) * p.labels.size(), -1);
    const std::vector<PriorBlock<double>> in{{prior.data(), 0}};
    const std::vector<PosteriorBlock<double>> out{{posterior.data(), size}};
    Options options;
    options.check_priors = true;
    const auto run = [&] {
      engine.run<double>(in, batch, {labels.data(), static_cast<std::int64_t>(p.labels.size())}, options, out, {});
    };
    if (good) CHECK_NOTHROW(run());
    if (!good) CHECK_THROWS_AS(run(), InvalidPriors);
  }
}
