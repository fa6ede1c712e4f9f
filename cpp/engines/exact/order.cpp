#include "exact/order.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <queue>

#include "random.hpp"

namespace emnesy::exact {
namespace {

using Set = std::vector<std::int32_t>;  // sorted

// Which variables are in some relation together.
std::vector<Set> neighbours_of(const Domains& domains) {
  std::vector<Set> neighbours(domains.size.size());
  for (const Relation& relation : domains.relation) {
    for (const std::int32_t a : relation.scope) {
      for (const std::int32_t b : relation.scope) {
        if (a != b) neighbours[a].push_back(b);
      }
    }
  }
  for (Set& set : neighbours) {
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
  }
  return neighbours;
}

enum class Heuristic { Fill, Weight, WeightedFill };

struct Elimination {
  std::int32_t variable;
  Set neighbours;  // at that time
};

class Eliminator {
 public:
  Eliminator(const Domains& domains, const std::vector<Set>& neighbours, Heuristic heuristic, std::uint64_t seed)
      : domains_(domains), neighbours_(neighbours), heuristic_(heuristic), seed_(seed), gone_(neighbours.size(), 0) {
    for (const std::int32_t size : domains.size) log_size_.push_back(std::log(static_cast<double>(std::max(size, 1))));
  }

  // Nothing where the search gives up.
  std::optional<std::vector<Elimination>> run(const std::vector<std::uint8_t>& used, const Search& search, const Bounds& bounds,
                                              std::int64_t& work) {
    struct Entry {
      double cost;
      double tie;
      std::int32_t variable;
      bool operator<(const Entry& other) const {  // the least comes first out of a priority queue
        if (cost != other.cost) return cost > other.cost;
        if (tie != other.tie) return tie > other.tie;
        return variable > other.variable;
      }
    };
    std::vector<Elimination> order;
    if (!eliminate_private(search, bounds, order)) return std::nullopt;
    std::priority_queue<Entry> queue;
    std::vector<double> current(neighbours_.size(), -1);
    const auto offer = [&](std::int32_t v) {
      const double cost = cost_of(v, work);
      if (cost == current[v]) return;
      current[v] = cost;
      queue.push({cost, noise(v, 1), v});
    };
    for (std::size_t v = 0; v < used.size(); ++v) {
      if (used[v] && !gone_[v]) offer(static_cast<std::int32_t>(v));
    }
    while (!queue.empty()) {
      const Entry entry = queue.top();
      queue.pop();
      if (gone_[entry.variable] || entry.cost != current[entry.variable]) continue;
      if (search.gives_up() && (work > search.work || too_large(entry.variable, search, bounds))) return std::nullopt;
      gone_[entry.variable] = 1;
      Set around = std::move(neighbours_[entry.variable]);
      Set touched = connect(entry.variable, around, work);
      order.push_back({entry.variable, std::move(around)});
      for (const std::int32_t u : touched) offer(u);
    }
    return order;
  }

 private:
  // Variables of one relation alone know each other and all whom they know: to eliminate these first adds no edge and costs nothing
  // (simplicial vertices; Bodlaender, Koster, van den Eijkhof, "Preprocessing rules for triangulation of probabilistic networks",
  // Computational Intelligence 21 (2005)). All of a relation go at once, as there may be thousands. False: the search gives up.
  bool eliminate_private(const Search& search, const Bounds& bounds, std::vector<Elimination>& order) {
    std::vector<std::int32_t> relations(neighbours_.size(), 0);
    for (const Relation& relation : domains_.relation) {
      for (const std::int32_t v : relation.scope) ++relations[v];
    }
    for (const Relation& relation : domains_.relation) {
      Set left = relation.scope, alone;
      std::sort(left.begin(), left.end());
      std::copy_if(left.begin(), left.end(), std::back_inserter(alone), [&](std::int32_t v) { return relations[v] == 1; });
      if (alone.empty()) continue;
      if (search.gives_up() && too_large(alone.front(), search, bounds)) return false;
      for (const std::int32_t v : alone) {
        left.erase(std::lower_bound(left.begin(), left.end(), v));
        order.push_back({v, left});
        gone_[v] = 1;
        neighbours_[v].clear();
      }
      for (const std::int32_t u : left) {
        Set others;
        std::set_difference(neighbours_[u].begin(), neighbours_[u].end(), alone.begin(), alone.end(), std::back_inserter(others));
        neighbours_[u] = std::move(others);
      }
    }
    return true;
  }

