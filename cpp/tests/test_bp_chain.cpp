// The addition chain: long messages, partial and impossible evidence, and extreme priors.
#include <catch2/catch.hpp>

#include <array>
#include <cmath>

#include "oracle.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

Problem addition(std::int32_t digits, Random& random, double sharpness = 1) {
  Problem p;
  p.graph = addition_chain(digits);
  p.layout.block_size = {20 * digits};
  p.priors.emplace_back();
  int carry = 0;
  for (std::int32_t i = 0; i < 2 * digits; ++i) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(10 * i);
    p.layout.stride.push_back(1);
    double sum = 0;
    std::array<double, 10> w;
    for (double& x : w) sum += x = std::pow(uniform(random, 1, 1000) / 1000.0, sharpness);
    for (const double x : w) p.priors[0].push_back(static_cast<double>(static_cast<float>(x / sum)));
  }
  for (std::int32_t i = 0; i < digits; ++i) {
    const int total = uniform(random, 0, 9) + uniform(random, 0, 9) + carry;
    p.labels.push_back(total % 10);
    carry = total / 10;
  }
  p.labels.push_back(carry);
  return p;
}

// Forward-backward by hand, in long double and without scaling tricks: carries are the states of a chain.
// label -1: unobserved.
struct Reference {
  double log_evidence = 0;
  std::vector<double> posterior;
};

Reference forward_backward(const Problem& p) {
  const auto digits = static_cast<int>(p.graph.choice_count) / 2;
  const auto prior = [&](int number, int position, int digit) { return p.priors[0][10 * (2 * position + number) + digit]; };
  const auto allowed = [&](int position, int sum) {
    if (p.labels[position] >= 0 && p.labels[position] != sum % 10) return false;
    return position + 1 < digits || p.labels[digits] < 0 || p.labels[digits] == sum / 10;
  };
  std::vector<std::array<long double, 2>> forward(digits + 1, {0, 0}), backward(digits + 1, {1, 1});
  std::vector<long double> scale(digits);
  forward[0] = {1, 0};
  for (int i = 0; i < digits; ++i) {
    for (int c = 0; c < 2; ++c) {
      for (int a = 0; a < 10; ++a) {
        for (int b = 0; b < 10; ++b) {
          if (allowed(i, a + b + c)) forward[i + 1][(a + b + c) / 10] += forward[i][c] * prior(0, i, a) * prior(1, i, b);
        }
      }
    }
    scale[i] = forward[i + 1][0] + forward[i + 1][1];
    for (auto& x : forward[i + 1]) x /= scale[i];
  }
  Reference reference;
  for (const long double s : scale) reference.log_evidence += static_cast<double>(std::log(s));
  reference.posterior.assign(20 * digits, 0);
  for (int i = digits - 1; i >= 0; --i) {
    backward[i] = {0, 0};
    for (int c = 0; c < 2; ++c) {
      for (int a = 0; a < 10; ++a) {
        for (int b = 0; b < 10; ++b) {
          if (!allowed(i, a + b + c)) continue;
          const long double weight = prior(0, i, a) * static_cast<long double>(prior(1, i, b)) *
                                     backward[i + 1][(a + b + c) / 10] / scale[i];
          backward[i][c] += weight;
          reference.posterior[10 * (2 * i) + a] += static_cast<double>(weight * forward[i][c]);
          reference.posterior[10 * (2 * i + 1) + b] += static_cast<double>(weight * forward[i][c]);
        }
      }
    }
  }
  return reference;
}

template <typename Real>
void compare(const Problem& p, double tolerance) {
  const BeliefPropagation engine(p.graph, p.layout);
  REQUIRE(engine.exact());
  const auto a = answer<Real>(engine, p);
  const Reference reference = forward_backward(p);
  REQUIRE(a.possible[0] == 1);
  CHECK(static_cast<double>(a.log_evidence[0]) == Approx(reference.log_evidence).epsilon(tolerance));
  double worst = 0;
  for (std::size_t i = 0; i < reference.posterior.size(); ++i) {
    worst = std::max(worst, std::fabs(static_cast<double>(a.posterior[0][i]) - reference.posterior[i]));
  }
  CHECK(worst < tolerance);
}

}  // namespace

