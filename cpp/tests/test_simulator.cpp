// The simulator and the engine on it, without Python: random worlds against rules applied one by one, shortest paths
// against Floyd and Warshall, posteriors against sums over all worlds.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "abc.hpp"
#include "emnesy/simulator.hpp"
#include "ground_maker.hpp"
#include "simulator/lanes.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

using Worlds = std::vector<std::vector<std::int32_t>>;

Worlds random_worlds(const Simulator& s, std::size_t count, std::mt19937& random) {
  Worlds worlds(count);
  for (auto& world : worlds) {
    for (std::size_t c = 0; c < s.choice_count(); ++c) world.push_back(static_cast<std::int32_t>(random() % s.choice_values(c)));
  }
  return worlds;
}

// All lanes, world after world; `worlds` are as many as there are lanes.
void run(simulator::Lanes& lanes, const Simulator& s, const Worlds& worlds) {
  std::int32_t row[64];
  for (std::size_t c = 0; c < s.choice_count(); ++c) {
    for (int word = 0; word < lanes.words(); ++word) {
      for (int l = 0; l < 64; ++l) row[l] = worlds[64 * word + l][c];
      lanes.set(c, word, row);
    }
  }
  lanes.run();
}

// Choices, and layers of rules over them; with cycles within the last layer.
GroundMaker random_rules(std::mt19937& random, bool cycles) {
  GroundMaker maker;
  std::vector<AtomId> below;
  for (int c = 0; c < 6; ++c) {
    const auto choice = maker.choice(static_cast<std::int32_t>(1 + random() % 3), random() % 2 == 0 || c == 0);
    for (std::int64_t k = maker.program.choice_alternative_begin[choice]; k < maker.program.choice_alternative_begin[choice + 1]; ++k) {
      below.push_back(maker.program.choice_alternative[k]);
    }
  }
  const std::int32_t p = maker.predicate("p", 1);
  for (int layer = 0; layer < 3; ++layer) {
    std::vector<AtomId> here;
    for (int i = 0; i < 5; ++i) here.push_back(maker.atom(p, {10 * layer + i}));
    for (const AtomId head : here) {
      for (std::size_t rule = 0; rule < 1 + random() % 3; ++rule) {
        std::vector<Literal> body;
        for (std::size_t l = 0; l < 1 + random() % 3; ++l) body.push_back(literal(below[random() % below.size()], random() % 3 == 0));
        if (cycles && layer == 2 && random() % 2 == 0) body.push_back(literal(here[random() % here.size()], false));
        std::sort(body.begin(), body.end());
        body.erase(std::unique(body.begin(), body.end(), [](Literal a, Literal b) { return literal_atom(a) == literal_atom(b); }), body.end());
        maker.rule(head, body);
      }
    }
    below.insert(below.end(), here.begin(), here.end());
  }
  return maker;
}

// Layer by layer: the least model of its rules, given those below.
std::vector<std::uint8_t> least_model(const GroundProgram& g, const std::vector<std::int32_t>& world) {
  std::vector<std::uint8_t> truth(g.atom_count(), 0);
  for (AtomId atom = 0; atom < static_cast<AtomId>(truth.size()); ++atom) {
    if (g.atom_kind[atom] == AtomKind::Choice) truth[atom] = world[g.atom_first[atom]] == g.atom_second[atom];
  }
  for (std::int64_t layer = 0; layer < 3; ++layer) {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t r = 0; r < g.rule_count(); ++r) {
        const AtomId head = g.rule_head[r];
        if (truth[head] || g.values.as_integer(g.atom_argument[g.atom_argument_begin[head]]) / 10 != layer) continue;
        bool fires = true;
        for (std::int64_t i = g.rule_body_begin[r]; i < g.rule_body_begin[r + 1]; ++i) {
          fires = fires && (truth[literal_atom(g.rule_body[i])] != 0) != literal_negated(g.rule_body[i]);
        }
        if (fires) truth[head] = 1;
        changed = changed || fires;
      }
    }
  }
  return truth;
}

