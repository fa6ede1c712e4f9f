// The messages of structured factors against their naive twins, which visit every joint value.
#include <catch2/catch.hpp>

#include "bp/kernels.hpp"
#include "bp/numbers.hpp"
#include "factors/messages.hpp"
#include "graphs.hpp"
#include "random_structured.hpp"
#include "structured.hpp"

using namespace emnesy;
using namespace emnesy::tests;

namespace {

// One factor over variables of its own.
GraphMaker lone_factor(Random& random, FactorKind kind, int most_variables, int most_values) {
  GraphMaker maker;
  std::vector<std::int32_t> scope, cardinality;
  const int n = kind == FactorKind::NotEqual ? 2 : uniform(random, 2, most_variables);
  const int values = uniform(random, 1, most_values);
  for (int k = 0; k < n; ++k) {
    cardinality.push_back(coin(random, 0.5) ? values : uniform(random, 1, most_values));
    scope.push_back(maker.cell(cardinality.back()));
  }
  const StructuredDraft draft = random_structured(random, kind, cardinality);
  maker.structured(kind, scope, draft.maps, draft.parameter);
  return maker;
}

template <typename Real>
using Messages = std::vector<std::vector<Real>>;

Messages<double> random_messages(Random& random, const FactorGraph& graph) {
  Messages<double> messages;
  for (const std::int32_t values : graph.cardinality) {
    messages.emplace_back();
    const bool peaked = coin(random, 0.2);
    for (std::int32_t v = 0; v < values; ++v) {
      const double extreme = coin(random, 0.5) ? 0.0 : coin(random, 0.5) ? 1.0 : 1e-12;
      messages.back().push_back(peaked || coin(random, 0.2) ? extreme : uniform(random, 1, 1000) / 1000.0);
    }
  }
  return messages;
}

template <typename Op>
double naive(const FactorGraph& graph, const Messages<double>& in, Messages<double>& out) {
  out = in;
  for (auto& message : out) std::fill(message.begin(), message.end(), 0.0);
  double total = 0;
  std::vector<std::int32_t> values(graph.variable_count(), 0);
  for (std::size_t v = 0; v < values.size();) {
    if (factor_weight(graph, 0, values) > 0) {
      double all = 1;
      for (std::size_t k = 0; k < values.size(); ++k) {
        double product = 1;
        for (std::size_t j = 0; j < values.size(); ++j) product *= j == k ? 1.0 : in[j][values[j]];
        Op::add(out[k][values[k]], product);
        all *= in[k][values[k]];
      }
      Op::add(total, all);
    }
    for (v = 0; v < values.size() && ++values[v] == graph.cardinality[v]; ++v) values[v] = 0;
  }
  return total;
}

template <typename Op, typename Real>
void compare(const factors::Structure& structure, const Messages<double>& in, const Messages<double>& expected, double total,
             double tolerance, bool partly) {
  Messages<Real> messages, results;
  std::vector<const Real*> from;
  std::vector<Real*> to;
  for (const auto& message : in) {
    messages.emplace_back(message.begin(), message.end());
    results.emplace_back(message.size(), Real(7));
  }
  for (std::size_t k = 0; k < in.size(); ++k) {
    from.push_back(messages[k].data());
    to.push_back(partly && k % 2 == 1 ? nullptr : results[k].data());
  }
  std::vector<Real> scratch(structure.scratch + 1, Real(3));
  const Real sum = factors::messages<Op>(structure, from.data(), to.data(), scratch.data());
  REQUIRE(scratch.back() == Real(3));
  REQUIRE(static_cast<double>(sum) == Approx(total).epsilon(tolerance).margin(0));
  for (std::size_t k = 0; k < in.size(); ++k) {
    for (std::size_t v = 0; v < in[k].size() && to[k] != nullptr; ++v) {
      REQUIRE(static_cast<double>(results[k][v]) == Approx(expected[k][v]).epsilon(tolerance).margin(0));
    }
  }
}

}  // namespace

TEST_CASE("messages of structured factors equal those of their naive twins") {
  Random random(11);
  for (const FactorKind kind : structured_kinds) {
    for (int round = 0; round < 400; ++round) {
      INFO("kind " << static_cast<int>(kind) << ", round " << round);
      const GraphMaker maker = lone_factor(random, kind, 6, 4);
      REQUIRE_NOTHROW(maker.graph.verify());
      const factors::Structure structure = factors::make_structure(maker.graph, 0);
      const Messages<double> in = random_messages(random, maker.graph);
      Messages<double> sums, greatest;
      const double sum = naive<bp::Sum>(maker.graph, in, sums), best = naive<bp::Max>(maker.graph, in, greatest);
      for (const bool partly : {false, true}) {
        // No cancellation: every entry, however small, has its relative precision.
        compare<bp::Sum, double>(structure, in, sums, sum, 1e-13, partly);
        compare<bp::Sum, bp::Wide>(structure, in, sums, sum, 1e-13, partly);
        compare<bp::Sum, float>(structure, in, sums, sum, 1e-5, partly);
        compare<bp::Max, double>(structure, in, greatest, best, 1e-13, partly);
        compare<bp::Max, bp::Wide>(structure, in, greatest, best, 1e-13, partly);
      }
    }
  }
}

TEST_CASE("all-different of seven variables, with as many symbols and with more") {
  Random random(12);
  for (const std::int32_t symbols : {7, 8}) {
    GraphMaker maker;
    std::vector<std::int32_t> scope, identity;
    for (std::int32_t s = 0; s < symbols; ++s) identity.push_back(s);
    for (int k = 0; k < 7; ++k) scope.push_back(maker.cell(symbols));
    maker.structured(FactorKind::AllDifferent, scope, std::vector<std::vector<std::int32_t>>(7, identity), {symbols});
    const factors::Structure structure = factors::make_structure(maker.graph, 0);
    const Messages<double> in = random_messages(random, maker.graph);
    Messages<double> sums;
    const double sum = naive<bp::Sum>(maker.graph, in, sums);
    compare<bp::Sum, double>(structure, in, sums, sum, 1e-12, false);
  }
}

TEST_CASE("all-different of sixteen symbols: uniform messages give factorials") {
  GraphMaker maker;
  std::vector<std::int32_t> scope, identity;
  for (std::int32_t s = 0; s < 16; ++s) identity.push_back(s);
  for (int k = 0; k < 16; ++k) scope.push_back(maker.cell(16));
  maker.structured(FactorKind::AllDifferent, scope, std::vector<std::vector<std::int32_t>>(16, identity), {16});
  maker.graph.verify();
  const factors::Structure structure = factors::make_structure(maker.graph, 0);
  const Messages<double> in(16, std::vector<double>(16, 1.0));
  Messages<double> expected(16, std::vector<double>(16, std::tgamma(16)));  // 15!
  compare<bp::Sum, double>(structure, in, expected, std::tgamma(17), 1e-12, false);
}
