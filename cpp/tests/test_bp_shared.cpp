// One example's work, shared among threads.
#include <catch2/catch.hpp>

#include <thread>

#include "bp/bundle_api.hpp"
#include "large.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

bp::Plan plan_of(const Problem& p) { return bp::make_plan(p.graph, p.layout); }

// The answers with one thread, after making sure that those with others are the same.
template <typename Real>
Answers<Real> with_any_threads(const BeliefPropagation& engine, const Batch& batch, Options options) {
  options.threads = 1;
  const auto one = answer<Real>(engine, batch, options);
  for (const int threads : {2, 3, 4}) {
    options.threads = threads;
    INFO(threads << " threads");
    REQUIRE(same_bits(one, answer<Real>(engine, batch, options)));
  }
  return one;
}

// Pairwise trees by the textbook: messages from the leaves to choice 0 of each tree and back, in long double.
struct Beliefs {
  double log_evidence = 0;
  std::vector<std::vector<double>> marginal;
};
Beliefs textbook(const Problem& p) {
  const FactorGraph& g = p.graph;
  const auto count = static_cast<std::size_t>(g.choice_count);
  using Vector = std::vector<long double>;
  std::vector<Vector> own(count), up(count), down(count);
  for (std::size_t c = 0; c < count; ++c) {
    for (const double x : p.prior(static_cast<std::int32_t>(c))) own[c].push_back(x);
  }
  for (std::size_t s = 0; s < g.slot_variable.size(); ++s) {
    if (p.labels[s] < 0) continue;
    for (std::size_t v = 0; v < own[g.slot_variable[s]].size(); ++v) {
      if (static_cast<std::int32_t>(v) != p.labels[s]) own[g.slot_variable[s]][v] = 0;
    }
  }
  // Factors come in the order of their second choice, which hangs on the first.
  const auto weight = [&](std::size_t f, std::size_t a, std::size_t b, std::size_t values) {
    return static_cast<long double>(g.tuple_weight[g.tuple_begin[f] + a * values + b]);
  };
  std::vector<std::int32_t> parent(count, -1);
  std::vector<std::size_t> factor(count);
  std::vector<std::vector<std::size_t>> children(count);
  for (std::size_t f = 0; f < g.factor_count(); ++f) {
    const std::int32_t a = g.scope[g.scope_begin[f]], b = g.scope[g.scope_begin[f] + 1];
    parent[b] = a;
    factor[b] = f;
    children[a].push_back(b);
  }
  Beliefs beliefs;
  const auto scaled = [](Vector x) {
    long double sum = 0;
    for (const long double v : x) sum += v;
    for (long double& v : x) v /= sum;
    return std::make_pair(x, std::log(sum));
  };
  const auto side = [&](std::size_t c, std::size_t except) {  // own weights times messages from below
    Vector product = own[c];
    for (const std::size_t child : children[c]) {
      for (std::size_t v = 0; child != except && v < product.size(); ++v) product[v] *= up[child][v];
    }
    return product;
  };
  for (std::size_t c = count; c-- > 0;) {
    const auto [mine, log] = scaled(side(c, count));
    beliefs.log_evidence += static_cast<double>(log);
    if (parent[c] < 0) continue;
    up[c].assign(mine.size(), 0);
    for (std::size_t a = 0; a < mine.size(); ++a) {
      for (std::size_t b = 0; b < mine.size(); ++b) up[c][a] += weight(factor[c], a, b, mine.size()) * mine[b];
    }
  }
  for (std::size_t c = 0; c < count; ++c) {
    down[c].assign(own[c].size(), 1);
    if (parent[c] >= 0) {
      Vector above = side(parent[c], c);
      for (std::size_t a = 0; a < above.size(); ++a) above[a] *= down[parent[c]][a];
      for (std::size_t b = 0; b < own[c].size(); ++b) {
        down[c][b] = 0;
        for (std::size_t a = 0; a < above.size(); ++a) down[c][b] += weight(factor[c], a, b, above.size()) * above[a];
      }
      down[c] = scaled(down[c]).first;
    }
    Vector belief = side(c, count);
    for (std::size_t v = 0; v < belief.size(); ++v) belief[v] *= down[c][v];
    belief = scaled(belief).first;
    beliefs.marginal.emplace_back(belief.begin(), belief.end());
  }
  return beliefs;
}

void check_textbook(const Problem& p, const std::vector<double>& posterior, double log_evidence) {
  const Beliefs beliefs = textbook(p);
  CHECK(log_evidence == Approx(beliefs.log_evidence).epsilon(1e-10));
  double worst = 0;
  for (std::size_t c = 0; c < beliefs.marginal.size(); ++c) {
    for (std::size_t v = 0; v < beliefs.marginal[c].size(); ++v) {
      worst = std::max(worst, std::fabs(posterior[p.layout.offset[c] + static_cast<std::int64_t>(v)] - beliefs.marginal[c][v]));
    }
  }
  CHECK(worst < 1e-10);
}

}  // namespace

