// Positive cycles: ranks against the least model of every world.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "bp.hpp"
#include "emnesy/functional.hpp"
#include "emnesy/ranks.hpp"
#include "exact.hpp"
#include "ground_maker.hpp"

using namespace emnesy;
using emnesy::tests::GroundMaker;

namespace {

// p(atom) for every atom, by all worlds; choices are uniform. Negative in the last entry: no world is allowed.
std::vector<double> by_worlds(const GroundProgram& program) {
  std::vector<double> p(program.atom_count(), 0.0);
  double total = 0, worlds = 0;
  tests::for_each_world(program, [&](const std::vector<std::int32_t>& world) {
    ++worlds;
    const auto truth = tests::model(program, world);
    for (std::size_t c = 0; c + 1 < program.constraint_begin.size(); ++c) {
      bool holds = true;
      for (std::int64_t i = program.constraint_begin[c]; i < program.constraint_begin[c + 1]; ++i) {
        const Literal lit = program.constraint_body[i];
        holds = holds && (truth[literal_atom(lit)] != 0) != literal_negated(lit);
      }
      if (holds) return;
    }
    ++total;
    for (std::size_t atom = 0; atom < p.size(); ++atom) p[atom] += truth[atom];
  });
  for (double& x : p) x = total > 0 ? x / total : 0.0;
  p.push_back(total / worlds);
  return p;
}

// The same by a junction tree of the graph with ranks.
std::vector<double> by_tree(GroundProgram program) {
  std::vector<AtomId> asked;
  for (AtomId atom = 0; atom < static_cast<AtomId>(program.atom_count()); ++atom) asked.push_back(atom);
  program.queries = asked;
  const std::vector<std::int32_t> nothing(program.predicate_name.size(), -1);
  const Lowered lowered = lower_with_cycles(program, find_functional_dependencies(program, nothing), {});
  lowered.graph.verify();
  REQUIRE(lowered.graph.choice_count == static_cast<std::int32_t>(program.choice_count()));
  PriorLayout layout;
  layout.block_size = {0};
  std::vector<double> priors;
  for (std::size_t c = 0; c < program.choice_count(); ++c) {
    layout.block.push_back(0);
    layout.offset.push_back(static_cast<std::int64_t>(priors.size()));
    layout.stride.push_back(1);
    const auto begin = program.choice_alternative_begin[c], end = program.choice_alternative_begin[c + 1];
    for (auto k = begin; k < end; ++k) priors.push_back(program.choice_probability[k]);
  }
  layout.block_size[0] = static_cast<std::int64_t>(priors.size());
  const BeliefPropagation engine(make_junction_tree(lowered.graph).forest, layout);
  std::vector<double> p(asked.size());
  double log_evidence = 0;
  std::uint8_t possible = 0;
  ExampleResults<double> results;
  results.query_marginals = p.data();
  results.log_evidence = &log_evidence;
  results.possible = &possible;
  engine.run<double>({{priors.data(), 0}}, 1, {}, {}, {{nullptr, 0}}, results);
  p.push_back(possible ? std::exp(log_evidence) : 0.0);
  return p;
}

void check_agree(const GroundProgram& program) {
  const auto want = by_worlds(program), got = by_tree(program);
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    INFO("atom " << i << " of " << want.size() - 1 << "\n" << program.dump());
    REQUIRE(got[i] == Approx(want[i]).margin(1e-12));
  }
}

}  // namespace

TEST_CASE("ranks: atoms that support only each other do not hold", "[exact][ranks]") {
  GroundMaker maker;
  const std::int32_t p = maker.predicate("p", 1), c = maker.choice(1, true);
  const AtomId a = maker.atom(p, {1}), b = maker.atom(p, {2}), lonely = maker.atom(p, {3});
  maker.rule(a, {literal(b, false)});
  maker.rule(b, {literal(a, false)});
  maker.rule(a, {literal(maker.takes(c, 0), false)});
  maker.rule(lonely, {literal(lonely, false)});
  const auto got = by_tree(maker.program);
  CHECK(got[a] == Approx(0.5));
  CHECK(got[b] == Approx(0.5));
  CHECK(got[lonely] == 0);
}

