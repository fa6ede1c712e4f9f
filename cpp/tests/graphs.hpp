// Factor graphs written by hand, for the tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy::tests {

class GraphMaker {
 public:
  FactorGraph graph;

  // Choices come before cells. alternatives: without none.
  std::int32_t choice(std::int32_t alternatives, bool none = false) {
    graph.choice_has_none.push_back(none);
    ++graph.choice_count;
    return variable(alternatives + (none ? 1 : 0), "x");
  }

  std::int32_t cell(std::int32_t values) { return variable(values, "y"); }

  void factor(const std::vector<std::int32_t>& scope, std::vector<std::vector<std::int32_t>> tuples,
              std::vector<double> weights = {}, std::int32_t slice_position = -1) {
    std::vector<std::size_t> order(tuples.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (slice_position >= 0) {
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return tuples[a][slice_position] < tuples[b][slice_position];
      });
    }
    graph.factor_kind.push_back(FactorKind::Table);
    graph.scope.insert(graph.scope.end(), scope.begin(), scope.end());
    graph.scope_begin.push_back(static_cast<std::int64_t>(graph.scope.size()));
    graph.unit_weight.push_back(weights.empty());
    for (const std::size_t t : order) {
      graph.tuple_value.insert(graph.tuple_value.end(), tuples[t].begin(), tuples[t].end());
      weights_.push_back(weights.empty() ? 1.0 : weights[t]);
    }
    graph.tuple_begin.push_back(graph.tuple_begin.back() + static_cast<std::int64_t>(tuples.size()));
    graph.tuple_value_begin.push_back(static_cast<std::int64_t>(graph.tuple_value.size()));
    if (!weights.empty()) weighted_ = true;
    if (weighted_) graph.tuple_weight.insert(graph.tuple_weight.end(), weights_.begin() + static_cast<std::ptrdiff_t>(graph.tuple_weight.size()), weights_.end());
    graph.value_map_begin.push_back(static_cast<std::int64_t>(graph.value_map.size()));
    graph.parameter_begin.push_back(static_cast<std::int64_t>(graph.parameter.size()));
    graph.slice_position.push_back(slice_position);
    graph.slice_offset.push_back(static_cast<std::int64_t>(graph.slice_begin.size()));
    if (slice_position < 0) return;
    const std::int32_t values = graph.cardinality[scope[slice_position]];
    for (std::int32_t v = 0; v <= values; ++v) {
      graph.slice_begin.push_back(static_cast<std::int32_t>(std::count_if(
          tuples.begin(), tuples.end(), [&](const auto& tuple) { return tuple[slice_position] < v; })));
    }
  }

  // maps: one a scope position.
  void structured(FactorKind kind, const std::vector<std::int32_t>& scope, const std::vector<std::vector<std::int32_t>>& maps,
                  const std::vector<std::int32_t>& parameters) {
    for (const auto& map : maps) graph.value_map.insert(graph.value_map.end(), map.begin(), map.end());
    graph.parameter.insert(graph.parameter.end(), parameters.begin(), parameters.end());
    factor(scope, {});
    graph.factor_kind.back() = kind;
  }

  // masks: one a label, each with a byte a value.
  void slot(std::int32_t variable, const std::vector<std::vector<std::uint8_t>>& masks) {
    graph.slot_variable.push_back(variable);
    graph.slot_label_count.push_back(static_cast<std::int32_t>(masks.size()));
    graph.slot_mask_begin.push_back(static_cast<std::int64_t>(graph.slot_mask.size()));
    for (const auto& mask : masks) graph.slot_mask.insert(graph.slot_mask.end(), mask.begin(), mask.end());
  }

  // A slot whose label l says "the variable has value l".
  void value_slot(std::int32_t variable) {
    const std::int32_t values = graph.cardinality[variable];
    std::vector<std::vector<std::uint8_t>> masks(values, std::vector<std::uint8_t>(values, 0));
    for (std::int32_t v = 0; v < values; ++v) masks[v][v] = 1;
    slot(variable, masks);
  }

  void fixed(std::int32_t variable, const std::vector<std::uint8_t>& mask) {
    graph.fixed_variable.push_back(variable);
    graph.fixed_mask_begin.push_back(static_cast<std::int64_t>(graph.fixed_mask.size()));
    graph.fixed_mask.insert(graph.fixed_mask.end(), mask.begin(), mask.end());
  }

  void query(std::int32_t variable, const std::vector<std::uint8_t>& mask) {
    graph.query_variable.push_back(variable);
    graph.query_mask_begin.push_back(static_cast<std::int64_t>(graph.query_mask.size()));
    graph.query_mask.insert(graph.query_mask.end(), mask.begin(), mask.end());
  }

 private:
  std::int32_t variable(std::int32_t values, const char* prefix) {
    const auto id = static_cast<std::int32_t>(graph.cardinality.size());
    graph.cardinality.push_back(values);
    graph.variable_name.push_back(prefix + std::to_string(id));
    return id;
  }

  std::vector<double> weights_;
  bool weighted_ = false;
};

// Two n-digit numbers and their sum: choices a_0, b_0, a_1, b_1, ... (least significant first), cells s_0,
// c_1, s_1, c_2, ..., s_n-1, c_n. Slots: s_0 .. s_n-1, then c_n.
inline FactorGraph addition_chain(std::int32_t digits) {
  GraphMaker maker;
  for (std::int32_t i = 0; i < 2 * digits; ++i) maker.choice(10);
  std::int32_t carry_in = -1;
  for (std::int32_t i = 0; i < digits; ++i) {
    const std::int32_t sum = maker.cell(10);
    const std::int32_t carry_out = maker.cell(2);
    std::vector<std::int32_t> scope{2 * i, 2 * i + 1};
    if (carry_in >= 0) scope.push_back(carry_in);
    scope.push_back(carry_out);
    scope.push_back(sum);
    std::vector<std::vector<std::int32_t>> tuples;
    for (std::int32_t a = 0; a < 10; ++a) {
      for (std::int32_t b = 0; b < 10; ++b) {
        for (std::int32_t c = 0; c < (carry_in >= 0 ? 2 : 1); ++c) {
          std::vector<std::int32_t> tuple{a, b};
          if (carry_in >= 0) tuple.push_back(c);
          tuple.push_back((a + b + c) / 10);
          tuple.push_back((a + b + c) % 10);
          tuples.push_back(tuple);
        }
      }
    }
    const auto slice = static_cast<std::int32_t>(scope.size()) - 1;
    maker.factor(scope, tuples, {}, slice);
    maker.value_slot(sum);
    carry_in = carry_out;
  }
  maker.value_slot(carry_in);
  return maker.graph;
}

}  // namespace emnesy::tests
