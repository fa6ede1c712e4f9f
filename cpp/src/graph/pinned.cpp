#include "graph/pinned.hpp"

namespace emnesy {

std::vector<std::vector<std::uint8_t>> allowed_values(const FactorGraph& graph) {
  std::vector<std::vector<std::uint8_t>> allowed(graph.variable_count());
  for (std::size_t i = 0; i < graph.fixed_variable.size(); ++i) {
    const std::int32_t variable = graph.fixed_variable[i];
    auto& mask = allowed[variable];
    if (mask.empty()) mask.assign(graph.cardinality[variable], 1);
    for (std::int32_t v = 0; v < graph.cardinality[variable]; ++v) {
      mask[v] = mask[v] && graph.fixed_mask[graph.fixed_mask_begin[i] + v];
    }
  }
  return allowed;
}

std::vector<std::int32_t> pinned_values(const FactorGraph& graph) {
  const auto allowed = allowed_values(graph);
  std::vector<std::int32_t> pinned(graph.variable_count(), -1);
  for (std::size_t variable = 0; variable < pinned.size(); ++variable) {
    std::int32_t count = 0;
    for (std::int32_t v = 0; v < graph.cardinality[variable]; ++v) {
      if (!allowed[variable].empty() && !allowed[variable][v]) continue;
      pinned[variable] = v;
      ++count;
    }
    if (count != 1) pinned[variable] = -1;
  }
  return pinned;
}

}  // namespace emnesy
