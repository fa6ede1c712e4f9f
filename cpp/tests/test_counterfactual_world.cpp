// Worlds that are kept up to date against the same worlds evaluated anew; chains on random programs.
#include <catch2/catch.hpp>

#include <cmath>
#include <memory>
#include <random>

#include "counterfactual/world.hpp"
#include "gibbs.hpp"
#include "random_worlds.hpp"

using namespace emnesy;
using namespace emnesy::tests;
using counterfactual::World;
using counterfactual::WorldPlan;

namespace {

// Every cell that an atom stands for, every number, and the count of violated requirements.
void check_same(const Simulator& s, const World& world, simulator::Lanes& lanes, const std::vector<CellLiteral>& required) {
  const Worlds worlds(static_cast<std::size_t>(lanes.width()), std::vector<std::int32_t>(world.values(), world.values() + s.choice_count()));
  run(lanes, s, worlds);
  for (const CellLiteral lit : s.atom_literal) {
    if (lit >= 0) REQUIRE(world.holds(lit) == ((lanes.word(lit, 0) & 1) != 0));
  }
  for (std::int32_t n = 0; n < s.program_numbers; ++n) {
    const double expected = lanes.number(n)[0], got = world.number(n);
    REQUIRE((got == expected || (std::isnan(got) && std::isnan(expected))));
  }
  std::int64_t violated = 0;
  for (const CellLiteral lit : required) violated += (lanes.word(lit, 0) & 1) == 0;
  for (std::size_t c = 0; c + 1 < s.constraint_begin.size(); ++c) {
    bool all = true;
    for (std::int64_t l = s.constraint_begin[c]; l < s.constraint_begin[c + 1]; ++l) all = all && (lanes.word(s.constraint_literal[l], 0) & 1) != 0;
    violated += all;
  }
  REQUIRE(world.violated() == violated);
}

void check_changes(const Simulator& s, std::mt19937& random) {
  const WorldPlan plan(s);
  World world(plan);
  simulator::Lanes lanes(s);
  std::vector<CellLiteral> required;
  for (int i = 0; i < 4; ++i) {
    const CellLiteral lit = s.atom_literal[random() % s.atom_literal.size()];
    bool repeated = lit < 2;
    for (const CellLiteral other : required) repeated = repeated || (other >> 1) == (lit >> 1);
    if (!repeated) required.push_back(lit ^ static_cast<CellLiteral>(random() % 2));
  }
  world.require(required);
  world.reset(random_worlds(s, 1, random)[0].data());
  check_same(s, world, lanes, required);
  for (int step = 0; step < 25; ++step) {
    const std::size_t mark = world.mark();
    const std::vector<std::int32_t> before(world.values(), world.values() + s.choice_count());
    for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
      const auto c = static_cast<std::int32_t>(random() % s.choice_count());
      world.change(c, static_cast<std::int32_t>(random() % s.choice_values(c)));
    }
    check_same(s, world, lanes, required);
    if (random() % 2 == 0) {
      world.rollback(mark);
      REQUIRE(std::equal(before.begin(), before.end(), world.values()));
      check_same(s, world, lanes, required);
    } else if (random() % 2 == 0) {
      world.commit();
    }
  }
}

}  // namespace

TEST_CASE("changes of Boolean worlds, with and without cycles", "[world]") {
  std::mt19937 random(11);
  for (int repeat = 0; repeat < 60; ++repeat) {
    const GroundMaker maker = random_rules(random, repeat % 2 == 1);
    check_changes(simulate(maker.program, {}), random);
  }
}

TEST_CASE("changes of shortest paths", "[world]") {
  std::mt19937 random(12);
  for (const double scale : {1.0, 0.25, 0.3}) {
    for (int repeat = 0; repeat < 15; ++repeat) {
      const Paths paths(random, 3 + repeat, scale);
      check_changes(simulate(paths.maker.program, {}), random);
    }
  }
}

TEST_CASE("chains have the posterior of random programs, for any number of threads", "[gibbs]") {
  std::mt19937 random(13);
  int compared = 0;
  for (int repeat = 0; repeat < 12; ++repeat) {
    const GroundMaker maker = random_rules(random, repeat % 2 == 1);
    Simulator plain = simulate(maker.program, {});
    const CellLiteral seen = plain.atom_literal.back();
    if (seen < 2) continue;
    plain.evidence = {seen};
    const auto s = std::make_shared<const Simulator>(plain);
    PriorLayout layout;
    std::vector<double> prior;
    for (std::size_t c = 0; c < s->choice_count(); ++c) {
      layout.block.push_back(0);
      layout.offset.push_back(static_cast<std::int64_t>(prior.size()));
      layout.stride.push_back(1);
      const int count = s->choice_values(c);
      for (int k = 0; k < s->choice_alternatives[c]; ++k) prior.push_back((k + 1.0) / (count * (count + 1) / 2));
    }
    layout.block_size = {static_cast<std::int64_t>(prior.size())};
    // All worlds.
    std::vector<double> expected(prior.size(), 0.0);
    double total = 0;
    std::vector<std::int32_t> values(s->choice_count(), 0);
    for (;;) {
      const auto truth = least_model(maker.program, values);
      if (truth.back() != 0) {
        double weight = 1;
        for (std::size_t c = 0; c < values.size(); ++c) {
          double none = 1;
          for (int k = 0; k < s->choice_alternatives[c]; ++k) none -= prior[layout.offset[c] + k];
          weight *= values[c] < s->choice_alternatives[c] ? prior[layout.offset[c] + values[c]] : none;
        }
        total += weight;
        for (std::size_t c = 0; c < values.size(); ++c) {
          if (values[c] < s->choice_alternatives[c]) expected[layout.offset[c] + values[c]] += weight;
        }
      }
      std::size_t c = 0;
      while (c < values.size() && ++values[c] == s->choice_values(c)) values[c++] = 0;
      if (c == values.size()) break;
    }
    if (total < 1e-9) continue;
    const Gibbs engine(s, layout);
    std::vector<std::vector<double>> answers;
    for (const int threads : {1, 2, 4}) {
      GibbsOptions options;
      options.threads = threads;
      options.sweeps = 3000;
      std::vector<double> posterior(2 * prior.size());
      std::vector<std::int32_t> chains(2 * 4 * s->choice_count(), -1);
      std::vector<double> block(8, 0.0);
      std::vector<std::int64_t> position(8, 0);
      GibbsState state;
      state.values = chains.data();
      state.block = block.data();
      state.position = position.data();
      const auto width = static_cast<std::int64_t>(prior.size());
      engine.run<double>({{prior.data(), 0}}, 2, {nullptr, 0}, options, {{posterior.data(), width}}, {}, state, {});
      answers.push_back(posterior);
    }
    REQUIRE(answers[0] == answers[1]);
    REQUIRE(answers[0] == answers[2]);
    for (std::size_t i = 0; i < prior.size(); ++i) CHECK(answers[0][i] == Approx(expected[i] / total).margin(0.03));
    ++compared;
  }
  CHECK(compared > 5);
}
