// Blocks of small loops as junction trees, against enumeration and against naive twins of what they are found by.
#include <cstring>
#include <map>
#include <set>

#include "bp/cluster.hpp"
#include "compare.hpp"
#include "exact.hpp"
#include "factors/tuples.hpp"
#include "graph/blocks.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

constexpr std::int64_t many = 1 << 20;

// Blocks by their definition: two edges are in one if no node lies between them, that is, if they hang together without it.
std::set<std::vector<std::int32_t>> naive_blocks(const FactorGraph& g, const std::vector<std::uint8_t>& skip) {
  struct Edge {
    std::int32_t variable, factor;
  };
  const auto variables = static_cast<std::int32_t>(g.variable_count());
  std::vector<std::uint8_t> pinned(g.variable_count(), 0);
  for (std::size_t v = 0; v < g.variable_count(); ++v) {
    std::int32_t left = 0;
    for (std::int32_t k = 0; k < g.cardinality[v]; ++k) {
      bool allowed = true;
      for (std::size_t i = 0; i < g.fixed_variable.size(); ++i) {
        if (g.fixed_variable[i] == static_cast<std::int32_t>(v)) allowed = allowed && g.fixed_mask[g.fixed_mask_begin[i] + k];
      }
      left += allowed;
    }
    pinned[v] = left == 1;
  }
  std::vector<Edge> edges;
  for (std::size_t f = 0; f < g.factor_count(); ++f) {
    for (std::int64_t i = g.scope_begin[f]; i < g.scope_begin[f + 1]; ++i) {
      if (!skip[f] && !pinned[g.scope[i]]) edges.push_back({g.scope[i], variables + static_cast<std::int32_t>(f)});
    }
  }
  const std::size_t nodes = g.variable_count() + g.factor_count();
  std::vector<std::vector<std::uint8_t>> together(edges.size(), std::vector<std::uint8_t>(edges.size(), 1));
  for (std::int32_t x = 0; x < static_cast<std::int32_t>(nodes); ++x) {
    std::vector<std::int32_t> part(nodes);
    std::iota(part.begin(), part.end(), 0);
    for (bool changed = true; changed;) {
      changed = false;
      for (const Edge& e : edges) {
        if (e.variable == x || e.factor == x || part[e.variable] == part[e.factor]) continue;
        part[e.variable] = part[e.factor] = std::min(part[e.variable], part[e.factor]);
        changed = true;
      }
    }
    const auto part_of = [&](const Edge& e) { return part[e.variable == x ? e.factor : e.variable]; };
    for (std::size_t a = 0; a < edges.size(); ++a) {
      for (std::size_t b = 0; b < edges.size(); ++b) {
        if (part_of(edges[a]) != part_of(edges[b])) together[a][b] = 0;
      }
    }
  }
  std::set<std::vector<std::int32_t>> blocks;
  for (std::size_t a = 0; a < edges.size(); ++a) {
    std::set<std::int32_t> factors;
    int count = 0;
    for (std::size_t b = 0; b < edges.size(); ++b) {
      if (!together[a][b]) continue;
      factors.insert(edges[b].factor - variables);
      ++count;
    }
    if (count > 1) blocks.insert({factors.begin(), factors.end()});
  }
  return blocks;
}

std::vector<std::vector<std::int32_t>> full_table(const std::vector<std::int32_t>& cardinality) {
  std::vector<std::vector<std::int32_t>> tuples;
  std::vector<std::int32_t> tuple(cardinality.size(), 0);
  for (;;) {
    tuples.push_back(tuple);
    std::size_t i = 0;
    while (i < tuple.size() && ++tuple[i] == cardinality[i]) tuple[i++] = 0;
    if (i == tuple.size()) return tuples;
  }
}