  double noise(std::int32_t v, std::uint64_t stream) const {
    return uniform_pair(seed_, static_cast<std::uint64_t>(v), stream)[0];
  }

  bool too_large(std::int32_t v, const Search& search, const Bounds& bounds) const {
    const double most = std::log(search.cluster_rows);
    double dense = log_size_[v];
    for (const std::int32_t u : neighbours_[v]) dense += log_size_[u];
    if (dense <= most) return false;
    Set clique = neighbours_[v];
    clique.insert(std::lower_bound(clique.begin(), clique.end(), v), v);
    return bounds.log_rows(clique) > most;
  }

  double cost_of(std::int32_t v, std::int64_t& work) {
    const Set& around = neighbours_[v];
    double weight = log_size_[v];
    for (const std::int32_t u : around) weight += log_size_[u];
    work += static_cast<std::int64_t>(around.size()) + 1;
    double cost = weight;
    if (heuristic_ != Heuristic::Weight) {
      double fill = 0;
      for (const std::int32_t u : around) {
        // Neighbours of v, other than u, that are no neighbours of u.
        const Set& other = neighbours_[u];
        work += static_cast<std::int64_t>(around.size() + other.size());
        std::size_t j = 0;
        for (const std::int32_t w : around) {
          while (j < other.size() && other[j] < w) ++j;
          if (w != u && (j == other.size() || other[j] != w)) {
            fill += heuristic_ == Heuristic::Fill ? 0.5 : 0.5 * log_size_[u] * log_size_[w];
          }
        }
      }
      cost = fill + 1e-6 * weight;
    }
    // The first few orders are the heuristics' own; later ones look around.
    return seed_ < 3 ? cost : cost * (1 + 0.3 * noise(v, 2));
  }

  // Makes the neighbours of an eliminated variable neighbours of each other. Returns whose cost may have changed.
  Set connect(std::int32_t v, const Set& around, std::int64_t& work) {
    Set touched = around;
    bool filled = false;
    for (const std::int32_t u : around) {
      Set& set = neighbours_[u];
      Set merged;
      merged.reserve(set.size() + around.size());
      std::set_union(set.begin(), set.end(), around.begin(), around.end(), std::back_inserter(merged));
      merged.erase(std::remove_if(merged.begin(), merged.end(), [&](std::int32_t w) { return w == u || w == v; }),
                   merged.end());
      filled = filled || merged.size() + 1 != set.size();
      work += static_cast<std::int64_t>(merged.size());
      set = std::move(merged);
    }
    // A new edge between two neighbours lowers the fill of everybody who knows both.
    if (filled && heuristic_ != Heuristic::Weight) {
      for (const std::int32_t u : around) touched.insert(touched.end(), neighbours_[u].begin(), neighbours_[u].end());
      std::sort(touched.begin(), touched.end());
      touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    }
    return touched;
  }

