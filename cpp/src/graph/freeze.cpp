#include <algorithm>
#include <numeric>

#include "builder.hpp"

namespace emnesy::graph {
namespace {

// Where to slice: the scope position whose variable an evidence slot speaks of and that cuts most, or -1.
std::int32_t slice_position(const Table& table, const FactorGraph& graph, const std::vector<std::uint8_t>& observable) {
  std::int32_t best = -1;
  for (std::size_t i = 0; i < table.arity(); ++i) {
    const std::int32_t variable = table.scope[i];
    if (!observable[variable]) continue;
    if (best < 0 || graph.cardinality[variable] > graph.cardinality[table.scope[best]]) best = static_cast<std::int32_t>(i);
  }
  return best;
}

// What tables and structured factors have in common.
void add_factor(FactorKind kind, const std::vector<std::int32_t>& scope, bool gated, FactorGraph& graph) {
  graph.factor_kind.push_back(kind);
  graph.scope.insert(graph.scope.end(), scope.begin(), scope.end());
  graph.scope_begin.push_back(static_cast<std::int64_t>(graph.scope.size()));
  graph.unit_weight.push_back(1);
  graph.slice_offset.push_back(static_cast<std::int64_t>(graph.slice_begin.size()));
  graph.gated.push_back(gated ? 1 : 0);
}

void end_factor(FactorGraph& graph, std::size_t tuples) {
  graph.tuple_begin.push_back(graph.tuple_begin.back() + static_cast<std::int64_t>(tuples));
  graph.tuple_value_begin.push_back(static_cast<std::int64_t>(graph.tuple_value.size()));
  graph.value_map_begin.push_back(static_cast<std::int64_t>(graph.value_map.size()));
  graph.parameter_begin.push_back(static_cast<std::int64_t>(graph.parameter.size()));
}

}  // namespace

void freeze_structured(const std::vector<Structured>& factors, FactorGraph& graph) {
  for (const Structured& factor : factors) {
    add_factor(factor.kind, factor.scope, factor.gated, graph);
    graph.slice_position.push_back(-1);
    for (const auto& map : factor.maps) graph.value_map.insert(graph.value_map.end(), map.begin(), map.end());
    graph.parameter.insert(graph.parameter.end(), factor.parameter.begin(), factor.parameter.end());
    end_factor(graph, 0);
  }
}

void freeze_tables(const std::vector<Table>& tables, bool gated, FactorGraph& graph) {
  std::vector<std::uint8_t> observable(graph.variable_count(), 0);
  for (const std::int32_t variable : graph.slot_variable) observable[variable] = 1;
  for (const Table& table : tables) {
    const std::size_t arity = table.arity();
    const std::int32_t slice = slice_position(table, graph, observable);
    std::vector<std::int32_t> order(table.size());
    std::iota(order.begin(), order.end(), 0);
    if (slice >= 0) {
      std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
        return table.values[a * arity + slice] < table.values[b * arity + slice];
      });
    }
    add_factor(FactorKind::Table, table.scope, gated, graph);
    for (const std::int32_t row : order) {
      const auto first = table.values.begin() + static_cast<std::ptrdiff_t>(row * arity);
      graph.tuple_value.insert(graph.tuple_value.end(), first, first + static_cast<std::ptrdiff_t>(arity));
    }
    end_factor(graph, table.size());
    graph.slice_position.push_back(slice);
    if (slice < 0) continue;
    const std::int32_t values = graph.cardinality[table.scope[slice]];
    std::vector<std::int32_t> count(values + 1, 0);
    for (std::size_t row = 0; row < table.size(); ++row) ++count[table.values[row * arity + slice] + 1];
    std::partial_sum(count.begin(), count.end(), count.begin());
    graph.slice_begin.insert(graph.slice_begin.end(), count.begin(), count.end());
  }
}

}  // namespace emnesy::graph
