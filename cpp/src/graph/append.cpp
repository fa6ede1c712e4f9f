#include "graph/append.hpp"

#include <cstddef>

namespace emnesy {
namespace {

std::int64_t size_of(const std::vector<std::int32_t>& values) { return static_cast<std::int64_t>(values.size()); }

// What all factors have. Structured factors' arrays are as long as `to` has factors from here on.
void begin_factor(FactorKind kind, bool gated, FactorGraph& to) {
  to.value_map_begin.resize(to.factor_count() + 1, to.value_map_begin.back());
  to.parameter_begin.resize(to.factor_count() + 1, to.parameter_begin.back());
  if (gated || !to.gated.empty()) {
    to.gated.resize(to.factor_count(), 0);
    to.gated.push_back(gated);
  }
  to.factor_kind.push_back(kind);
}

void end_factor(std::int64_t tuples, FactorGraph& to) {
  to.scope_begin.push_back(size_of(to.scope));
  to.tuple_begin.push_back(to.tuple_begin.back() + tuples);
  to.tuple_value_begin.push_back(size_of(to.tuple_value));
  to.value_map_begin.push_back(size_of(to.value_map));
  to.parameter_begin.push_back(size_of(to.parameter));
}

}  // namespace

FactorGraph without_factors(const FactorGraph& graph) {
  FactorGraph result;
  result.cardinality = graph.cardinality;
  result.variable_name = graph.variable_name;
  result.choice_count = graph.choice_count;
  result.choice_has_none = graph.choice_has_none;
  result.gate_variable = graph.gate_variable;
  result.slot_variable = graph.slot_variable;
  result.slot_label_count = graph.slot_label_count;
  result.slot_mask_begin = graph.slot_mask_begin;
  result.slot_mask = graph.slot_mask;
  result.fixed_variable = graph.fixed_variable;
  result.fixed_mask_begin = graph.fixed_mask_begin;
  result.fixed_mask = graph.fixed_mask;
  result.impossible = graph.impossible;
  result.query_variable = graph.query_variable;
  result.query_mask_begin = graph.query_mask_begin;
  result.query_mask = graph.query_mask;
  return result;
}

void append_factor(const FactorGraph& from, std::size_t f, const std::vector<std::int32_t>& variable, FactorGraph& to) {
  begin_factor(from.factor_kind[f], from.is_gated(f), to);
  for (std::int64_t i = from.scope_begin[f]; i < from.scope_begin[f + 1]; ++i) to.scope.push_back(variable[from.scope[i]]);
  const auto append = [](auto& all, const auto& source, std::int64_t begin, std::int64_t end) {
    all.insert(all.end(), source.begin() + begin, source.begin() + end);
  };
  const std::int64_t tuples = from.tuple_begin[f + 1] - from.tuple_begin[f];
  append(to.tuple_value, from.tuple_value, from.tuple_value_begin[f], from.tuple_value_begin[f + 1]);
  const bool unit = from.unit_weight[f] != 0;
  to.unit_weight.push_back(unit);
  if (!unit || !to.tuple_weight.empty()) {
    to.tuple_weight.resize(static_cast<std::size_t>(to.tuple_begin.back()), 1.0);
    if (unit) {
      to.tuple_weight.resize(to.tuple_weight.size() + static_cast<std::size_t>(tuples), 1.0);
    } else {
      append(to.tuple_weight, from.tuple_weight, from.tuple_begin[f], from.tuple_begin[f + 1]);
    }
  }
  const std::int32_t slice = from.slice_position[f];
  to.slice_position.push_back(slice);
  to.slice_offset.push_back(size_of(to.slice_begin));
  if (slice >= 0) {
    const std::int64_t values = from.cardinality[from.scope[from.scope_begin[f] + slice]];
    append(to.slice_begin, from.slice_begin, from.slice_offset[f], from.slice_offset[f] + values + 1);
  }
  if (from.factor_kind[f] != FactorKind::Table) {
    append(to.value_map, from.value_map, from.value_map_begin[f], from.value_map_begin[f + 1]);
    append(to.parameter, from.parameter, from.parameter_begin[f], from.parameter_begin[f + 1]);
  }
  end_factor(tuples, to);
}

void append_table(const std::vector<std::int32_t>& scope, const std::vector<std::int32_t>& values, FactorGraph& to) {
  begin_factor(FactorKind::Table, false, to);
  to.scope.insert(to.scope.end(), scope.begin(), scope.end());
  to.tuple_value.insert(to.tuple_value.end(), values.begin(), values.end());
  const std::size_t tuples = values.size() / scope.size();
  to.unit_weight.push_back(1);
  if (!to.tuple_weight.empty()) to.tuple_weight.resize(to.tuple_weight.size() + tuples, 1.0);
  to.slice_position.push_back(-1);
  to.slice_offset.push_back(size_of(to.slice_begin));
  end_factor(static_cast<std::int64_t>(tuples), to);
}

}  // namespace emnesy