  const Domains& domains_;
  std::vector<Set> neighbours_;
  const Heuristic heuristic_;
  const std::uint64_t seed_;
  std::vector<std::uint8_t> gone_;
  std::vector<double> log_size_;
};

// Every elimination is a clique of the variable and its neighbours then; one that is a part of the one before it
// in the tree is absorbed by it.
ClusterTree tree_of(const std::vector<Elimination>& order, std::size_t variables) {
  std::vector<std::int32_t> position(variables, -1);
  for (std::size_t i = 0; i < order.size(); ++i) position[order[i].variable] = static_cast<std::int32_t>(i);
  const auto parent_of = [&](std::size_t i) {
    std::int32_t parent = -1;
    for (const std::int32_t u : order[i].neighbours) {
      if (parent < 0 || position[u] < parent) parent = position[u];
    }
    return parent;
  };
  std::vector<std::int32_t> representative(order.size());
  std::vector<std::int32_t> top(order.size());  // of a representative: the last elimination that it absorbed
  for (std::size_t i = 0; i < order.size(); ++i) representative[i] = top[i] = static_cast<std::int32_t>(i);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int32_t p = parent_of(i);
    if (p < 0 || representative[p] != p) continue;
    if (order[i].neighbours.size() == order[p].neighbours.size() + 1) {
      representative[p] = representative[i];
      top[representative[i]] = p;
    }
  }
  // Clusters by depth, the deepest first.
  struct Draft {
    std::int32_t elimination, depth;
  };
  std::vector<Draft> drafts;
  std::vector<std::int32_t> depth(order.size(), 0), parent(order.size(), -1);
  for (std::size_t i = order.size(); i-- > 0;) {
    if (representative[i] != static_cast<std::int32_t>(i)) continue;
    const std::int32_t p = parent_of(static_cast<std::size_t>(top[i]));
    parent[i] = p < 0 ? -1 : representative[p];
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (representative[i] != static_cast<std::int32_t>(i)) continue;
    std::vector<std::int32_t> path;
    std::int32_t at = static_cast<std::int32_t>(i);
    while (at >= 0 && depth[at] == 0) {
      path.push_back(at);
      at = parent[at];
    }
    std::int32_t above = at < 0 ? 0 : depth[at];
    while (!path.empty()) {
      depth[path.back()] = ++above;
      path.pop_back();
    }
    drafts.push_back({static_cast<std::int32_t>(i), depth[i]});
  }
  std::stable_sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) { return a.depth > b.depth; });
  std::vector<std::int32_t> cluster_of(order.size(), -1);
  for (std::size_t c = 0; c < drafts.size(); ++c) cluster_of[drafts[c].elimination] = static_cast<std::int32_t>(c);
  ClusterTree tree;
  tree.cluster.resize(drafts.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    Cluster& cluster = tree.cluster[cluster_of[representative[i]]];
    cluster.home.push_back(order[i].variable);
    if (representative[i] != static_cast<std::int32_t>(i)) continue;
    cluster.variables = order[i].neighbours;
    cluster.variables.push_back(order[i].variable);
    std::sort(cluster.variables.begin(), cluster.variables.end());
    cluster.parent = parent[i] < 0 ? -1 : cluster_of[parent[i]];
    cluster.separator = order[top[i]].neighbours;
  }
  for (Cluster& cluster : tree.cluster) std::sort(cluster.home.begin(), cluster.home.end());
  return tree;
}

}  // namespace

constexpr std::size_t longest_counted = 64;

Bounds::Bounds(const Domains& domains) : domains_(domains), around_(domains.size.size()) {
  for (const std::int32_t size : domains.size) log_size_.push_back(std::log(static_cast<double>(std::max(size, 1))));
  for (std::size_t r = 0; r < domains.relation.size(); ++r) {
    const Relation& relation = domains.relation[r];
    log_degree_.emplace_back();
    for (std::size_t i = 0; i < relation.arity(); ++i) {
      around_[relation.scope[i]].push_back(static_cast<std::int32_t>(r));
      std::vector<std::int32_t> others;
      for (std::size_t j = 0; j < relation.arity(); ++j) {
        if (j != i) others.push_back(static_cast<std::int32_t>(j));
      }
      double most = static_cast<double>(relation.rows);  // of long relations as it is: to count takes the square of their length
      if (!others.empty() && relation.arity() <= longest_counted) {
        const Groups groups = group_rows(relation, others);
        std::vector<std::int32_t> count(groups.count(), 0);
        for (const std::int32_t g : groups.of_row) ++count[g];
        most = *std::max_element(count.begin(), count.end());
      }
      log_degree_.back().push_back(std::log(most));
    }
  }
}

double Bounds::log_dense(const std::vector<std::int32_t>& variables) const {
  double sum = 0;
  for (const std::int32_t v : variables) sum += log_size_[v];
  return sum;
}

