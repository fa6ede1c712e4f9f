// Examples computed together, one a lane of a SIMD register, against enumeration and against one by one.
#include <catch2/catch.hpp>

#include "bp/bundle_api.hpp"
#include "large.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

template <typename Real>
std::vector<int> widths() {
  std::vector<int> found;
  for (const auto& backend : bp::lane_backends<Real>()) found.push_back(backend.width);
  return found;
}

template <typename Real>
void check_exact(const Problem& p, const Answers<Real>& a, std::int64_t e, double tolerance) {
  const Exact exact = solve(p);
  REQUIRE(a.possible[e] == (exact.total > 0));
  if (exact.total == 0) return;
  CHECK(static_cast<double>(a.log_evidence[e]) == Approx(std::log(exact.total)).epsilon(tolerance).margin(tolerance));
  for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
    const auto width = static_cast<std::int64_t>(p.priors[p.layout.block[c]].size());
    for (std::int32_t k = 0; k < p.graph.cardinality[c] - p.graph.choice_has_none[c]; ++k) {
      const Real found = a.posterior[p.layout.block[c]][e * width + p.layout.offset[c] + k * p.layout.stride[c]];
      CHECK(std::fabs(static_cast<double>(found) - exact.marginal[c][k]) < tolerance);
    }
  }
  for (std::size_t q = 0; q < exact.query.size(); ++q) {
    CHECK(std::fabs(static_cast<double>(a.query[e * exact.query.size() + q]) - exact.query[q]) < tolerance);
  }
}

template <typename Real>
void random_trees(double tolerance, bool hard, int seed) {
  Random random(seed);
  Shape shape;
  for (int i = 0; i < 60; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    if (!engine.exact()) continue;
    const Batch batch = make_batch(p, 21, random, hard);  // never a multiple of the width
    for (const int width : widths<Real>()) {
      Options options;
      options.lanes = width;
      const auto a = answer<Real>(engine, batch, options);
      for (std::int64_t e = 0; e < batch.size; ++e) {
        INFO("width " << width << ", example " << e);
        check_exact(batch.example(e), a, e, tolerance);
      }
      // What no choice uses holds its prior.
      for (std::size_t b = 0; b < batch.priors.size(); ++b) {
        for (std::size_t k = 0; k < batch.priors[b].size(); ++k) REQUIRE(a.posterior[b][k] >= 0);
      }
    }
  }
}

// Choices in a square, all different in each row and each column.
Problem latin_square(int size, Random& random) {
  GraphMaker maker;
  Problem p;
  p.priors.emplace_back();
  for (int i = 0; i < size * size; ++i) {
    maker.choice(size);
    p.layout.block.push_back(0);
    p.layout.offset.push_back(i * size);
    p.layout.stride.push_back(1);
  }
  std::vector<std::int32_t> identity;
  for (std::int32_t k = 0; k < size; ++k) identity.push_back(k);
  const std::vector<std::vector<std::int32_t>> maps(size, identity);
  for (int i = 0; i < size; ++i) {
    std::vector<std::int32_t> row, column;
    for (int j = 0; j < size; ++j) {
      row.push_back(i * size + j);
      column.push_back(j * size + i);
    }
    maker.structured(FactorKind::AllDifferent, row, maps, {size});
    maker.structured(FactorKind::AllDifferent, column, maps, {size});
  }
  p.graph = maker.graph;
  p.layout.block_size = {size * size * size};
  p.priors[0].resize(static_cast<std::size_t>(size * size * size));
  redraw(p, random, false);
  return p;
}

double worst(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return most;
}

}  // namespace

TEST_CASE("this machine has bundles of floats and of doubles") {
#if defined(__GNUC__)
  CHECK(!widths<float>().empty());
  CHECK(!widths<double>().empty());
#endif
}

TEST_CASE("random trees in bundles equal enumeration") {
  random_trees<double>(1e-9, false, 31);
  random_trees<float>(2e-5, false, 32);
}

TEST_CASE("priors of zero, one and 1e-30 and impossible labels, next to ordinary examples in a bundle") {
  random_trees<double>(1e-9, true, 33);
  random_trees<float>(2e-5, true, 34);
}

