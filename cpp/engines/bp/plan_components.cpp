// Connected components: trees, and what has loops.
#include <algorithm>

#include "bp/planner.hpp"

namespace emnesy::bp {

Planner::Walk Planner::walk(std::int32_t root, const Around& around, std::vector<std::int32_t>& parent_variable,
                            std::vector<std::int32_t>& parent_factor) const {
  Walk w;
  w.order.push_back(root);
  parent_variable[root] = -1;
  for (std::size_t i = 0; i < w.order.size(); ++i) {
    for (const std::int32_t v : scope_[w.order[i]]) {
      if (!shared_[v]) continue;
      ++w.edges;
      if (parent_factor[v] >= 0) continue;
      parent_factor[v] = w.order[i];
      ++w.inner;
      for (const std::int32_t g : around[v]) {
        if (parent_variable[g] != -2) continue;
        parent_variable[g] = v;
        w.order.push_back(g);
      }
    }
  }
  return w;
}

// Finds the connected components; trees get a root and an order, the others go to the loopy part.
void Planner::add_components() {
  const std::size_t variables = graph_.variable_count();
  Around around(variables);  // factors of each interface variable
  for (std::size_t f = 0; f < scope_.size(); ++f) {
    for (const std::int32_t v : scope_[f]) {
      if (shared_[v]) around[v].push_back(static_cast<std::int32_t>(f));
    }
  }
  std::vector<std::int32_t> parent_variable(scope_.size(), -2);  // -2: not seen, -1: root
  std::vector<std::int32_t> parent_factor(variables, -1);
  std::vector<std::int32_t> parent(scope_.size(), -1), trees;
  std::vector<std::size_t> loopy;
  const auto find_parents = [&](const std::vector<std::int32_t>& order) {
    for (const std::int32_t f : order) parent[f] = parent_variable[f] < 0 ? -1 : parent_factor[parent_variable[f]];
  };
  for (std::size_t f = 0; f < scope_.size(); ++f) {
    if (parent_variable[f] != -2) continue;
    auto component = walk(static_cast<std::int32_t>(f), around, parent_variable, parent_factor);
    if (!component.tree()) {
      loopy.insert(loopy.end(), component.order.begin(), component.order.end());
      continue;
    }
    find_parents(component.order);
    std::int64_t cost = 0;
    for (const std::int32_t g : component.order) cost += cost_[g];
    if (cost >= least_shared_trees / 2) {  // from the middle, so that two threads can begin at two ends
      const std::int32_t root = middle(component.order, parent, cost_);
      for (const std::int32_t g : component.order) {
        parent_variable[g] = -2;
        for (const std::int32_t v : scope_[g]) parent_factor[v] = -1;
      }
      component = walk(root, around, parent_variable, parent_factor);
      find_parents(component.order);
    }
    trees.insert(trees.end(), component.order.begin(), component.order.end());
  }
  plan_.trees = cut_trees(trees, parent, cost_);
  add_trees(plan_.trees.order, parent_variable, around);
  std::sort(loopy.begin(), loopy.end());
  add_loopy(loopy);
  cut(loopy);
  plan_.accumulators = reserve_bench(most_leaf_values_);
  plan_.group_weights = reserve_bench(most_groups_);
  plan_.structured_scratch = reserve_bench(most_structured_);
  plan_.structured_known = reserve_bench(most_known_);
}

void Planner::cut(const std::vector<std::size_t>& loopy) {
  std::vector<std::int64_t> cost, begin{0};
  std::vector<std::int32_t> scope;
  std::int64_t tree_cost = 0, loopy_cost = 0;
  for (const std::int32_t f : plan_.trees.order) tree_cost += cost_[f];
  for (const std::int32_t v : plan_.inner) cost.push_back(8 + 2 * std::int64_t{graph_.cardinality[v]});
  plan_.inner_pieces = even_pieces(cost);
  cost.clear();
  for (std::size_t i = 0; i < plan_.loopy_variable.size(); ++i) {
    const std::int64_t edges = plan_.edge_begin[i + 1] - plan_.edge_begin[i];
    cost.push_back(4 + edges * (8 + 3 * std::int64_t{graph_.cardinality[plan_.loopy_variable[i]]}));
  }
  plan_.variable_pieces = even_pieces(cost);
  cost.clear();
  for (const std::size_t f : loopy) {
    cost.push_back(cost_[f]);
    loopy_cost += cost_[f];
    for (const std::int32_t v : scope_[f]) {
      if (shared_[v]) scope.push_back(v);
    }
    begin.push_back(static_cast<std::int64_t>(scope.size()));
  }
  plan_.loopy_pieces = even_pieces(cost);
  plan_.sweep = cut_sweep(begin, scope, static_cast<std::int32_t>(graph_.variable_count()), cost);
  plan_.shared = tree_cost >= least_shared_trees || loopy_cost >= least_shared_loopy;
}

void Planner::add_loopy(const std::vector<std::size_t>& factors) {
  plan_.loopy_interface = static_cast<std::int64_t>(plan_.interface.size());
  std::int64_t most_values = 0;
  std::vector<std::int32_t> owner;  // per edge
  for (const std::size_t f : factors) {
    std::vector<std::int32_t> interface;
    for (const std::int32_t v : scope_[f]) {
      if (shared_[v]) interface.push_back(v);
    }
    owner.insert(owner.end(), interface.size(), static_cast<std::int32_t>(plan_.loopy.size()));
    plan_.loopy.push_back(add_factor(f, interface, true));
    std::int64_t values = 0;
    for (const std::int32_t v : interface) values += graph_.cardinality[v];
    most_values = std::max(most_values, values);
  }
  std::vector<std::vector<std::int32_t>> edges(graph_.variable_count());
  plan_.messages = end_;
  for (std::size_t i = plan_.loopy_interface; i < plan_.interface.size(); ++i) {
    const std::int32_t variable = plan_.interface[i].variable;
    edges[variable].push_back(static_cast<std::int32_t>(plan_.edge.size()));
    Edge edge;
    edge.variable = variable;
    edge.factor = owner[plan_.edge.size()];
    edge.message = reserve(graph_.cardinality[variable]);
    plan_.edge.push_back(edge);
  }
  plan_.message_count = end_ - plan_.messages;
  for (Edge& edge : plan_.edge) edge.rest = reserve(graph_.cardinality[edge.variable]);
  plan_.messages_in = reserve_bench(most_values);
  plan_.messages_out = reserve_bench(most_values);
  plan_.edge_begin.push_back(0);
  for (std::size_t v = 0; v < edges.size(); ++v) {
    if (edges[v].empty()) continue;
    if (has_own_weights(static_cast<std::int32_t>(v))) own_in_scratch(static_cast<std::int32_t>(v));
    plan_.variable[v].running = reserve(graph_.cardinality[v]);
    for (const std::int32_t e : edges[v]) plan_.edge[e].slot = static_cast<std::int32_t>(plan_.loopy_variable.size());
    plan_.loopy_variable.push_back(static_cast<std::int32_t>(v));
    plan_.edge_of_variable.insert(plan_.edge_of_variable.end(), edges[v].begin(), edges[v].end());
    plan_.edge_begin.push_back(static_cast<std::int64_t>(plan_.edge_of_variable.size()));
  }
}

}  // namespace emnesy::bp
