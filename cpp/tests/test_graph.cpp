#include <catch2/catch.hpp>

#include <stdexcept>

#include "graphs.hpp"

using emnesy::FactorGraph;
using emnesy::tests::addition_chain;
using emnesy::tests::GraphMaker;

TEST_CASE("the addition chain is a valid forest") {
  const FactorGraph graph = addition_chain(4);
  REQUIRE_NOTHROW(graph.verify());
  CHECK(graph.is_forest());
}

TEST_CASE("a loop is no forest, unless a fixed value cuts it") {
  GraphMaker maker;
  const auto a = maker.choice(2), b = maker.choice(2), c = maker.choice(2);
  for (const auto& pair : {std::vector<std::int32_t>{a, b}, {b, c}, {a, c}}) maker.factor(pair, {{0, 1}, {1, 0}, {1, 1}});
  CHECK_FALSE(maker.graph.is_forest());
  maker.fixed(b, {0, 1});
  CHECK(maker.graph.is_forest());
}

TEST_CASE("verify names the broken invariant") {
  const FactorGraph good = addition_chain(2);
  const auto broken = [&](auto change) {
    FactorGraph graph = good;
    change(graph);
    return graph;
  };
  const auto message = [](const FactorGraph& graph) {
    try {
      graph.verify();
    } catch (const std::logic_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  using Catch::Contains;
  CHECK_THAT(message(broken([](FactorGraph& g) { g.tuple_value[0] = 10; })), Contains("factor 0: tuple values"));
  CHECK_THAT(message(broken([](FactorGraph& g) { g.scope[0] = g.scope[1]; })), Contains("no variable twice"));
  CHECK_THAT(message(broken([](FactorGraph& g) { g.scope[0] = 99; })), Contains("scope names variables"));
  CHECK_THAT(message(broken([](FactorGraph& g) { g.slice_begin[3] += 1; })), Contains("slice"));
  CHECK_THAT(message(broken([](FactorGraph& g) { g.slot_mask.pop_back(); })), Contains("evidence slot 2"));
  CHECK_THAT(message(broken([](FactorGraph& g) { g.unit_weight[1] = 0; })), Contains("weights"));
  CHECK_THAT(message(broken([](FactorGraph& g) { g.variable_name.pop_back(); })), Contains("name"));
  CHECK_THAT(message(broken([](FactorGraph& g) {
               for (int i = 0; i < 4; ++i) g.tuple_value[4 + i] = g.tuple_value[i];
             })),
             Contains("no tuple twice"));
}

TEST_CASE("dump shows choices, factors, slots and queries") {
  GraphMaker maker;
  const auto a = maker.choice(2, true);
  const auto y = maker.cell(2);
  maker.factor({a, y}, {{0, 1}, {1, 1}, {2, 0}}, {1.0, 0.5, 1.0}, 1);
  maker.slot(y, {{1, 0}, {0, 1}});
  maker.query(y, {0, 1});
  REQUIRE_NOTHROW(maker.graph.verify());
  CHECK(maker.graph.dump() ==
        "choice 0: x0, 3 values, the last is none\n"
        "cell 1: y1, 2 values\n"
        "factor 0: table(x0, y1), 3 tuples, sliced by y1\n"
        "  2 0 : 1\n"
        "  0 1 : 1\n"
        "  1 1 : 0.5\n"
        "slot 0: y1 in {0} {1}\n"
        "query 0: y1 in {1}\n");
}
