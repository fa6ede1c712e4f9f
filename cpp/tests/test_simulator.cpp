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
#include "random_worlds.hpp"
#include "simulator/lanes.hpp"

using namespace emnesy;
using namespace emnesy::tests;

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
