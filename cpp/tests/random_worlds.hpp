// Random programs and worlds for tests of what evaluates them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "emnesy/simulator.hpp"
#include "ground_maker.hpp"
#include "simulator/lanes.hpp"

namespace emnesy::tests {

using Worlds = std::vector<std::vector<std::int32_t>>;

inline Worlds random_worlds(const Simulator& s, std::size_t count, std::mt19937& random) {
  Worlds worlds(count);
  for (auto& world : worlds) {
    for (std::size_t c = 0; c < s.choice_count(); ++c) world.push_back(static_cast<std::int32_t>(random() % s.choice_values(c)));
  }
  return worlds;
}

// All lanes, world after world; `worlds` are as many as there are lanes.
inline void run(simulator::Lanes& lanes, const Simulator& s, const Worlds& worlds) {
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
inline GroundMaker random_rules(std::mt19937& random, bool cycles) {
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
inline std::vector<std::uint8_t> least_model(const GroundProgram& g, const std::vector<std::int32_t>& world) {
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

}  // namespace emnesy::tests