TEST_CASE("ranks: reachability along undirected edges that may be missing", "[exact][ranks]") {
  // A ladder of 2 x 4 nodes, ten edges, from one corner.
  GroundMaker maker;
  const std::int32_t reach = maker.predicate("reach", 1);
  std::vector<AtomId> node;
  for (int i = 0; i < 8; ++i) node.push_back(maker.atom(reach, {i}));
  std::vector<std::pair<int, int>> edges;
  for (int i = 0; i < 4; ++i) {
    edges.emplace_back(2 * i, 2 * i + 1);
    if (i < 3) {
      edges.emplace_back(2 * i, 2 * i + 2);
      edges.emplace_back(2 * i + 1, 2 * i + 3);
    }
  }
  const std::int32_t start = maker.choice(1, true);
  maker.rule(node[0], {literal(maker.takes(start, 0), false)});
  for (const auto& [from, to] : edges) {
    const AtomId open = maker.takes(maker.choice(1, true), 0);
    maker.rule(node[to], {literal(node[from], false), literal(open, false)});
    maker.rule(node[from], {literal(node[to], false), literal(open, false)});
  }
  for (std::size_t r = 0; r < maker.program.rule_count(); ++r) {
    std::sort(maker.program.rule_body.begin() + maker.program.rule_body_begin[r],
              maker.program.rule_body.begin() + maker.program.rule_body_begin[r + 1]);
  }
  check_agree(maker.program);
}

TEST_CASE("ranks: random programs with cycles, constraints and exclusive atoms", "[exact][ranks]") {
  std::mt19937_64 random(11);
  const auto below = [&](std::uint64_t n) { return static_cast<int>(random() % n); };
  int cyclic = 0;
  for (int i = 0; i < 500; ++i) {
    GroundMaker maker;
    const std::int32_t p = maker.predicate("p", 1), v = maker.predicate("v", 2);
    std::vector<AtomId> choices, derived;
    for (int c = 0, n = 1 + below(4); c < n; ++c) {
      const int alternatives = 1 + below(3);
      const std::int32_t choice = maker.choice(alternatives, alternatives == 1 || below(2) == 0);
      for (int k = 0; k < alternatives; ++k) choices.push_back(maker.takes(choice, k));
    }
    for (int a = 0, n = 2 + below(5); a < n; ++a) derived.push_back(maker.atom(p, {a}));
    const auto add = [&](AtomId head, std::vector<Literal> body) {
      std::sort(body.begin(), body.end());
      body.erase(std::unique(body.begin(), body.end(), [](Literal a, Literal b) { return literal_atom(a) == literal_atom(b); }),
                 body.end());
      maker.rule(head, body);
    };
    for (int r = 0, n = 3 + below(12); r < n; ++r) {
      std::vector<Literal> body{literal(choices[below(choices.size())], below(4) == 0)};
      for (int k = below(4); k > 0; --k) body.push_back(literal(derived[below(derived.size())], false));
      add(derived[below(derived.size())], body);
    }
    // Exclusive by the choice in their bodies, and in a cycle with the others or through each other.
    const std::int32_t which = 0;
    const auto values = maker.program.choice_alternative_begin[which + 1];
    std::vector<AtomId> exclusive;
    if (values > 1 && below(2) == 0) {
      for (std::int64_t k = 0; k < values; ++k) exclusive.push_back(maker.atom(v, {0, k}));
      for (std::int64_t k = 0; k < values; ++k) {
        const AtomId own = maker.takes(which, static_cast<std::int32_t>(k));
        add(exclusive[k], {literal(own, false), literal(derived[below(derived.size())], false)});
        add(derived[below(derived.size())], {literal(exclusive[k], false)});
      }
    }
    if (below(3) == 0) {
      add(derived[0], {literal(choices[0], false)});
      maker.constraint({literal(std::min(derived[0], derived[1]), below(2) == 0), literal(std::max(derived[0], derived[1]), false)});
    }
    const std::vector<std::int32_t> nothing(maker.program.predicate_name.size(), -1);
    try {
      lower(maker.program, find_functional_dependencies(maker.program, nothing), {});
    } catch (const NotLowerable&) {
      ++cyclic;
    }
    INFO("program " << i);
    check_agree(maker.program);
  }
  CHECK(cyclic > 250);
}