// A full table of random weights between variables of two values.
void random_factor(GraphMaker& maker, Random& random, const std::vector<std::int32_t>& scope) {
  const auto tuples = full_table(std::vector<std::int32_t>(scope.size(), 2));
  std::vector<double> weights;
  for (std::size_t i = 0; i < tuples.size(); ++i) weights.push_back(uniform(random, 1, 9));
  maker.factor(scope, tuples, weights);
}

// Choices of two values each, with random priors.
Problem problem_of(const GraphMaker& maker, Random& random) {
  Problem p;
  p.graph = maker.graph;
  p.layout.block_size = {2 * p.graph.choice_count};
  p.priors.emplace_back();
  for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(2 * c);
    p.layout.stride.push_back(1);
    const double x = uniform(random, 1, 9) / 10.0;
    p.priors[0].push_back(x);
    p.priors[0].push_back(1 - x);
  }
  p.labels.assign(p.graph.slot_variable.size(), -1);
  return p;
}

// Two tables from one variable, joined again: u - l, u - r, and l, r with d.
void diamond(GraphMaker& maker, Random& random, std::int32_t u, std::int32_t l, std::int32_t r, std::int32_t d) {
  random_factor(maker, random, {u, l});
  random_factor(maker, random, {u, r});
  random_factor(maker, random, {l, r, d});
}

}  // namespace

TEST_CASE("loopy blocks of random graphs are those by definition", "[cluster]") {
  Random random(301);
  int loops = 0, several = 0;
  for (int i = 0; i < 500; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, loopy());
    std::vector<std::uint8_t> skip;
    for (std::size_t f = 0; f < p.graph.factor_count(); ++f) skip.push_back(coin(random, 0.1));
    const auto found = loopy_blocks(p.graph, skip);
    const std::set<std::vector<std::int32_t>> set(found.begin(), found.end());
    const auto naive = naive_blocks(p.graph, skip);
    REQUIRE(set == naive);
    loops += !naive.empty();
    several += naive.size() > 1;
    const std::vector<std::uint8_t> none(p.graph.factor_count(), 0);
    REQUIRE(loopy_blocks(p.graph, none).empty() == p.graph.is_forest());
  }
  CHECK(loops > 150);
  CHECK(several > 10);
}

TEST_CASE("structured factors as tables are what their definition says", "[cluster]") {
  Random random(302);
  for (int i = 0; i < 400; ++i) {
    const FactorKind kind = structured_kinds[i % std::size(structured_kinds)];
    GraphMaker maker;
    std::vector<std::int32_t> scope, cardinality;
    for (int n = kind == FactorKind::NotEqual ? 2 : uniform(random, 2, 4); n > 0; --n) {
      cardinality.push_back(uniform(random, 1, 4));
      scope.push_back(maker.choice(cardinality.back()));
    }
    const StructuredDraft draft = random_structured(random, kind, cardinality);
    maker.structured(kind, scope, draft.maps, draft.parameter);
    REQUIRE_NOTHROW(maker.graph.verify());
    const auto flat = factors::allowed_tuples(maker.graph, 0);
    std::set<std::vector<std::int32_t>> found;
    for (std::size_t t = 0; t < flat.size(); t += scope.size()) found.emplace(flat.begin() + t, flat.begin() + t + scope.size());
    REQUIRE(found.size() * scope.size() == flat.size());
    const auto all = full_table(cardinality);
    REQUIRE(factors::joint_values(maker.graph, 0, 1000) == static_cast<std::int64_t>(all.size()));
    for (const auto& tuple : all) REQUIRE((factor_weight(maker.graph, 0, tuple) > 0) == (found.count(tuple) == 1));
  }
}

