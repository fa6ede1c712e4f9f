// Strongly connected components in dependency order.
#pragma once

#include <cstdint>
#include <vector>

namespace emnesy {

struct Components {
  std::vector<std::int32_t> component;  // of each node; components are numbered in dependency order:
                                        // everything a component depends on has a smaller number
  std::vector<std::int64_t> begin{0};
  std::vector<std::int32_t> node;       // nodes by component
  std::vector<std::int32_t> level;      // of each component: 0, or one more than the highest it depends on
  std::vector<std::uint8_t> cyclic;     // of each component: several nodes, or one that depends on itself

  std::size_t count() const { return begin.size() - 1; }
};

// edge_begin, edge: CSR from a node to the nodes that it depends on. Tarjan (1972), without recursion.
Components strongly_connected_components(const std::vector<std::int64_t>& edge_begin,
                                         const std::vector<std::int32_t>& edge);

}  // namespace emnesy
