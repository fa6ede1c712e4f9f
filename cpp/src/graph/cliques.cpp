#include <algorithm>
#include <iterator>
#include <map>

#include "builder.hpp"

namespace emnesy::graph {

std::vector<std::vector<std::int32_t>> cover_by_cliques(
    const std::vector<std::pair<std::int32_t, std::int32_t>>& edges,
    const std::function<bool(const std::vector<std::int32_t>&, std::int32_t)>& may_join) {
  std::map<std::int32_t, std::vector<std::int32_t>> around;  // neighbours, ascending
  for (const auto& [a, b] : edges) {
    around[a].push_back(b);
    around[b].push_back(a);
  }
  for (auto& entry : around) std::sort(entry.second.begin(), entry.second.end());
  std::vector<std::uint8_t> covered(edges.size(), 0);
  const auto number = [&](std::int32_t a, std::int32_t b) {
    const std::pair<std::int32_t, std::int32_t> edge{std::min(a, b), std::max(a, b)};
    return std::lower_bound(edges.begin(), edges.end(), edge) - edges.begin();
  };
  std::vector<std::vector<std::int32_t>> cliques;
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (covered[e]) continue;
    std::vector<std::int32_t> clique{edges[e].first, edges[e].second}, candidates;
    std::set_intersection(around[clique[0]].begin(), around[clique[0]].end(), around[clique[1]].begin(),
                          around[clique[1]].end(), std::back_inserter(candidates));
    if (!may_join({clique[0]}, clique[1])) candidates.clear();
    while (!candidates.empty()) {
      std::int32_t best = -1, most = -1;
      for (const std::int32_t vertex : candidates) {
        const auto fresh = static_cast<std::int32_t>(std::count_if(
            clique.begin(), clique.end(), [&](std::int32_t member) { return !covered[number(member, vertex)]; }));
        if (fresh <= most) continue;
        most = fresh;
        best = vertex;
      }
      if (most == 0) break;  // nothing new in any of them
      std::vector<std::int32_t> left;
      const bool joins = may_join(clique, best);
      for (const std::int32_t vertex : candidates) {
        if (vertex == best || (joins && !std::binary_search(around[best].begin(), around[best].end(), vertex))) continue;
        left.push_back(vertex);
      }
      if (joins) clique.push_back(best);
      candidates = std::move(left);
    }
    for (std::size_t i = 0; i < clique.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) covered[number(clique[i], clique[j])] = 1;
    }
    std::sort(clique.begin(), clique.end());
    cliques.push_back(std::move(clique));
  }
  return cliques;
}

}  // namespace emnesy::graph