TEST_CASE("clusters of any size leave the meaning of random graphs as it is", "[cluster]") {
  Random random(303);
  int clustered = 0;
  for (int i = 0; i < 1500; ++i) {
    INFO("problem " << i);
    const Problem p = random_problem(random, loopy());
    const std::int64_t most = std::int64_t{1} << uniform(random, 2, 10);
    const bp::Clustered result = bp::cluster_loops(p.graph, most);
    REQUIRE_NOTHROW(result.graph.verify());
    REQUIRE(result.cluster.size() == result.graph.factor_count());
    clustered += result.count > 0;
    const JunctionTree tree = make_junction_tree(result.graph);
    compare(p, solve(p), answer<double>(BeliefPropagation(tree.forest, p.layout), p), 1e-9);
  }
  CHECK(clustered > 300);
}

TEST_CASE("clusters of some blocks beside others that stay leave the meaning as it is", "[cluster]") {
  Random random(310);
  int partly = 0;
  for (int i = 0; i < 200; ++i) {
    INFO("problem " << i);
    GraphMaker maker;
    constexpr std::int32_t count = 12;
    for (std::int32_t v = 0; v < count; ++v) maker.choice(2);
    for (std::int32_t v = 1; v < 6; ++v) {  // six that all know each other
      for (std::int32_t u = 0; u < v; ++u) random_factor(maker, random, {u, v});
    }
    for (std::int32_t v = 6; v < count; ++v) {
      std::vector<std::int32_t> scope{v};
      while (scope.size() < 3) {
        const std::int32_t u = uniform(random, std::max(0, v - 4), v - 1);
        if (std::find(scope.begin(), scope.end(), u) == scope.end()) scope.push_back(u);
      }
      if (coin(random, 0.4)) {
        random_factor(maker, random, scope);
      } else {
        random_factor(maker, random, {scope[0], scope[1]});
        if (coin(random, 0.4)) random_factor(maker, random, {scope[0], scope[2]});
      }
    }
    const Problem p = problem_of(maker, random);
    const bp::Clustered result = bp::cluster_loops(p.graph, 1);  // trees of no more tuples than the block has
    REQUIRE_NOTHROW(result.graph.verify());
    partly += result.count > 0 && !result.graph.is_forest();
    const JunctionTree tree = make_junction_tree(result.graph);
    compare(p, solve(p), answer<double>(BeliefPropagation(tree.forest, p.layout), p), 1e-9);
  }
  CHECK(partly > 10);
}

TEST_CASE("clustered graphs without loops are answered exactly", "[cluster]") {
  Random random(304);
  int exactly = 0, possible = 0;
  for (const bool structured : {false, true}) {
    for (const bool extremes : {false, true}) {
      Shape shape = loopy();
      shape.structured = structured;
      shape.extremes = extremes;
      for (int i = 0; i < 400; ++i) {
        INFO("problem " << i << (structured ? " structured" : "") << (extremes ? " extremes" : ""));
        Problem p = random_problem(random, shape);
        for (auto& block : p.priors) {
          for (double& x : block) x = static_cast<double>(static_cast<float>(x));
        }
        const BeliefPropagation engine(p.graph, p.layout, many);
        REQUIRE(engine.exact() == engine.graph().is_forest());
        if (!engine.exact() || p.graph.is_forest()) continue;
        ++exactly;
        const Exact exact = solve(p);
        possible += exact.total > 0;
        compare(p, exact, answer<double>(engine, p), 2e-7);
        compare(p, exact, answer<float>(engine, p), 1e-4);
      }
    }
  }
  CHECK(exactly > 500);
  CHECK(possible > 200);
}