TEST_CASE("large trees: as by the textbook, and the same for any number of threads") {
  Random random(71);
  struct Case {
    int choices, values, reach, apart;
  };
  for (const Case& c : {Case{7000, 3, 1, 7000},       // a chain
                        Case{9000, 3, 9000, 9000},    // one with short branches
                        Case{9000, 3, 20, 9000},      // one with long branches
                        Case{6000, 4, 5000, 2500},    // three of different sizes
                        Case{12000, 3, 3, 6}}) {      // many small ones
    INFO(c.choices << " " << c.reach << " " << c.apart);
    const Problem p = pair_tree(c.choices, c.values, c.reach, c.apart, random);
    const bp::Plan plan = plan_of(p);
    REQUIRE(plan.shared);
    CHECK(plan.trees.piece.size() > 8);
    const BeliefPropagation engine(p.graph, p.layout);
    for (const std::int64_t size : {1, 3}) {
      const Batch batch = make_batch(p, size, random, false);
      Options options;
      options.lanes = 0;
      const auto a = with_any_threads<double>(engine, batch, options);
      for (std::int64_t e = 0; e < size; ++e) {
        const auto width = static_cast<std::int64_t>(p.priors[0].size());
        const std::vector<double> row(a.posterior[0].begin() + e * width, a.posterior[0].begin() + (e + 1) * width);
        check_textbook(batch.example(e), row, a.log_evidence[e]);
      }
      with_any_threads<float>(engine, batch, options);
      for (const Task task : {Task::Map, Task::Sample}) {
        options.task = task;
        with_any_threads<double>(engine, batch, options);
      }
    }
  }
}

TEST_CASE("large trees in bundles, and with numbers that need a wider type") {
  Random random(72);
  const Problem p = pair_tree(9000, 3, 50, 9000, random);
  const BeliefPropagation engine(p.graph, p.layout);
  Options options;
  for (const bool hard : {false, true}) {
    const Batch batch = make_batch(p, 5, random, hard);
    options.lanes = bp::lane_backends<float>().front().width;
    const auto bundles = with_any_threads<float>(engine, batch, options);
    options.lanes = 0;
    const auto alone = with_any_threads<float>(engine, batch, options);
    const auto twice = with_any_threads<double>(engine, batch, options);
    for (int e = 0; e < 5; ++e) {
      REQUIRE(twice.possible[e] == alone.possible[e]);
      REQUIRE(twice.possible[e] == bundles.possible[e]);
      if (!twice.possible[e]) continue;
      CHECK(bundles.log_evidence[e] == Approx(twice.log_evidence[e]).epsilon(1e-5));
      CHECK(alone.log_evidence[e] == Approx(twice.log_evidence[e]).epsilon(1e-5));
    }
  }
}

TEST_CASE("long additions, observed in part, are the same for any number of threads") {
  Random random(73);
  Problem p;
  const int digits = 4000;
  p.graph = addition_chain(digits);
  for (int c = 0; c < 2 * digits; ++c) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(10 * c);
    p.layout.stride.push_back(1);
  }
  p.layout.block_size = {20 * digits};
  p.priors.emplace_back(20 * digits);
  p.labels.assign(p.graph.slot_variable.size(), -1);
  const bp::Plan plan = plan_of(p);
  REQUIRE(plan.shared);
  CHECK(plan.trees.level.size() >= 3);  // the middle, and both sides of it
  const BeliefPropagation engine(p.graph, p.layout);
  redraw(p, random, false);
  for (const Task task : {Task::Marginals, Task::Sample}) {
    Batch batch = make_batch(p, 2, random, false);
    batch.labels.back() = -1;  // the last carry
    Options options;
    options.task = task;
    const auto a = with_any_threads<float>(engine, batch, options);
    CHECK(a.possible[1] == 1);
  }
}

TEST_CASE("large graphs with loops: the same for any number of threads, under every schedule") {
  Random random(74);
  const std::array<Problem, 2> problems{pair_grid(40, 3, random), structured_band(1600, random)};
  for (const Problem& p : problems) {
    const bp::Plan plan = plan_of(p);
    REQUIRE(plan.shared);
    CHECK(plan.loopy_pieces.size() > 3);
    const BeliefPropagation engine(p.graph, p.layout);
    CHECK_FALSE(engine.exact());
    for (const Schedule schedule : {Schedule::Flooding, Schedule::Sequential, Schedule::Residual}) {
      for (const Task task : {Task::Marginals, Task::Map, Task::Sample}) {
        Batch batch = make_batch(p, task == Task::Marginals ? 3 : 1, random, false);
        for (std::int64_t e = 0; e < batch.size; ++e) batch.set(e, p);
        Options options;
        options.schedule = schedule;
        options.task = task;
        options.lanes = 0;
        options.max_iterations = 30;
        options.damping = 0.25;
        INFO(p.graph.factor_count() << " factors, schedule " << static_cast<int>(schedule) << ", task " << static_cast<int>(task));
        const auto a = with_any_threads<double>(engine, batch, options);
        REQUIRE(a.possible[0] == 1);
        if (task != Task::Marginals) continue;
        with_any_threads<float>(engine, batch, options);
        options.lanes = bp::lane_backends<float>().front().width;
        with_any_threads<float>(engine, batch, options);
      }
    }
  }
}

