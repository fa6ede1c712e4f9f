#include "emnesy/components.hpp"

#include <algorithm>

namespace emnesy {

Components strongly_connected_components(const std::vector<std::int64_t>& edge_begin,
                                         const std::vector<std::int32_t>& edge) {
  const auto nodes = static_cast<std::int32_t>(edge_begin.size()) - 1;
  Components result;
  result.component.assign(nodes, -1);
  std::vector<std::int32_t> index(nodes, -1), low(nodes, 0), stack;
  struct Frame {
    std::int32_t node;
    std::int64_t next;
  };
  std::vector<Frame> frames;
  std::int32_t counter = 0;
  for (std::int32_t root = 0; root < nodes; ++root) {
    if (index[root] >= 0) continue;
    frames.push_back({root, edge_begin[root]});
    index[root] = low[root] = counter++;
    stack.push_back(root);
    while (!frames.empty()) {
      Frame& frame = frames.back();
      const std::int32_t node = frame.node;
      if (frame.next < edge_begin[node + 1]) {
        const std::int32_t target = edge[frame.next++];
        if (index[target] < 0) {
          index[target] = low[target] = counter++;
          stack.push_back(target);
          frames.push_back({target, edge_begin[target]});
        } else if (result.component[target] < 0) {
          low[node] = std::min(low[node], index[target]);
        }
        continue;
      }
      frames.pop_back();
      if (!frames.empty()) low[frames.back().node] = std::min(low[frames.back().node], low[node]);
      if (low[node] != index[node]) continue;
      const auto number = static_cast<std::int32_t>(result.count());
      std::int32_t member = -1;
      do {
        member = stack.back();
        stack.pop_back();
        result.component[member] = number;
        result.node.push_back(member);
      } while (member != node);
      result.begin.push_back(static_cast<std::int64_t>(result.node.size()));
      std::int32_t level = 0;
      bool loop = result.begin[number + 1] - result.begin[number] > 1;
      for (std::int64_t i = result.begin[number]; i < result.begin[number + 1]; ++i) {
        for (std::int64_t e = edge_begin[result.node[i]]; e < edge_begin[result.node[i] + 1]; ++e) {
          const std::int32_t target = result.component[edge[e]];
          if (target == number) {
            loop = true;
          } else {
            level = std::max(level, result.level[target] + 1);
          }
        }
      }
      result.level.push_back(level);
      result.cyclic.push_back(loop ? 1 : 0);
    }
  }
  return result;
}

}  // namespace emnesy
