// Convolutions that leave out what does not matter, against sums of all products in long double.
#include <catch2/catch.hpp>

#include <cmath>

#include "bp/kernels.hpp"
#include "bp/numbers.hpp"
#include "factors/messages.hpp"
#include "graphs.hpp"
#include "random_structured.hpp"
#include "structured.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

enum class Shape { Flat, Bell, Steep, Scattered, Even, Spike };
constexpr Shape shapes[] = {Shape::Flat, Shape::Bell, Shape::Steep, Shape::Scattered, Shape::Even, Shape::Spike};

// Entries down to 1e-150 for a bell, every second one zero, a single one, and so on.
std::vector<double> sequence(Random& random, Shape shape, int count) {
  std::vector<double> s(static_cast<std::size_t>(count), 0.0);
  const double middle = uniform(random, 0, count - 1), width = uniform(random, 2, 40);
  for (int i = 0; i < count; ++i) {
    double& x = s[static_cast<std::size_t>(i)];
    const double noise = uniform(random, 1, 1000) / 1000.0;
    switch (shape) {
      case Shape::Flat: x = noise; break;
      case Shape::Bell: x = std::exp(std::max(-345.0, -0.5 * (i - middle) * (i - middle) / width / width)); break;
      case Shape::Steep: x = noise * std::exp(-345.0 * i / count); break;
      case Shape::Scattered: x = coin(random, 0.3) ? std::pow(10.0, -uniform(random, 0, 150)) : 0.0; break;
      case Shape::Even: x = i % 2 == 0 ? noise : 0.0; break;
      case Shape::Spike: x = i == static_cast<int>(middle) ? 1.0 : 0.0; break;
    }
  }
  return s;
}

template <typename Real>
std::vector<Real> as(const std::vector<double>& s) {
  return std::vector<Real>(s.begin(), s.end());
}

template <typename Op, typename Real>
void compare(const std::vector<double>& a, bool reversed, const std::vector<double>& b, int first, int last, double tolerance,
             double least) {
  const auto a_count = static_cast<std::int32_t>(a.size()), b_count = static_cast<std::int32_t>(b.size());
  const std::vector<Real> x = as<Real>(a), y = as<Real>(b);
  std::vector<Real> out(static_cast<std::size_t>(last - first) + 1, Real(7));
  std::vector<Real> scratch(static_cast<std::size_t>(factors::convolution_scratch(a_count, b_count)) + 1, Real(3));
  factors::Convolution<Op, Real>{scratch.data()}(x.data(), a_count, reversed, y.data(), b_count, first, last, out.data());
  REQUIRE(scratch.back() == Real(3));
  REQUIRE(out.back() == Real(7));
  for (int k = first; k < last; ++k) {
    long double expected = 0;
    bool possible = false;
    for (int i = std::max(0, k - b_count + 1); i < a_count && i <= k; ++i) {
      const double factor = static_cast<double>(x[static_cast<std::size_t>(reversed ? a_count - 1 - i : i)]);
      const double other = static_cast<double>(y[static_cast<std::size_t>(k - i)]);
      possible = possible || (factor > 0 && other > 0);
      const long double product = static_cast<long double>(factor) * other;
      expected = Op::sums ? expected + product : std::max(expected, product);
    }
    const auto found = static_cast<double>(out[static_cast<std::size_t>(k - first)]);
    INFO("entry " << k);
    REQUIRE(found >= 0);
    if (!possible) {
      REQUIRE(found == 0);
    } else if (expected < static_cast<long double>(least)) {
      REQUIRE(found <= 2 * least);
    } else {
      REQUIRE(std::fabs(static_cast<long double>(found) - expected) <= static_cast<long double>(tolerance) * expected);
    }
  }
}

}  // namespace

TEST_CASE("convolutions keep the relative precision of every entry, and zeros") {
  Random random(41);
  for (const Shape one : shapes) {
    for (const Shape other : shapes) {
      for (int round = 0; round < 4; ++round) {
        INFO("shapes " << static_cast<int>(one) << " and " << static_cast<int>(other) << ", round " << round);
        const std::vector<double> a = sequence(random, one, uniform(random, 1, 500));
        const std::vector<double> b = sequence(random, other, uniform(random, 1, 500));
        const int size = static_cast<int>(a.size() + b.size()) - 1;
        const int first = round < 2 ? 0 : uniform(random, 0, size - 1), last = round < 2 ? size : uniform(random, first + 1, size);
        for (const bool reversed : {false, true}) {
          compare<bp::Sum, double>(a, reversed, b, first, last, 1e-13, 1e-300);
          compare<bp::Max, double>(a, reversed, b, first, last, 1e-15, 1e-300);
          compare<bp::Sum, float>(a, reversed, b, first, last, 1e-5, 1e-34);
          compare<bp::Max, float>(a, reversed, b, first, last, 1e-6, 1e-37);
          compare<bp::Sum, bp::Wide>(a, reversed, b, first, last, 1e-13, 1e-300);
          compare<bp::Max, bp::Wide>(a, reversed, b, first, last, 1e-15, 1e-300);
        }
      }
    }
  }
}