TEST_CASE("the chain equals forward-backward by hand, to 100 digits and beyond") {
  Random random(11);
  for (const int digits : {1, 2, 4, 15, 100, 400}) {
    INFO(digits << " digits");
    const Problem p = addition(digits, random);
    compare<double>(p, 1e-12);
    compare<float>(p, 1e-5);
  }
}

TEST_CASE("partly missing labels") {
  Random random(12);
  for (int i = 0; i < 30; ++i) {
    Problem p = addition(20, random);
    for (auto& label : p.labels) {
      if (coin(random, 0.3)) label = -1;
    }
    compare<double>(p, 1e-12);
    compare<float>(p, 1e-5);
  }
}

TEST_CASE("sharp priors that nearly exclude the label") {
  Random random(13);
  for (int i = 0; i < 30; ++i) {
    const Problem p = addition(30, random, 12);
    compare<double>(p, 1e-11);
    compare<float>(p, 1e-4);
  }
}

TEST_CASE("evidence below the range of float and double is still possible") {
  Random random(14);
  for (const double tiny : {1e-30, 1e-40, 1e-200, 1e-310}) {
    Problem p = addition(40, random);
    // Every digit is 9 with near certainty; the label wants 0 + 0 everywhere.
    for (int i = 0; i < 80; ++i) {
      for (int d = 0; d < 10; ++d) p.priors[0][10 * i + d] = d == 9 ? 1.0 : tiny;
    }
    std::fill(p.labels.begin(), p.labels.end(), 0);
    const BeliefPropagation engine(p.graph, p.layout);
    const auto wide = answer<double>(engine, p);
    REQUIRE(wide.possible[0] == 1);
    CHECK(wide.log_evidence[0] == Approx(80 * std::log(tiny)).epsilon(1e-6));
    CHECK(wide.posterior[0][0] == Approx(1.0));
    if (tiny < 1e-44) continue;
    const auto narrow = answer<float>(engine, p);
    REQUIRE(narrow.possible[0] == 1);
    CHECK(static_cast<double>(narrow.log_evidence[0]) == Approx(80 * std::log(static_cast<double>(static_cast<float>(tiny)))));
    CHECK(narrow.posterior[0][0] == Approx(1.0));
  }
}

TEST_CASE("an impossible label is reported, and the prior handed back") {
  Random random(15);
  Problem p = addition(3, random);
  p.labels = {9, 9, 9, 1};  // 1999, but three digits reach 1998
  const BeliefPropagation engine(p.graph, p.layout);
  for (const Task task : {Task::Marginals, Task::Map, Task::Sample}) {
    Options options;
    options.task = task;
    const auto a = answer<float>(engine, p, 3, options);
    for (int b = 0; b < 3; ++b) {
      CHECK(a.possible[b] == 0);
      CHECK(a.log_evidence[b] == static_cast<float>(log_zero));
      for (std::size_t i = 0; i < p.priors[0].size(); ++i) {
        REQUIRE(a.posterior[0][b * p.priors[0].size() + i] == static_cast<float>(p.priors[0][i]));
      }
    }
  }
}

TEST_CASE("a label that the slot lacks is refused") {
  Random random(16);
  Problem p = addition(2, random);
  p.labels[1] = 10;
  const BeliefPropagation engine(p.graph, p.layout);
  CHECK_THROWS_AS(answer<float>(engine, p), std::out_of_range);
  CHECK_THROWS_AS(answer<float>(engine, p, 8, [] { Options o; o.threads = 2; return o; }()), std::out_of_range);
}

TEST_CASE("a layout that leaves its block is refused") {
  Random random(17);
  const Problem p = addition(2, random);
  PriorLayout layout = p.layout;
  layout.offset[3] = 31;
  CHECK_THROWS_AS(BeliefPropagation(p.graph, layout), std::invalid_argument);
  layout = p.layout;
  layout.block[0] = 1;
  CHECK_THROWS_AS(BeliefPropagation(p.graph, layout), std::invalid_argument);
}

TEST_CASE("the floating-point mode of the caller is left as it was") {
  Random random(18);
  const Problem p = addition(2, random);
  const BeliefPropagation engine(p.graph, p.layout);
  answer<float>(engine, p);
  volatile float tiny = 1e-40f;
  CHECK(tiny * 1.0f > 0.0f);
}
