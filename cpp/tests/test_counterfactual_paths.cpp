// Bounds of PathConditionals against every alternative weight solved from scratch.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <queue>
#include <random>
#include <set>

#include "counterfactual/paths.hpp"

using namespace emnesy::counterfactual;

namespace {

using Weights = std::vector<std::int64_t>;

PathGraph graph_of(const std::vector<std::set<std::int32_t>>& adjacent, std::int32_t source, std::int32_t root,
                   std::mt19937* shuffle = nullptr) {
  PathGraph g;
  g.source = source;
  g.root = root;
  for (const auto& neighbours : adjacent) {
    g.neighbour.insert(g.neighbour.end(), neighbours.begin(), neighbours.end());
    if (shuffle) std::shuffle(g.neighbour.begin() + g.begin.back(), g.neighbour.end(), *shuffle);
    g.begin.push_back(static_cast<std::int64_t>(g.neighbour.size()));
  }
  return g;
}

PathGraph grid(int rows, int columns, bool diagonal, std::mt19937* shuffle = nullptr) {
  std::vector<std::set<std::int32_t>> adjacent(rows * columns);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      for (int dr = -1; dr <= 1; ++dr) {
        for (int dc = -1; dc <= 1; ++dc) {
          if ((dr == 0 && dc == 0) || (!diagonal && dr != 0 && dc != 0)) continue;
          if (r + dr < 0 || c + dc < 0 || r + dr >= rows || c + dc >= columns) continue;
          adjacent[r * columns + c].insert((r + dr) * columns + c + dc);
        }
      }
    }
  }
  return graph_of(adjacent, 0, rows * columns - 1, shuffle);
}

PathGraph random_graph(int n, double density, std::mt19937& random) {
  std::vector<std::set<std::int32_t>> adjacent(n);
  for (int v = 0; v < n; ++v) {
    for (int u = 0; u < v; ++u) {
      if (std::uniform_real_distribution<>(0, 1)(random) < density) {
        adjacent[u].insert(v);
        adjacent[v].insert(u);
      }
    }
  }
  return graph_of(adjacent, std::uniform_int_distribution<>(0, n - 1)(random), std::uniform_int_distribution<>(0, n - 1)(random), &random);
}

// The selected path by relaxing until nothing changes: shares nothing with the code under test.
std::vector<std::uint8_t> selected(const PathGraph& g, const Weights& w) {
  const std::int64_t none = std::numeric_limits<std::int64_t>::max() / 4;
  Weights d(g.size(), none);
  d[g.source] = w[g.source];
  for (bool changed = true; changed;) {
    changed = false;
    for (std::int32_t v = 0; v < g.size(); ++v) {
      for (std::int64_t e = g.begin[v]; e < g.begin[v + 1]; ++e) {
        if (d[g.neighbour[e]] < none && d[g.neighbour[e]] + w[v] < d[v]) {
          d[v] = d[g.neighbour[e]] + w[v];
          changed = true;
        }
      }
    }
  }
  std::vector<std::uint8_t> path(g.size(), 0);
  std::int32_t v = g.root;
  for (;;) {
    path[v] = 1;
    if (v == g.source) return path;
    std::int32_t best = -1;
    for (std::int64_t e = g.begin[v]; e < g.begin[v + 1]; ++e) {
      const std::int32_t u = g.neighbour[e];
      if (d[u] < none && (best < 0 || d[u] < d[best])) best = u;
    }
    if (best < 0) return path;  // cut off from the source
    v = best;
  }
}