TEST_CASE("convolutions of numbers beyond double") {
  std::vector<bp::Wide> a(300), b(200), out(499);
  bp::Wide x(1.0);
  for (auto& entry : a) entry = x = x * bp::Wide(1e-100);
  x = bp::Wide(1.0);
  for (auto& entry : b) entry = x = x * bp::Wide(1e-90);
  std::vector<bp::Wide> scratch(static_cast<std::size_t>(factors::convolution_scratch(300, 200)));
  factors::Convolution<bp::Sum, bp::Wide>{scratch.data()}(a.data(), 300, false, b.data(), 200, 0, 499, out.data());
  for (int k = 0; k < 499; ++k) {
    bp::Wide expected(0.0);
    for (int i = std::max(0, k - 199); i <= std::min(k, 299); ++i) {
      expected += a[static_cast<std::size_t>(i)] * b[static_cast<std::size_t>(k - i)];
    }
    REQUIRE(out[static_cast<std::size_t>(k)].log() == Approx(expected.log()).epsilon(1e-14));
  }
}

namespace {

// The sum of many variables: forwards and backwards over a chain, in long double.
template <typename Real>
void compare_sum(Random& random, int inputs, int values, bool tail, double tolerance) {
  GraphMaker maker;
  std::vector<std::int32_t> scope, map;
  std::vector<std::vector<std::int32_t>> maps;
  for (std::int32_t v = 0; v < values; ++v) map.push_back(v);
  for (int k = 0; k < inputs; ++k) {
    scope.push_back(maker.cell(values));
    maps.push_back(map);
  }
  const std::int32_t size = inputs * (values - 1) + 1;
  scope.push_back(maker.cell(size));
  maps.emplace_back();
  for (std::int32_t v = 0; v < size; ++v) maps.back().push_back(v);
  maker.structured(FactorKind::Sum, scope, maps, {size - 1});
  const factors::Structure structure = factors::make_structure(maker.graph, 0);

  std::vector<std::vector<Real>> in, out;
  std::vector<const Real*> from;
  std::vector<Real*> to;
  for (int k = 0; k < inputs; ++k) {
    double total = 0;
    std::vector<double> message;
    for (int v = 0; v < values; ++v) total += message.emplace_back(coin(random, 0.1) ? 0.0 : uniform(random, 1, 1000));
    for (double& x : message) x /= std::max(total, 1.0);
    if (total == 0) message[0] = 1;
    in.push_back(as<Real>(message));
  }
  // In the tail: a single sum that is improbable, else any weights.
  std::vector<double> wanted(static_cast<std::size_t>(size), 0.0);
  for (double& x : wanted) x = tail ? 0.0 : uniform(random, 0, 10) / 10.0;
  if (tail) wanted[static_cast<std::size_t>(size) * 61 / 100] = 1;
  in.push_back(as<Real>(wanted));
  for (auto& message : in) {
    from.push_back(message.data());
    out.emplace_back(message.size(), Real(7));
  }
  for (auto& message : out) to.push_back(message.data());
  std::vector<Real> scratch(static_cast<std::size_t>(structure.scratch) + 1, Real(3));
  const auto total = static_cast<double>(factors::messages<bp::Sum>(structure, from.data(), to.data(), scratch.data()));
  REQUIRE(scratch.back() == Real(3));

  using Row = std::vector<long double>;
  const auto at = [&](int k, int v) { return static_cast<long double>(static_cast<double>(in[k][v])); };
  std::vector<Row> before(inputs + 1, Row(size, 0.0L));
  before[0][0] = 1;
  for (int k = 0; k < inputs; ++k) {
    for (int s = 0; s < size; ++s) {
      for (int v = 0; v < values && s + v < size; ++v) before[k + 1][s + v] += before[k][s] * at(k, v);
    }
  }
  Row after(size);
  long double expected_total = 0;
  for (int s = 0; s < size; ++s) expected_total += before[inputs][s] * (after[s] = at(inputs, s));
  REQUIRE(total == Approx(static_cast<double>(expected_total)).epsilon(tolerance).margin(0));
  for (int s = 0; s < size; ++s) {
    const auto expected = static_cast<double>(before[inputs][s]);
    const auto found = static_cast<double>(out[inputs][s]);
    if (expected > (std::is_same_v<Real, float> ? 1e-30 : 1e-290)) REQUIRE(found == Approx(expected).epsilon(tolerance).margin(0));
    if (expected == 0) REQUIRE(found == 0);
  }
  for (int k = inputs; k-- > 0;) {
    Row next(size, 0.0L);
    for (int v = 0; v < values; ++v) {
      long double expected = 0;
      for (int s = 0; s + v < size; ++s) {
        expected += before[k][s] * after[s + v];
        next[s] += after[s + v] * at(k, v);
      }
      REQUIRE(static_cast<double>(out[k][v]) == Approx(static_cast<double>(expected)).epsilon(tolerance).margin(0));
    }
    after = next;
  }
}

}  // namespace

TEST_CASE("sums of hundreds of variables, also where the sum is improbable") {
  Random random(42);
  for (const bool tail : {false, true}) {
    compare_sum<double>(random, 700, 2, tail, 1e-12);
    compare_sum<float>(random, 400, 2, tail, 2e-5);
    compare_sum<bp::Wide>(random, 400, 2, tail, 1e-12);
    compare_sum<double>(random, 6, 150, tail, 1e-12);
    compare_sum<double>(random, 130, 7, tail, 1e-12);
  }
}