TEST_CASE("loopy graphs: bundles do what single examples do") {
  Random random(35);
  Shape shape;
  shape.loops = true;
  shape.positive = true;
  int loopy = 0;
  for (int i = 0; loopy < 60; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    if (engine.exact()) continue;
    ++loopy;
    const Batch batch = make_batch(p, 19, random, false);
    for (const Schedule schedule : {Schedule::Sequential, Schedule::Flooding}) {
      Options options;
      options.schedule = schedule;
      options.damping = i % 3 == 0 ? 0.3 : 0.0;
      options.max_iterations = 200;
      options.tolerance = 1e-5;
      options.lanes = 0;
      const auto one = answer<float>(engine, batch, options);
      const auto exact = answer<double>(engine, batch, options);
      for (const int width : widths<float>()) {
        INFO("width " << width);
        options.lanes = width;
        const auto many = answer<float>(engine, batch, options);
        CHECK(one.possible == many.possible);
        for (std::int64_t e = 0; e < batch.size; ++e) {
          // Bundles also watch the messages to observed variables, which single examples leave out, so they may take
          // a few iterations more.
          if (!one.converged[e] || !many.converged[e]) continue;
          CHECK(static_cast<double>(many.log_evidence[e]) == Approx(static_cast<double>(one.log_evidence[e])).epsilon(1e-5).margin(1e-5));
        }
        for (std::size_t b = 0; b < one.posterior.size(); ++b) CHECK(worst(one.posterior[b], many.posterior[b]) < 3e-4);
      }
      for (const int width : widths<double>()) {
        options.lanes = width;
        const auto many = answer<double>(engine, batch, options);
        CHECK(exact.possible == many.possible);
        for (std::int64_t e = 0; e < batch.size; ++e) CHECK(many.log_evidence[e] == Approx(exact.log_evidence[e]).epsilon(1e-6).margin(1e-6));
      }
    }
  }
}

TEST_CASE("examples that float cannot tell are answered by bundles of doubles as one by one") {
  // Readings of all-different variables that contradict each other ever more; next to them ordinary ones.
  Random random(77);
  const Problem p = latin_square(4, random);
  const BeliefPropagation engine(p.graph, p.layout);
  REQUIRE_FALSE(engine.exact());
  Batch batch = make_batch(p, 21, random, false);
  for (std::int64_t e = 0; e < batch.size; e += 2) {
    Problem q = batch.example(e);
    for (std::size_t i = 0; i < q.priors[0].size(); i += 4) {
      const int sure = uniform(random, 0, 1);
      for (int k = 0; k < 4; ++k) q.priors[0][i + k] = k == sure ? 1 - 3e-13 : 1e-13;
    }
    batch.set(e, q);
  }
  Options options;
  options.damping = 0.3;
  options.max_iterations = 25;
  options.lanes = 0;
  const auto one = answer<float>(engine, batch, options);
  int below = 0;
  for (std::int64_t e = 0; e < batch.size; e += 2) below += one.log_evidence[e] < -100;
  REQUIRE(below > 5);  // e^-62 is where float ends
  for (const int width : widths<float>()) {
    INFO("width " << width);
    options.lanes = width;
    const auto many = answer<float>(engine, batch, options);
    CHECK(one.possible == many.possible);
    CHECK(one.iterations == many.iterations);
    CHECK(one.converged == many.converged);
    for (std::int64_t e = 0; e < batch.size; ++e) {
      CHECK(static_cast<double>(many.log_evidence[e]) == Approx(static_cast<double>(one.log_evidence[e])).epsilon(1e-5).margin(1e-5));
    }
    for (std::size_t b = 0; b < one.posterior.size(); ++b) CHECK(worst(one.posterior[b], many.posterior[b]) < 3e-4);
  }
}

TEST_CASE("a lane's bits do not depend on its neighbours, nor on the number of threads") {
  Random random(36);
  for (int i = 0; i < 30; ++i) {
    INFO("problem " << i);
    Shape shape;
    shape.loops = i % 2 == 1;
    const Problem p = random_problem(random, shape);
    const BeliefPropagation engine(p.graph, p.layout);
    const Batch batch = make_batch(p, 40, random, true);
    Batch changed = make_batch(p, 40, random, true);
    for (std::int64_t e = 0; e < batch.size; e += 3) changed.set(e, batch.example(e));
    for (const int width : widths<float>()) {
      Options options;
      options.lanes = width;
      options.max_iterations = 40;
      const auto a = answer<float>(engine, batch, options), b = answer<float>(engine, changed, options);
      for (std::int64_t e = 0; e < batch.size; e += 3) {
        REQUIRE(a.log_evidence[e] == b.log_evidence[e]);
        REQUIRE(a.iterations[e] == b.iterations[e]);
        for (std::size_t block = 0; block < a.posterior.size(); ++block) {
          const auto row = static_cast<std::int64_t>(p.priors[block].size());
          for (std::int64_t k = 0; k < row; ++k) REQUIRE(a.posterior[block][e * row + k] == b.posterior[block][e * row + k]);
        }
      }
      for (const int threads : {2, 4}) {
        options.threads = threads;
        const auto many = answer<float>(engine, batch, options);
        REQUIRE(many.posterior == a.posterior);
        REQUIRE(many.log_evidence == a.log_evidence);
        REQUIRE(many.query == a.query);
        REQUIRE(many.iterations == a.iterations);
      }
      options.threads = 1;
    }
  }
}