// A graph whose edges are there where a choice says so: dist(node) is a computed cell.
struct Paths {
  GroundMaker maker;
  std::vector<std::array<int, 3>> edge;  // source, target, weight; edge i is there where choice i is 0
  int nodes;

  Paths(std::mt19937& random, int count, double scale) : nodes(count) {
    GroundProgram& g = maker.program;
    const std::int32_t dist = maker.predicate("dist", 2);
    g.predicate_aggregate[dist] = Aggregate::Min;
    g.predicate_aggregate_position[dist] = 1;
    std::vector<AtomId> atom;
    std::vector<ValueId> cell;
    for (int i = 0; i < 3 * count; ++i) edge.push_back({static_cast<int>(random() % count), static_cast<int>(random() % count), static_cast<int>(random() % 7)});
    for (std::size_t i = 0; i < edge.size(); ++i) maker.choice(1, true);
    for (int n = 0; n < count; ++n) {
      cell.push_back(g.values.cell(n));
      atom.push_back(maker.atom(dist, {n, 0}));
      g.atom_argument.back() = cell.back();
      g.cell_atom.push_back(atom.back());
    }
    const auto contribute = [&](int head, std::vector<Literal> body, ValueId value) {
      std::sort(body.begin(), body.end());
      maker.rule(atom[head], body);
      g.rule_contribution.back() = value;
    };
    contribute(0, {}, g.values.real(0.5 * scale));
    for (std::size_t i = 0; i < edge.size(); ++i) {
      const auto [from, to, weight] = edge[i];
      const ValueId w = scale == 1 ? g.values.integer(weight) : g.values.real(weight * scale);
      contribute(to, {literal(maker.takes(static_cast<std::int32_t>(i), 0), false), literal(atom[from], false)},
                 g.values.compound("+", {cell[from], w}));
    }
  }

  std::vector<double> distances(const std::vector<std::int32_t>& world, double scale) const {
    std::vector<double> best(nodes, std::numeric_limits<double>::infinity());
    best[0] = 0.5 * scale;
    for (int round = 0; round < nodes; ++round) {
      for (std::size_t i = 0; i < edge.size(); ++i) {
        if (world[i] == 0) best[edge[i][1]] = std::min(best[edge[i][1]], best[edge[i][0]] + edge[i][2] * scale);
      }
    }
    return best;
  }
};

}  // namespace

TEST_CASE("random rules in 512 worlds at once", "[simulator]") {
  std::mt19937 random(1);
  for (int repeat = 0; repeat < 60; ++repeat) {
    const GroundMaker maker = random_rules(random, repeat % 2 == 1);
    const Simulator s = simulate(maker.program, {});
    s.verify();
    simulator::Lanes lanes(s);
    REQUIRE(lanes.width() == 512);
    const Worlds worlds = random_worlds(s, 512, random);
    run(lanes, s, worlds);
    for (std::size_t w = 0; w < worlds.size(); w += 7) {
      const auto expected = least_model(maker.program, worlds[w]);
      for (AtomId atom = 0; atom < static_cast<AtomId>(expected.size()); ++atom) {
        const bool truth = (lanes.word(s.atom_literal[atom], static_cast<int>(w / 64)) >> (w % 64) & 1) != 0;
        REQUIRE(truth == (expected[atom] != 0));
      }
    }
  }
}

TEST_CASE("shortest paths in 64 worlds at once", "[simulator]") {
  std::mt19937 random(2);
  std::size_t graphs = 0;  // components with cycles; nodes without are folded one by one
  for (const double scale : {1.0, 0.25, 0.3}) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      const Paths paths(random, 3 + repeat, scale);
      const Simulator s = simulate(paths.maker.program, {});
      s.verify();
      graphs += s.extreme_sign.size();
      simulator::Lanes lanes(s);
      const Worlds worlds = random_worlds(s, 64, random);
      run(lanes, s, worlds);
      for (std::size_t w = 0; w < worlds.size(); ++w) {
        const auto expected = paths.distances(worlds[w], scale);
        for (int n = 0; n < paths.nodes; ++n) {
          const double got = lanes.number(n)[w];
          const bool defined = (*lanes.cell(s.number_cell[n]) >> w & 1) != 0;
          REQUIRE(defined == std::isfinite(expected[n]));
          REQUIRE(defined == !std::isnan(got));
          if (defined) REQUIRE(got == expected[n]);
        }
      }
    }
  }
  REQUIRE(graphs > 20);
}

