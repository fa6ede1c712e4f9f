// Is a factor graph free of loops?
#include <numeric>
#include <vector>

#include "emnesy/factor_graph.hpp"
#include "graph/pinned.hpp"

namespace emnesy {

bool FactorGraph::is_forest() const {
  const std::vector<std::int32_t> pinned = pinned_values(*this);
  std::vector<std::int32_t> parent(variable_count() + factor_count());
  std::iota(parent.begin(), parent.end(), 0);
  const auto find = [&](std::int32_t node) {
    while (parent[node] != node) node = parent[node] = parent[parent[node]];
    return node;
  };
  for (std::size_t f = 0; f < factor_count(); ++f) {
    for (std::int64_t i = scope_begin[f]; i < scope_begin[f + 1]; ++i) {
      if (pinned[scope[i]] >= 0) continue;  // a known value passes no messages
      const std::int32_t a = find(scope[i]);
      const std::int32_t b = find(static_cast<std::int32_t>(variable_count() + f));
      if (a == b) return false;
      parent[a] = b;
    }
  }
  return true;
}

}  // namespace emnesy
