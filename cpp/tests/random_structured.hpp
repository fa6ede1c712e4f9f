// Random structured factors of every kind, for the tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy::tests {

using Random = std::mt19937_64;

inline int uniform(Random& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
}

inline bool coin(Random& random, double p) { return static_cast<double>(random() >> 11) * 0x1.0p-53 < p; }

struct StructuredDraft {
  FactorKind kind;
  std::vector<std::vector<std::int32_t>> maps;
  std::vector<std::int32_t> parameter;
};

constexpr FactorKind structured_kinds[] = {FactorKind::NotEqual,    FactorKind::AllDifferent, FactorKind::Equal,
                                           FactorKind::Disjunction, FactorKind::Clause,       FactorKind::Sum,
                                           FactorKind::Minimum,     FactorKind::Maximum};

// Maps and parameters for variables of these cardinalities (at least two of them).
inline StructuredDraft random_structured(Random& random, FactorKind kind, const std::vector<std::int32_t>& cardinality) {
  StructuredDraft draft{kind, {}, {}};
  const auto n = static_cast<std::int32_t>(cardinality.size());
  const bool result = kind == FactorKind::Disjunction || kind == FactorKind::Sum || kind == FactorKind::Minimum ||
                      kind == FactorKind::Maximum;
  const std::int32_t inputs = n - (result ? 1 : 0);
  const auto maps = [&](int least, int most, int result_least, int result_most) {
    for (std::int32_t k = 0; k < n; ++k) {
      draft.maps.emplace_back();
      for (std::int32_t v = 0; v < cardinality[k]; ++v) {
        draft.maps.back().push_back(k < inputs ? uniform(random, least, most) : uniform(random, result_least, result_most));
      }
    }
  };
  switch (kind) {
    case FactorKind::Table: break;
    case FactorKind::NotEqual:
    case FactorKind::AllDifferent:
    case FactorKind::Equal: {
      const std::int32_t symbols = std::max(*std::max_element(cardinality.begin(), cardinality.end()),
                                            kind == FactorKind::AllDifferent ? n - (coin(random, 0.1) ? 1 : 0) : 1) +
                                   uniform(random, 0, 1);
      draft.parameter = {symbols};
      maps(kind == FactorKind::NotEqual ? -1 : 0, symbols - 1, 0, 0);
      if (coin(random, 0.6)) {  // every value its own symbol, as most are
        for (auto& map : draft.maps) {
          for (std::size_t v = 0; v < map.size(); ++v) map[v] = static_cast<std::int32_t>(v);
        }
      }
      break;
    }
    case FactorKind::Disjunction:
    case FactorKind::Clause:
      maps(0, 1, 0, 1);
      for (std::int32_t left = inputs; left > 0;) {
        draft.parameter.push_back(uniform(random, 1, std::min(left, 3)));
        left -= draft.parameter.back();
      }
      break;
    case FactorKind::Sum: {
      maps(0, 3, -1, 0);
      std::int32_t greatest = 0;
      for (std::int32_t k = 0; k < inputs; ++k) greatest += *std::max_element(draft.maps[k].begin(), draft.maps[k].end());
      for (auto& number : draft.maps.back()) number = uniform(random, -1, greatest);
      draft.parameter = {greatest};
      break;
    }
    case FactorKind::Minimum:
    case FactorKind::Maximum: {
      const int ranks = uniform(random, 1, 4);
      draft.parameter = {ranks};
      maps(-1, ranks - 1, -2, ranks - 1);
      break;
    }
  }
  return draft;
}

}  // namespace emnesy::tests