TEST_CASE("readers name every step that a change reaches", "[simulator]") {
  std::mt19937 random(3);
  const Paths paths(random, 12, 1.0);
  const Simulator s = simulate(paths.maker.program, {});
  for (std::size_t c = 0; c < s.choice_count(); ++c) {
    std::size_t readers = static_cast<std::size_t>(s.choice_reader_begin[c + 1] - s.choice_reader_begin[c]);
    for (std::int32_t k = 0; k < s.choice_alternatives[c]; ++k) {
      readers += static_cast<std::size_t>(s.cell_reader_begin[s.choice_cell[c] + k + 1] - s.cell_reader_begin[s.choice_cell[c] + k]);
    }
    const bool loop = paths.edge[c][0] == paths.edge[c][1];
    REQUIRE((loop || readers > 0));  // an edge of a node to itself is still read; others are by someone
  }
}

TEST_CASE("rejection agrees with all worlds, for any number of threads", "[simulator]") {
  GroundMaker maker;
  std::vector<Literal> any;
  for (int i = 0; i < 4; ++i) any.push_back(literal(maker.takes(maker.choice(2, true), 0), false));
  const std::int32_t p = maker.predicate("p", 1);
  const AtomId both = maker.atom(p, {0}), one = maker.atom(p, {1});
  maker.rule(both, {any[0], any[1]});
  maker.rule(one, {any[2]});
  maker.rule(one, {any[3]});
  EvidenceSlots slots;
  slots.atom = {both, one};
  slots.begin = {0, 1, 2};
  slots.functional = {0, 0};
  PriorLayout layout;
  for (int c = 0; c < 4; ++c) {
    layout.block.push_back(0);
    layout.offset.push_back(2 * c);
    layout.stride.push_back(1);
  }
  layout.block_size = {8};
  const Abc engine(std::make_shared<Simulator>(simulate(maker.program, slots)), layout, {NAN, NAN});
  const std::vector<double> prior = {0.4, 0.3, 0.2, 0.8, 0.3, 0.3, 0.1, 0.0};
  const std::int32_t labels[2] = {0, 1};
  for (const auto task : {Task::Marginals, Task::Map, Task::Sample}) {
    std::vector<std::vector<double>> answers;
    for (const int threads : {1, 2, 4}) {
      AbcOptions options;
      options.kernel = AbcOptions::Kernel::Exact;
      options.samples = 200'000;
      options.threads = threads;
      options.task = task;
      options.control_variate = false;
      std::vector<double> posterior(8);
      double log_evidence = 0;
      AbcResults<double> results;
      results.log_evidence = &log_evidence;
      engine.run<double>({{prior.data(), 0}}, 1, {labels, 2}, options, {{posterior.data(), 8}}, results);
      posterior.push_back(log_evidence);
      answers.push_back(posterior);
    }
    REQUIRE(answers[0] == answers[1]);
    REQUIRE(answers[0] == answers[2]);
    if (task != Task::Marginals) continue;
    // not (a and b), with a = 0.4, b = 0.2; and c or d, with c = 0.3, d = 0.1.
    const double left = 1 - 0.4 * 0.2, right = 1 - 0.7 * 0.9;
    const double want[9] = {0.4 * 0.8 / left, 0.3 / left, 0.6 * 0.2 / left, 0.8 * 1.0 / left, 0.3 / right, 0.3 * 0.1 / right, 0.1 / right, 0.0,
                            std::log(left * right)};
    for (int i = 0; i < 9; ++i) REQUIRE(answers[0][i] == Approx(want[i]).margin(0.01));
  }
}