TEST_CASE("clustered graphs: map is a most probable assignment, samples come with the posterior's frequencies", "[cluster]") {
  Random random(305);
  int done = 0;
  while (done < 40) {
    const Problem p = random_problem(random, loopy());
    const BeliefPropagation engine(p.graph, p.layout, many);
    const Exact exact = solve(p);
    if (p.graph.is_forest() || !engine.exact() || exact.total == 0 || p.graph.choice_count == 0) continue;
    INFO("problem " << done++);
    std::map<std::vector<std::int32_t>, double> best, mass;  // of the choices' values; cells may differ beneath
    enumerate(p, [&](const auto& values, double weight) {
      const std::vector<std::int32_t> world(values.begin(), values.begin() + p.graph.choice_count);
      best[world] = std::max(best[world], weight);
      mass[world] += weight / exact.total;
    });
    Options options;
    options.task = Task::Map;
    CHECK(best[world_of(p, answer<double>(engine, p, 1, options))] == Approx(exact.best).epsilon(1e-9));
    options.task = Task::Sample;
    options.seed = static_cast<std::uint64_t>(done);
    constexpr int draws = 4000;
    const auto samples = answer<double>(engine, p, draws, options);
    std::map<std::vector<std::int32_t>, double> frequency;
    for (int row = 0; row < draws; ++row) frequency[world_of(p, samples, row)] += 1.0 / draws;
    for (const auto& [world, share] : frequency) CHECK(mass.count(world) == 1);
    for (const auto& [world, probability] : mass) {
      const double deviation = std::sqrt(probability * std::max(1 - probability, 0.0) / draws);
      CHECK(frequency[world] == Approx(probability).margin(5 * deviation + 1e-3));
    }
  }
}

TEST_CASE("clustered graphs: the same bits with any number of threads", "[cluster]") {
  Random random(306);
  for (int i = 0; i < 30; ++i) {
    const Problem p = random_problem(random, loopy());
    const BeliefPropagation engine(p.graph, p.layout, 64);
    for (const Task task : {Task::Marginals, Task::Map, Task::Sample}) {
      Options options;
      options.task = task;
      const auto one = answer<float>(engine, p, 67, options);
      for (const int threads : {2, 4}) {
        options.threads = threads;
        const auto other = answer<float>(engine, p, 67, options);
        for (std::size_t b = 0; b < one.posterior.size(); ++b) {
          const auto& x = one.posterior[b];
          REQUIRE((x.empty() || std::memcmp(x.data(), other.posterior[b].data(), x.size() * sizeof(float)) == 0));
        }
        REQUIRE(std::memcmp(one.log_evidence.data(), other.log_evidence.data(), one.log_evidence.size() * sizeof(float)) == 0);
      }
    }
  }
}

TEST_CASE("a chain of a thousand diamonds is exact, a junction tree each", "[cluster]") {
  Random random(307);
  GraphMaker maker;
  constexpr int length = 1000;
  for (int i = 0; i < 3 * length + 1; ++i) maker.choice(2);
  for (int i = 0; i < length; ++i) diamond(maker, random, 3 * i, 3 * i + 1, 3 * i + 2, 3 * i + 3);
  const Problem p = problem_of(maker, random);
  const bp::Clustered clustered = bp::cluster_loops(p.graph, 64);
  CHECK(clustered.count == length);
  CHECK(clustered.graph.is_forest());
  CHECK(clustered.graph.tuple_begin.back() <= 2 * p.graph.tuple_begin.back());
  // Forward: what the diamonds so far say of the next one's first variable.
  const auto prior = [&](int v, int value) { return p.priors[0][2 * v + value]; };
  double state[2] = {prior(0, 0), prior(0, 1)}, log_sum = 0;
  for (int i = 0; i < length; ++i) {
    double next[2] = {0, 0};
    for (int j = 0; j < 16; ++j) {
      std::vector<std::int32_t> values(p.graph.variable_count(), 0);
      const int u = 3 * i;
      double weight = state[j & 1];
      for (int k = 0; k < 4; ++k) values[u + k] = j >> k & 1;
      for (int k = 1; k < 4; ++k) weight *= prior(u + k, values[u + k]);
      for (std::size_t f = 3 * i; f < 3 * static_cast<std::size_t>(i) + 3; ++f) weight *= factor_weight(p.graph, f, values);
      next[j >> 3] += weight;
    }
    const double total = next[0] + next[1];
    log_sum += std::log(total);
    state[0] = next[0] / total;
    state[1] = next[1] / total;
  }
  const BeliefPropagation engine(p.graph, p.layout, 64);
  REQUIRE(engine.exact());
  const auto a = answer<double>(engine, p);
  CHECK(a.log_evidence[0] == Approx(log_sum).epsilon(1e-10));
  CHECK(posterior_of(p, a, 3 * length, 1) == Approx(state[1]).epsilon(1e-9));
}