int check(const PathGraph& g, std::mt19937& random, const Weights& alternatives) {
  Weights w(g.size());
  for (auto& x : w) x = alternatives[random() % alternatives.size()];
  const auto path = selected(g, w);
  if (!path[g.source]) return 0;
  ObservedPath observed;
  REQUIRE(observe_path(g, path.data(), observed));
  PathConditionals conditionals(g);
  REQUIRE(conditionals.evaluate(observed, w.data()));
  int compared = 0;
  for (std::int32_t v = 0; v < g.size(); ++v) {
    for (const std::int64_t a : alternatives) {
      Weights other = w;
      other[v] = a;
      const bool expected = selected(g, other) == path;
      const std::int64_t bound = conditionals.bound()[v];
      const bool got = path[v] ? a <= bound : a >= bound;
      if (expected != got) {
        INFO("node " << v << " weight " << w[v] << " -> " << a << ", bound " << bound << ", on the path " << int(path[v]));
        REQUIRE(expected == got);
      }
      ++compared;
    }
  }
  // Other worlds: accepted exactly where they select the same path.
  PathConditionals again(g);
  for (int t = 0; t < 5; ++t) {
    Weights other = w;
    for (int i = 0; i < 2; ++i) other[random() % other.size()] = alternatives[random() % alternatives.size()];
    REQUIRE(again.evaluate(observed, other.data()) == (selected(g, other) == path));
    REQUIRE((again.violations(observed, other.data()) == 0) == (selected(g, other) == path));
  }
  return compared;
}

}  // namespace

TEST_CASE("bounds of every node agree with solving every alternative anew", "[paths]") {
  std::mt19937 random(20240);
  const std::vector<Weights> terrains{{8, 12, 53, 77, 92}, {1, 2, 3}, {1, 2}, {1, 1, 2, 5, 9}, {3, 4, 5, 6, 7, 8}};
  std::int64_t compared = 0;
  for (int t = 0; t < 3000; ++t) {
    const auto& terrain = terrains[random() % terrains.size()];
    std::mt19937* shuffle = random() % 2 ? &random : nullptr;
    PathGraph g;
    if (t % 3 == 0) g = grid(1 + static_cast<int>(random() % 6), 1 + static_cast<int>(random() % 6), true, shuffle);
    if (t % 3 == 1) g = grid(1 + static_cast<int>(random() % 6), 1 + static_cast<int>(random() % 6), false, shuffle);
    if (t % 3 == 2) g = random_graph(2 + static_cast<int>(random() % 14), 0.1 + 0.05 * static_cast<double>(random() % 10), random);
    compared += check(g, random, terrain);
  }
  CHECK(compared > 100000);
}

TEST_CASE("bounds on larger grids and sparse graphs", "[paths]") {
  std::mt19937 random(7);
  for (int t = 0; t < 12; ++t) {
    check(grid(9, 11, t % 2 == 0), random, {1, 2, 3});
    check(grid(12, 12, t % 2 == 0), random, {8, 12, 53, 77, 92});
    check(random_graph(60, 0.05, random), random, {1, 2, 4});
  }
}

TEST_CASE("sets that are no path are refused", "[paths]") {
  const PathGraph g = grid(3, 3, true);
  ObservedPath observed;
  const std::vector<std::vector<std::uint8_t>> wrong{
      {1, 0, 0, 0, 0, 0, 0, 0, 1},   // a hole
      {1, 0, 0, 0, 1, 0, 0, 0, 0},   // without the root
      {0, 0, 0, 0, 1, 0, 0, 0, 1},   // without the source
      {1, 1, 0, 0, 1, 0, 0, 0, 1},   // a detour that pays in no world
      {1, 0, 1, 0, 1, 0, 0, 0, 1}};  // a tile apart
  for (const auto& set : wrong) CHECK_FALSE(observe_path(g, set.data(), observed));
  const std::vector<std::uint8_t> right{1, 0, 0, 0, 1, 0, 0, 0, 1};
  REQUIRE(observe_path(g, right.data(), observed));
  CHECK(observed.path == std::vector<std::int32_t>{0, 4, 8});
}

// Not a benchmark but a guard against a lost order of magnitude; run with -s to see the figure.
TEST_CASE("one evaluation of a 30x30 grid", "[paths][timing]") {
  std::mt19937 random(3);
  const PathGraph g = grid(30, 30, true);
  const Weights terrain{8, 12, 53, 77, 92};
  Weights w(g.size());
  PathConditionals conditionals(g);
  double best = 1e9;
  for (int t = 0; t < 20; ++t) {
    for (auto& x : w) x = terrain[random() % terrain.size()];
    const auto path = selected(g, w);
    ObservedPath observed;
    REQUIRE(observe_path(g, path.data(), observed));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) REQUIRE(conditionals.evaluate(observed, w.data()));
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() / 10);
  }
  WARN("ms per evaluation: " << best);
  CHECK(best < 100);
}
