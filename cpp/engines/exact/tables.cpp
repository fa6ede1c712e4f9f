#include "exact/tables.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace emnesy::exact {
namespace {

// One factor of a cluster's join. A filter restricts the rows; its weights count elsewhere.
struct Part {
  Relation relation;
  bool done = false;
};

// Joins the parts, at each step the one that lets the result grow least, together with all others that have no
// variable of their own: those rule out rows before they are written down.
std::optional<Relation> join_all(std::vector<Part>& parts, std::size_t limit) {
  Relation result;
  result.rows = 1;  // of no values
  for (;;) {
    std::vector<std::int32_t> known = result.scope;
    std::sort(known.begin(), known.end());
    Part* best = nullptr;
    double best_growth = 0;
    for (Part& part : parts) {
      if (part.done) continue;
      const std::vector<std::int32_t> common = shared(part.relation, known);
      const std::size_t keys = common.empty() ? 1 : group_rows(part.relation, columns_of(part.relation, common)).count();
      double growth = std::log(static_cast<double>(part.relation.rows) / static_cast<double>(std::max<std::size_t>(keys, 1)));
      if (common.empty() && !known.empty()) growth += 1000;  // unrelated so far: last
      if (best == nullptr || growth < best_growth) {
        best = &part;
        best_growth = growth;
      }
    }
    if (best == nullptr) return result;
    best->done = true;
    known.insert(known.end(), best->relation.scope.begin(), best->relation.scope.end());
    std::sort(known.begin(), known.end());
    std::vector<const Relation*> checks;
    for (Part& part : parts) {
      if (part.done || shared(part.relation, known).size() < part.relation.arity()) continue;
      part.done = true;
      checks.push_back(&part.relation);
    }
    Relation next;
    if (!join(result, best->relation, checks, limit, next)) return std::nullopt;
    result = std::move(next);
  }
}

class TableMaker {
 public:
  TableMaker(const Domains& domains, const ClusterTree& tree, std::int64_t budget)
      : domains_(domains), tree_(tree), budget_(budget), home_(domains.size.size(), -1), parts_(tree.cluster.size()) {
    for (std::size_t c = 0; c < tree.cluster.size(); ++c) {
      for (const std::int32_t v : tree.cluster[c].home) home_[v] = static_cast<std::int32_t>(c);
    }
  }

  std::optional<std::vector<Relation>> run(std::int64_t& reached) {
    assign();
    std::vector<Relation> tables(tree_.cluster.size());
    std::int64_t total = 0;
    for (std::size_t c = 0; c < tables.size(); ++c) {  // children before parents
      const Cluster& cluster = tree_.cluster[c];
      auto joined = join_all(parts_[c], static_cast<std::size_t>(budget_ - total));
      parts_[c].clear();
      if (!joined) {
        reached = budget_;
        return std::nullopt;
      }
      tables[c] = std::move(*joined);
      total += static_cast<std::int64_t>(tables[c].rows);
      if (cluster.parent >= 0 && !cluster.separator.empty()) {
        parts_[cluster.parent].push_back({project(tables[c], cluster.separator)});
      }
    }
    for (std::size_t c = tables.size(); c-- > 0;) {  // and back: rows that the rest of the tree rules out
      const Cluster& cluster = tree_.cluster[c];
      if (cluster.parent < 0 || cluster.separator.empty()) continue;
      semijoin(tables[c], project(tables[cluster.parent], cluster.separator));
    }
    reached = total;
    return tables;
  }

 private:
  // A relation belongs to the deepest cluster that is home to one of its variables: all the others are there, too.
  // Every other cluster that has two of its variables or more gets their joint values as a filter.
  void assign() {
    std::vector<std::vector<std::int32_t>> clusters_of(domains_.size.size());
    for (std::size_t c = 0; c < tree_.cluster.size(); ++c) {
      for (const std::int32_t v : tree_.cluster[c].variables) clusters_of[v].push_back(static_cast<std::int32_t>(c));
    }
    std::vector<std::int32_t> count(tree_.cluster.size(), 0), touched;
    for (const Relation& relation : domains_.relation) {
      std::int32_t own = -1;
      for (const std::int32_t v : relation.scope) {
        own = own < 0 ? home_[v] : std::min(own, home_[v]);
        for (const std::int32_t c : clusters_of[v]) {
          if (count[c]++ == 0) touched.push_back(c);
        }
      }
      own = deepest_holding(relation, own);
      parts_[own].push_back({relation});
      for (const std::int32_t c : touched) {
        if (count[c] >= 2 && c != own) add_filter(relation, static_cast<std::size_t>(c));
        count[c] = 0;
      }
      touched.clear();
    }
  }

  // Clusters are sorted by depth, so the home with the least index is a deepest one; and as a relation's variables
  // are neighbours until the first of them is eliminated, that cluster holds them all.
  std::int32_t deepest_holding(const Relation& relation, std::int32_t cluster) const {
    const auto& variables = tree_.cluster[cluster].variables;
    for (const std::int32_t v : relation.scope) {
      if (!std::binary_search(variables.begin(), variables.end(), v)) {
        throw std::logic_error("junction tree: no cluster holds a factor");
      }
    }
    return cluster;
  }

  void add_filter(const Relation& relation, std::size_t c) {
    const std::vector<std::int32_t> both = shared(relation, tree_.cluster[c].variables);
    double all = 1;
    for (const std::int32_t v : both) all *= domains_.size[v];
    if (both.size() == relation.arity() && static_cast<double>(relation.rows) >= all) return;
    Relation filter = project(relation, both);
    if (static_cast<double>(filter.rows) < all) parts_[c].push_back({std::move(filter)});
  }

  const Domains& domains_;
  const ClusterTree& tree_;
  const std::int64_t budget_;
  std::vector<std::int32_t> home_;
  std::vector<std::vector<Part>> parts_;
};

}  // namespace

std::optional<std::vector<Relation>> make_tables(const Domains& domains, const ClusterTree& tree, std::int64_t budget,
                                                 std::int64_t& reached) {
  return TableMaker(domains, tree, budget).run(reached);
}

}  // namespace emnesy::exact
