#include "exact.hpp"

#include <algorithm>
#include <stdexcept>

#include "exact/forest.hpp"
#include "exact/tables.hpp"

namespace emnesy {
namespace {

using namespace exact;

// Orders whose tables are made, the cheapest by its bound first, until one keeps within the budget. The bound may be
// far above what the factors really allow, so the second and third best are worth a try.
constexpr std::size_t candidates = 3;

void require_tables(const FactorGraph& graph) {
  for (const FactorKind kind : graph.factor_kind) {
    if (kind != FactorKind::Table) throw std::logic_error("junction tree: every factor must be a table");
  }
}

Search search_of(const JunctionTreeLimits& limits, std::size_t keep) {
  return {limits.restarts, limits.search_work, keep, limits.cluster_rows};
}

JunctionTreeCost cost_of(const ClusterTree& tree) {
  JunctionTreeCost cost;
  cost.dense = tree.dense;
  cost.bound = tree.bound;
  cost.clusters = static_cast<std::int32_t>(tree.cluster.size());
  cost.width = tree.width;
  return cost;
}

}  // namespace

JunctionTreeCost estimate_junction_tree(const FactorGraph& graph, const JunctionTreeLimits& limits) {
  require_tables(graph);
  const Domains domains = propagate(graph);
  if (domains.impossible) return {};
  return cost_of(find_trees(domains, search_of(limits, 1)).front());
}

namespace {

// estimate: of the tree that came nearest, where all are too large.
std::optional<JunctionTree> find_junction_tree(const FactorGraph& graph, const JunctionTreeLimits& limits,
                                               JunctionTreeCost& estimate) {
  require_tables(graph);
  JunctionTree result;
  const Domains domains = propagate(graph);
  if (domains.impossible) {
    result.forest = impossible_forest(graph);
    return result;
  }
  const auto trees = find_trees(domains, search_of(limits, candidates));
  if (trees.empty()) return std::nullopt;
  for (const ClusterTree& tree : trees) {
    result.cost = cost_of(tree);
    auto tables = make_tables(domains, tree, limits.budget, result.cost.entries);
    if (!tables) continue;
    result.cost.entries = 0;
    bool impossible = false;
    for (const Relation& table : *tables) {
      impossible = impossible || table.rows == 0;
      result.cost.entries += static_cast<std::int64_t>(table.rows);
      result.cost.largest = std::max(result.cost.largest, static_cast<std::int64_t>(table.rows));
    }
    if (impossible) {
      result.forest = impossible_forest(graph);
      return result;
    }
    Forest forest = make_forest(graph, domains, tree, std::move(*tables));
    result.forest = std::move(forest.graph);
    result.cost.separators = forest.separators;
    return result;
  }
  estimate = cost_of(trees.front());
  estimate.entries = result.cost.entries;
  return std::nullopt;
}

}  // namespace

std::optional<JunctionTree> try_junction_tree(const FactorGraph& graph, const JunctionTreeLimits& limits) {
  JunctionTreeCost estimate;
  return find_junction_tree(graph, limits, estimate);
}

JunctionTree make_junction_tree(const FactorGraph& graph, const JunctionTreeLimits& limits) {
  graph.verify();
  JunctionTreeCost estimate;
  auto tree = find_junction_tree(graph, limits, estimate);
  if (!tree) throw TreeTooLarge(estimate);
  return std::move(*tree);
}

}  // namespace emnesy
