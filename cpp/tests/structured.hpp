// What a factor says of a joint value, by the definition of its kind: the naive twin of the message formulas.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy::tests {

// meaning: what the value maps make of the joint value, by scope position.
inline bool rule_holds(FactorKind kind, const std::vector<std::int32_t>& meaning, const std::vector<std::int32_t>& parameter) {
  const std::size_t n = meaning.size();
  switch (kind) {
    case FactorKind::Table: return false;
    case FactorKind::NotEqual:
    case FactorKind::AllDifferent:
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          if (meaning[i] == meaning[j] && meaning[i] >= 0) return false;
        }
      }
      return true;
    case FactorKind::Equal:
      return std::all_of(meaning.begin(), meaning.end(), [&](std::int32_t symbol) { return symbol == meaning[0]; });
    case FactorKind::Disjunction:
    case FactorKind::Clause: {
      bool some = false;
      auto next = meaning.begin();
      for (const std::int32_t literals : parameter) {
        some = some || std::all_of(next, next + literals, [](std::int32_t holds) { return holds == 1; });
        next += literals;
      }
      return some == (kind == FactorKind::Clause || meaning.back() == 1);
    }
    case FactorKind::Sum: {
      std::int32_t sum = 0;
      for (std::size_t i = 0; i + 1 < n; ++i) sum += meaning[i];
      return sum == meaning.back();
    }
    case FactorKind::Minimum:
    case FactorKind::Maximum: {
      std::vector<std::int32_t> ranks;
      for (std::size_t i = 0; i + 1 < n; ++i) {
        if (meaning[i] >= 0) ranks.push_back(meaning[i]);
      }
      if (ranks.empty()) return meaning.back() == -1;
      return meaning.back() == (kind == FactorKind::Minimum ? *std::min_element(ranks.begin(), ranks.end())
                                                            : *std::max_element(ranks.begin(), ranks.end()));
    }
  }
  return false;
}

inline double factor_weight(const FactorGraph& g, std::size_t f, const std::vector<std::int32_t>& values) {
  const std::int64_t arity = g.scope_begin[f + 1] - g.scope_begin[f];
  const auto value = [&](std::int64_t i) { return values[g.scope[g.scope_begin[f] + i]]; };
  if (g.factor_kind[f] != FactorKind::Table) {
    std::vector<std::int32_t> meaning;
    const std::int32_t* map = g.value_map.data() + g.value_map_begin[f];
    for (std::int64_t i = 0; i < arity; ++i) {
      meaning.push_back(map[value(i)]);
      map += g.cardinality[g.scope[g.scope_begin[f] + i]];
    }
    return rule_holds(g.factor_kind[f], meaning,
                      {g.parameter.begin() + g.parameter_begin[f], g.parameter.begin() + g.parameter_begin[f + 1]});
  }
  for (std::int64_t t = 0; t < g.tuple_begin[f + 1] - g.tuple_begin[f]; ++t) {
    bool match = true;
    for (std::int64_t i = 0; i < arity && match; ++i) match = g.tuple_value[g.tuple_value_begin[f] + t * arity + i] == value(i);
    if (match) return g.unit_weight[f] ? 1 : g.tuple_weight[g.tuple_begin[f] + t];
  }
  return 0;
}

// The gate is open exactly where all gated factors allow the values.
inline bool gate_agrees(const FactorGraph& g, const std::vector<std::int32_t>& values) {
  bool open = true;
  for (std::size_t f = 0; f < g.factor_count(); ++f) {
    if (g.is_gated(f)) open = open && factor_weight(g, f, values) > 0;
  }
  return open == (values[g.gate_variable] == 1);
}

}  // namespace emnesy::tests