TEST_CASE("levels of a sweep: every pair that shares a variable keeps its order, and nothing else is left out") {
  Random random(75);
  const Problem p = wide_layers(12, 800, random);
  const bp::Plan plan = plan_of(p);
  const bp::SweepCut& cut = plan.sweep;
  REQUIRE(cut.order.size() == p.graph.factor_count());
  std::vector<int> level(cut.order.size(), -1);
  for (std::size_t l = 0; l + 1 < cut.level.size(); ++l) {
    for (std::int32_t i = cut.piece[cut.level[l]]; i < cut.piece[cut.level[l + 1]]; ++i) {
      REQUIRE(level[cut.order[i]] == -1);
      level[cut.order[i]] = static_cast<int>(l);
    }
  }
  std::vector<int> last(p.graph.variable_count(), -1);
  for (std::size_t f = 0; f < level.size(); ++f) {
    REQUIRE(level[f] >= 0);
    for (std::int64_t i = p.graph.scope_begin[f]; i < p.graph.scope_begin[f + 1]; ++i) {
      REQUIRE(last[p.graph.scope[i]] < level[f]);
      last[p.graph.scope[i]] = level[f];
    }
  }
  const BeliefPropagation engine(p.graph, p.layout);
  const Batch batch = make_batch(p, 1, random, false);
  Options options;
  options.max_iterations = 12;
  for (const int lanes : {0, static_cast<int>(bp::lane_backends<float>().front().width)}) {
    options.lanes = lanes;
    const auto a = with_any_threads<float>(engine, batch, options);
    CHECK(a.iterations[0] > 3);
  }
}

TEST_CASE("messages of a shared example come out and go on the same for any number of threads") {
  Random random(76);
  const Problem p = pair_grid(45, 3, random);
  REQUIRE(plan_of(p).shared);
  const BeliefPropagation engine(p.graph, p.layout);
  const Batch batch = make_batch(p, 1, random, false);
  const auto count = static_cast<std::size_t>(engine.message_count());
  Options options;
  options.schedule = Schedule::Flooding;
  options.max_iterations = 5;
  std::vector<double> first, second;
  Answers<double> expected;
  for (const int threads : {1, 2, 4}) {
    options.threads = threads;
    std::vector<double> middle(count), end(count);
    answer<double>(engine, batch, options, {nullptr, middle.data(), 0});
    const auto a = answer<double>(engine, batch, options, {middle.data(), end.data(), 0});
    if (threads == 1) {
      first = middle;
      second = end;
      expected = a;
      CHECK_FALSE(same_bits(first, second));
    }
    CHECK(same_bits(middle, first));
    CHECK(same_bits(end, second));
    CHECK(same_bits(a, expected));
  }
}

TEST_CASE("impossible evidence of a large graph is found with any number of threads") {
  Random random(77);
  Problem p = pair_tree(7000, 3, 4, 7000, random);
  const BeliefPropagation engine(p.graph, p.layout);
  const Batch batch = [&] {
    for (int v = 0; v < 3; ++v) p.priors[0][3 * 3500 + v] = 0;
    Batch b = make_batch(p, 1, random, false);
    b.set(0, p);
    return b;
  }();
  const auto a = with_any_threads<float>(engine, batch, {});
  CHECK(a.possible[0] == 0);
  CHECK(a.posterior[0][5] == static_cast<float>(p.priors[0][5]));
}

TEST_CASE("several calls may share large graphs at once, and one that fails does no harm to the next") {
  Random random(79);
  const Problem p = pair_tree(7000, 3, 30, 7000, random);
  REQUIRE(plan_of(p).shared);
  const BeliefPropagation engine(p.graph, p.layout);
  const Batch batch = make_batch(p, 1, random, false);
  Options options;
  const auto expected = answer<float>(engine, batch, options);
  options.threads = 3;
  std::vector<Answers<float>> found(6);
  std::vector<std::thread> callers;
  for (std::size_t c = 0; c < 3; ++c) {
    callers.emplace_back([&, c] {
      for (const std::size_t i : {c, c + 3}) found[i] = answer<float>(engine, batch, options);
    });
  }
  for (auto& caller : callers) caller.join();
  for (const auto& a : found) CHECK(same_bits(a, expected));

  Batch wrong = batch;
  wrong.labels.front() = 3;  // there are three
  for (int repeat = 0; repeat < 3; ++repeat) CHECK_THROWS_AS(answer<float>(engine, wrong, options), std::out_of_range);
  CHECK(same_bits(answer<float>(engine, batch, options), expected));
}

TEST_CASE("small graphs are not shared") {
  Random random(78);
  CHECK_FALSE(plan_of(pair_tree(200, 3, 4, 200, random)).shared);
  CHECK_FALSE(plan_of(pair_grid(9, 3, random)).shared);
}