TEST_CASE("long chains in bundles: scales add up") {
  Random random(37);
  Problem p;
  p.graph = addition_chain(400);
  p.layout.block_size = {8000};
  p.priors.emplace_back(8000, 0.1);
  for (std::int32_t c = 0; c < 800; ++c) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(10 * c);
    p.layout.stride.push_back(1);
  }
  p.labels.assign(401, -1);
  const BeliefPropagation engine(p.graph, p.layout);
  Batch batch = make_batch(p, 33, random, false);
  for (std::int64_t e = 0; e < batch.size; ++e) batch.labels[e * 401 + 400] = -1;  // nothing else is impossible
  Options options;
  options.lanes = 0;
  const auto exact = answer<double>(engine, batch, options);
  for (const int width : widths<float>()) {
    options.lanes = width;
    const auto many = answer<float>(engine, batch, options);
    for (std::int64_t e = 0; e < batch.size; ++e) {
      CHECK(static_cast<double>(many.log_evidence[e]) == Approx(exact.log_evidence[e]).epsilon(1e-6));
    }
    double most = 0;
    for (std::size_t k = 0; k < exact.posterior[0].size(); ++k) {
      most = std::max(most, std::fabs(static_cast<double>(many.posterior[0][k]) - exact.posterior[0][k]));
    }
    CHECK(most < 3e-6);
  }
  for (const int width : widths<double>()) {
    options.lanes = width;
    const auto many = answer<double>(engine, batch, options);
    for (std::int64_t e = 0; e < batch.size; ++e) CHECK(many.log_evidence[e] == Approx(exact.log_evidence[e]).epsilon(1e-13));
  }
}

TEST_CASE("trees so large that priors come in panes") {
  constexpr std::int32_t digits = 2000;
  Random random(41);
  const Problem p = long_addition(digits);
  const BeliefPropagation engine(p.graph, p.layout);
  REQUIRE_FALSE(bp::make_plan(engine.graph(), engine.layout()).pane.empty());
  Batch batch = make_batch(p, 21, random, false);
  for (std::int64_t e = 0; e < batch.size; ++e) batch.labels[e * (digits + 1) + digits] = -1;  // nothing else is impossible
  Options options;
  options.lanes = 0;
  const auto exact = answer<double>(engine, batch, options);
  const auto check = [&](const auto& many, double relative, double absolute) {
    for (std::int64_t e = 0; e < batch.size; ++e) {
      CHECK(static_cast<double>(many.log_evidence[e]) == Approx(exact.log_evidence[e]).epsilon(relative));
    }
    double most = 0;
    for (std::size_t k = 0; k < exact.posterior[0].size(); ++k) {
      most = std::max(most, std::fabs(static_cast<double>(many.posterior[0][k]) - exact.posterior[0][k]));
    }
    CHECK(most < absolute);
    for (std::int64_t e = 0; e < batch.size; ++e) {
      CHECK(many.posterior[0][e * (20 * digits + 8) + 10 * digits + 2] == 0.125);
      CHECK(many.posterior[0][e * (20 * digits + 8) + 20 * digits + 7] == 0.125);
    }
  };
  for (const int width : widths<float>()) {
    options.lanes = width;
    options.threads = 1;
    const auto one = answer<float>(engine, batch, options);
    check(one, 1e-6, 3e-6);
    for (const int threads : {2, 3}) {
      options.threads = threads;
      const auto many = answer<float>(engine, batch, options);
      CHECK((many.posterior == one.posterior));
      CHECK((many.log_evidence == one.log_evidence));
    }
  }
  options.threads = 1;
  for (const int width : widths<double>()) {
    options.lanes = width;
    check(answer<double>(engine, batch, options), 1e-13, 1e-12);
  }
}

TEST_CASE("bad labels are refused in bundles, too") {
  Random random(38);
  Problem p = random_problem(random, Shape{});
  while (p.labels.empty()) p = random_problem(random, Shape{});
  const BeliefPropagation engine(p.graph, p.layout);
  Batch batch = make_batch(p, 32, random, false);
  batch.labels[17 * p.labels.size()] = 100;
  CHECK_THROWS_AS(answer<float>(engine, batch, Options{}), std::out_of_range);
  batch.labels[17 * p.labels.size()] = -1;
  CHECK_NOTHROW(answer<float>(engine, batch, Options{}));
}