TEST_CASE("a block that is too large keeps its loops, small ones beside it do not", "[cluster]") {
  Random random(308);
  GraphMaker maker;
  constexpr std::int32_t wide = 14;  // every two of them in a factor: 2^14 joint values
  for (std::int32_t i = 0; i < wide + 12; ++i) maker.choice(2);
  for (std::int32_t a = 0; a < wide; ++a) {
    for (std::int32_t b = 0; b < a; ++b) random_factor(maker, random, {a, b});
  }
  const std::size_t dense = maker.graph.factor_count();
  diamond(maker, random, 0, wide, wide + 1, wide + 2);  // shares a variable with it
  // This one shares a table with the dense block, and the last one a table with that.
  random_factor(maker, random, {1, wide + 3, wide + 4, 2});
  random_factor(maker, random, {wide + 3, wide + 5});
  random_factor(maker, random, {wide + 5, wide + 4, wide + 6, wide + 7});
  random_factor(maker, random, {wide + 6, wide + 8});
  random_factor(maker, random, {wide + 8, wide + 7});
  const Problem p = problem_of(maker, random);
  const bp::Clustered result = bp::cluster_loops(p.graph, 4096);
  CHECK(result.count == 3);
  CHECK_FALSE(result.graph.is_forest());
  const std::vector<std::uint8_t> none(result.graph.factor_count(), 0);
  CHECK(loopy_blocks(result.graph, none).size() == 1);
  CHECK(loopy_blocks(result.graph, none)[0].size() >= dense);
  CHECK(bp::cluster_loops(p.graph, 0).count == 0);
  const JunctionTree before = make_junction_tree(p.graph), after = make_junction_tree(result.graph);
  const auto a = answer<double>(BeliefPropagation(before.forest, p.layout), p);
  const auto b = answer<double>(BeliefPropagation(after.forest, p.layout), p);
  CHECK(a.log_evidence[0] == Approx(b.log_evidence[0]).epsilon(1e-10));
  for (std::size_t i = 0; i < a.posterior[0].size(); ++i) CHECK(a.posterior[0][i] == Approx(b.posterior[0][i]).margin(1e-9));
}

TEST_CASE("loops through large structured factors stay, small ones beside them do not", "[cluster]") {
  Random random(309);
  GraphMaker maker;
  constexpr std::int32_t inputs = 12;
  std::vector<std::int32_t> scope;
  std::vector<std::vector<std::int32_t>> maps(inputs, {0, 1});
  for (std::int32_t i = 0; i < inputs; ++i) scope.push_back(maker.choice(2));
  const std::int32_t cause = maker.choice(2), left = maker.choice(2), right = maker.choice(2);
  scope.push_back(maker.cell(inputs + 1));
  maps.emplace_back();
  for (std::int32_t v = 0; v <= inputs; ++v) maps.back().push_back(v);
  maker.structured(FactorKind::Sum, scope, maps, {inputs});
  random_factor(maker, random, {cause, scope[0]});
  random_factor(maker, random, {cause, scope[1]});
  random_factor(maker, random, {left, scope[2]});
  random_factor(maker, random, {left, right});
  random_factor(maker, random, {right, scope[2]});
  const bp::Clustered result = bp::cluster_loops(maker.graph, 4096);
  CHECK(result.count == 1);
  CHECK(std::count(result.graph.factor_kind.begin(), result.graph.factor_kind.end(), FactorKind::Sum) == 1);
  CHECK_FALSE(result.graph.is_forest());
}