double Bounds::log_rows(const std::vector<std::int32_t>& variables) const {
  struct Part {
    std::int32_t relation;
    std::vector<std::int32_t> member;  // positions in `variables` of the scope, -1 where not in the cluster
  };
  const auto position = [&](std::int32_t v) {
    const auto found = std::lower_bound(variables.begin(), variables.end(), v);
    return found == variables.end() || *found != v ? -1 : static_cast<std::int32_t>(found - variables.begin());
  };
  std::vector<std::int32_t> relations;
  for (const std::int32_t v : variables) relations.insert(relations.end(), around_[v].begin(), around_[v].end());
  std::sort(relations.begin(), relations.end());
  relations.erase(std::unique(relations.begin(), relations.end()), relations.end());
  std::vector<Part> parts;
  for (const std::int32_t r : relations) {
    Part part{r, {}};
    for (const std::int32_t v : domains_.relation[r].scope) part.member.push_back(position(v));
    parts.push_back(std::move(part));
  }
  std::vector<std::uint8_t> covered(variables.size(), 0);
  std::size_t left = variables.size();
  double total = 0;
  while (left > 0) {
    // The step that saves most against the product of the domains' sizes; with nothing saved, a single variable.
    double best_saving = 0, best_cost = 0;
    std::vector<std::int32_t> best;
    for (const Part& part : parts) {
      double fresh = 0, all = 0;
      std::vector<std::int32_t> members;
      std::int32_t outside = 0;
      std::size_t only = 0;
      for (std::size_t i = 0; i < part.member.size(); ++i) {
        const std::int32_t m = part.member[i];
        if (m < 0) {
          ++outside;
          continue;
        }
        all += log_size_[variables[m]];
        if (covered[m]) continue;
        fresh += log_size_[variables[m]];
        members.push_back(m);
        only = i;
      }
      if (members.empty()) continue;
      double cost = std::min(std::log(static_cast<double>(domains_.relation[part.relation].rows)), all);
      if (members.size() == 1 && outside == 0) cost = std::min(cost, log_degree_[part.relation][only]);
      if (fresh - cost > best_saving + 1e-12) {
        best_saving = fresh - cost;
        best_cost = cost;
        best = std::move(members);
      }
    }
    if (best.empty()) {
      for (std::size_t m = 0; m < covered.size() && best.empty(); ++m) {
        if (!covered[m]) best = {static_cast<std::int32_t>(m)};
      }
      best_cost = log_size_[variables[best.front()]];
    }
    total += best_cost;
    for (const std::int32_t m : best) covered[m] = 1;
    left -= best.size();
  }
  return total;
}

std::vector<ClusterTree> find_trees(const Domains& domains, const Search& search) {
  const std::vector<Set> neighbours = neighbours_of(domains);
  std::vector<std::uint8_t> used(domains.size.size(), 0);
  for (const Relation& relation : domains.relation) {
    for (const std::int32_t v : relation.scope) used[v] = 1;
  }
  const Bounds bounds(domains);
  constexpr Heuristic heuristics[] = {Heuristic::Fill, Heuristic::Weight, Heuristic::WeightedFill};
  std::vector<ClusterTree> trees;
  std::int64_t spent = 0;
  for (int i = 0; i < std::max(search.restarts, 1); ++i) {
    if (i > 0 && spent / i * (i + 1) > search.work) break;
    Eliminator eliminator(domains, neighbours, heuristics[i % 3], static_cast<std::uint64_t>(i));
    const auto order = eliminator.run(used, search, bounds, spent);
    if (!order) continue;
    ClusterTree tree = tree_of(*order, domains.size.size());
    for (const Cluster& cluster : tree.cluster) {
      const double dense = bounds.log_dense(cluster.variables);
      tree.dense += std::exp(std::min(dense, 690.0));
      tree.bound += std::exp(std::min(std::min(dense, bounds.log_rows(cluster.variables)), 690.0));
      tree.width = std::max(tree.width, static_cast<std::int32_t>(cluster.variables.size()) - 1);
      spent += static_cast<std::int64_t>(cluster.variables.size() * cluster.variables.size());
    }
    trees.push_back(std::move(tree));
    if (trees.front().width <= 1) break;  // a forest: nothing to be gained
  }
  std::stable_sort(trees.begin(), trees.end(),
                   [](const ClusterTree& a, const ClusterTree& b) { return a.bound < b.bound; });
  if (trees.size() > search.keep) trees.resize(search.keep);
  return trees;
}

}  // namespace emnesy::exact
