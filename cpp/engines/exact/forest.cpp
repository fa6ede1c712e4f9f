#include "exact/forest.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace emnesy::exact {
namespace {

class ForestMaker {
 public:
  ForestMaker(const FactorGraph& graph, const Domains& domains, const ClusterTree& tree, std::vector<Relation> tables)
      : graph_(graph), domains_(domains), tree_(tree), tables_(std::move(tables)),
        state_(graph.variable_count(), Part::Cell), slots_(graph.variable_count(), 0),
        id_(graph.variable_count(), -1) {}

  Forest run() {
    classify();
    add_variables();
    copy_evidence();
    add_links();
    for (std::size_t c = 0; c < tables_.size(); ++c) add_cluster(c);
    for (const auto& constant : domains_.constant) add_constant(constant);
    return std::move(forest_);
  }

  FactorGraph without_factors() {
    std::fill(state_.begin(), state_.end(), Part::Kept);
    add_variables();
    copy_evidence();
    forest_.graph.impossible = true;
    return std::move(forest_.graph);
  }

 private:
  enum class Part : std::uint8_t {
    Cell,  // has to be in the forest only where it cannot be left out
    Kept,
    Gone,
  };

  // Which variables the forest has.
  void classify() {
    std::vector<std::uint8_t> used(state_.size(), 0);
    for (const Relation& table : tables_) {
      for (const std::int32_t v : table.scope) used[v] = 1;
    }
    for (std::size_t v = 0; v < state_.size(); ++v) {
      if (static_cast<std::int32_t>(v) < graph_.choice_count) {
        state_[v] = Part::Kept;
      } else if (!used[v]) {
        // Without a factor its values are counted, as they were; with one value there is nothing to count.
        state_[v] = domains_.size[v] == 1 ? Part::Gone : Part::Kept;
      }
    }
    for (const std::int32_t v : graph_.slot_variable) {
      state_[v] = Part::Kept;
      ++slots_[v];
    }
    for (const std::int32_t v : graph_.query_variable) state_[v] = Part::Kept;
    for (const auto& constant : domains_.constant) state_[constant.variable] = Part::Kept;
    choose_links();
    for (std::size_t c = 0; c < tables_.size(); ++c) leave_out(c);
  }

  // Separators of a single variable that is at home in the parent, and of more than one value, link by that variable.
  void choose_links() {
    links_by_variable_.assign(tree_.cluster.size(), -1);
    for (std::size_t c = 0; c < tree_.cluster.size(); ++c) {
      const Cluster& cluster = tree_.cluster[c];
      if (cluster.parent < 0 || cluster.separator.size() != 1) continue;
      const auto& home = tree_.cluster[cluster.parent].home;
      if (!std::binary_search(home.begin(), home.end(), cluster.separator.front())) continue;
      links_by_variable_[c] = cluster.separator.front();
      state_[cluster.separator.front()] = Part::Kept;
    }
  }

  // Decides on the cells at home in a cluster: out go those without which its rows still differ.
  void leave_out(std::size_t c) {
    const Relation& table = tables_[c];
    std::vector<std::int32_t> candidates;
    std::vector<std::uint8_t> in(table.arity(), 1);
    for (const std::int32_t v : tree_.cluster[c].home) {
      if (state_[v] == Part::Cell) candidates.push_back(v);
    }
    const auto distinct = [&] {
      std::vector<std::int32_t> columns;
      for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i]) columns.push_back(static_cast<std::int32_t>(i));
      }
      return !columns.empty() && group_rows(table, columns).count() == table.rows;
    };
    const auto set = [&](std::int32_t v, bool stays) {
      in[table.column(v)] = stays;
      state_[v] = stays ? Part::Kept : Part::Gone;
    };
    for (const std::int32_t v : candidates) set(v, false);
    if (distinct()) return;
    for (const std::int32_t v : candidates) set(v, true);
    for (const std::int32_t v : candidates) {
      set(v, false);
      if (!distinct()) set(v, true);
    }
  }

  std::int32_t add_variable(std::int32_t cardinality, std::string name) {
    forest_.graph.cardinality.push_back(cardinality);
    forest_.graph.variable_name.push_back(std::move(name));
    return static_cast<std::int32_t>(forest_.graph.cardinality.size()) - 1;
  }

  void add_variables() {
    forest_.graph.choice_count = graph_.choice_count;
    forest_.graph.choice_has_none = graph_.choice_has_none;
    for (std::size_t v = 0; v < state_.size(); ++v) {
      if (state_[v] == Part::Kept) id_[v] = add_variable(graph_.cardinality[v], graph_.variable_name[v]);
    }
  }

  // Slots and queries, and the values that cannot occur.
  void copy_evidence() {
    FactorGraph& g = forest_.graph;
    g.slot_label_count = graph_.slot_label_count;
    g.slot_mask_begin = graph_.slot_mask_begin;
    g.slot_mask = graph_.slot_mask;
    for (const std::int32_t v : graph_.slot_variable) g.slot_variable.push_back(id_[v]);
    g.query_mask_begin = graph_.query_mask_begin;
    g.query_mask = graph_.query_mask;
    for (const std::int32_t v : graph_.query_variable) g.query_variable.push_back(id_[v]);
    for (std::size_t v = 0; v < state_.size(); ++v) {
      const auto& mask = domains_.allowed[v];
      if (id_[v] < 0 || std::find(mask.begin(), mask.end(), 0) == mask.end()) continue;
      g.fixed_variable.push_back(id_[v]);
      g.fixed_mask_begin.push_back(static_cast<std::int64_t>(g.fixed_mask.size()));
      g.fixed_mask.insert(g.fixed_mask.end(), mask.begin(), mask.end());
    }
  }

  // What a cluster and its parent, or several children with the same separator and their parent, have in common.
  struct Link {
    std::int32_t variable = -1;
    std::vector<std::int32_t> separator;  // empty: `variable` is the one original variable, and in the table anyway
  };

  void add_links() {
    above_.resize(tree_.cluster.size());
    below_.resize(tree_.cluster.size());
    std::map<std::pair<std::int32_t, std::vector<std::int32_t>>, std::int32_t> known;
    for (std::size_t c = 0; c < tree_.cluster.size(); ++c) {
      const Cluster& cluster = tree_.cluster[c];
      if (cluster.parent < 0 || cluster.separator.empty()) continue;
      if (links_by_variable_[c] >= 0) {
        above_[c] = {id_[links_by_variable_[c]], {}};
        forest_.separators += domains_.size[links_by_variable_[c]];
        continue;
      }
      const auto [found, fresh] = known.emplace(std::make_pair(cluster.parent, cluster.separator), -1);
      if (fresh) {
        const Relation& parent = tables_[cluster.parent];
        const auto values = static_cast<std::int32_t>(group_rows(parent, columns_of(parent, cluster.separator)).count());
        if (values > 1) {  // else nothing goes through it
          found->second = add_variable(values, separator_name(cluster.separator));
          below_[cluster.parent].push_back({found->second, cluster.separator});
        }
        forest_.separators += values;
      }
      if (found->second >= 0) above_[c] = {found->second, cluster.separator};
    }
  }

  std::string separator_name(const std::vector<std::int32_t>& separator) const {
    std::string name = "(";
    for (std::size_t i = 0; i < separator.size(); ++i) name += (i > 0 ? "; " : "") + graph_.variable_name[separator[i]];
    return name + ")";
  }

  void add_cluster(std::size_t c) {
    const Relation& table = tables_[c];
    std::vector<std::int32_t> scope;
    std::vector<std::vector<std::int32_t>> columns;  // one a variable of the scope, a value a row
    std::int32_t slice = -1;
    const auto add_plain = [&](std::int32_t v) {
      std::vector<std::int32_t> column(table.rows);
      const std::int32_t at = table.column(v);
      for (std::size_t r = 0; r < table.rows; ++r) column[r] = table.row(r)[at];
      scope.push_back(id_[v]);
      columns.push_back(std::move(column));
    };
    for (const std::int32_t v : tree_.cluster[c].home) {
      if (id_[v] < 0) continue;
      if (slots_[v] == 1 && domains_.size[v] > 1 &&
          (slice < 0 || graph_.cardinality[v] > forest_.graph.cardinality[scope[slice]])) {
        slice = static_cast<std::int32_t>(scope.size());
      }
      add_plain(v);
    }
    for (const Link& link : below_[c]) add_link(link, table, table, scope, columns);
    const Link& above = above_[c];
    if (above.variable >= 0) {
      if (above.separator.empty()) {
        add_plain(links_by_variable_[c]);
      } else {
        add_link(above, table, tables_[tree_.cluster[c].parent], scope, columns);
      }
    }
    if (scope.empty()) {  // no row differs from another: there is one; its weight goes where there is a variable
      const std::int32_t one = add_variable(1, "(constant)");
      scope.push_back(one);
      columns.emplace_back(table.rows, 0);
    }
    emit(scope, columns, table.weights, slice);
  }

  // Numbers the joint values of a separator as they first appear in the parent's table.
  void add_link(const Link& link, const Relation& table, const Relation& parent, std::vector<std::int32_t>& scope,
                std::vector<std::vector<std::int32_t>>& columns) const {
    const std::vector<std::int32_t> theirs = columns_of(parent, link.separator), own = columns_of(table, link.separator);
    const Groups groups = group_rows(parent, theirs);
    const RowIndex index(parent.values.data(), parent.arity(), parent.rows, theirs);
    std::vector<std::int32_t> column(table.rows);
    for (std::size_t r = 0; r < table.rows; ++r) {
      index.each(table.row(r), own, [&](std::size_t found) {
        column[r] = groups.of_row[found];
        return false;
      });
    }
    scope.push_back(link.variable);
    columns.push_back(std::move(column));
  }

  void add_constant(const Domains::Constant& constant) {
    std::int32_t value = 0;
    while (!domains_.allowed[constant.variable][value]) ++value;
    emit({id_[constant.variable]}, {{value}}, {constant.weight}, -1);
  }

  void emit(const std::vector<std::int32_t>& scope, const std::vector<std::vector<std::int32_t>>& columns,
            const std::vector<double>& weights, std::int32_t slice) {
    FactorGraph& g = forest_.graph;
    const std::size_t rows = columns.front().size();
    std::vector<std::int32_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    if (slice >= 0) {
      const auto& key = columns[slice];
      std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return key[a] < key[b]; });
    }
    g.factor_kind.push_back(FactorKind::Table);
    g.scope.insert(g.scope.end(), scope.begin(), scope.end());
    g.scope_begin.push_back(static_cast<std::int64_t>(g.scope.size()));
    g.unit_weight.push_back(weights.empty());
    if (!weights.empty() && g.tuple_weight.empty()) g.tuple_weight.assign(static_cast<std::size_t>(g.tuple_begin.back()), 1.0);
    const bool weighted = !weights.empty() || !g.tuple_weight.empty();
    for (const std::int32_t r : order) {
      for (const auto& column : columns) g.tuple_value.push_back(column[r]);
      if (weighted) g.tuple_weight.push_back(weights.empty() ? 1.0 : weights[r]);
    }
    g.tuple_begin.push_back(g.tuple_begin.back() + static_cast<std::int64_t>(rows));
    g.tuple_value_begin.push_back(static_cast<std::int64_t>(g.tuple_value.size()));
    g.slice_position.push_back(slice);
    g.slice_offset.push_back(static_cast<std::int64_t>(g.slice_begin.size()));
    if (slice < 0) return;
    const std::int32_t values = g.cardinality[scope[slice]];
    std::vector<std::int32_t> begin(values + 1, 0);
    for (const std::int32_t v : columns[slice]) ++begin[v + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    g.slice_begin.insert(g.slice_begin.end(), begin.begin(), begin.end());
  }

  const FactorGraph& graph_;
  const Domains& domains_;
  const ClusterTree& tree_;
  std::vector<Relation> tables_;
  std::vector<Part> state_;
  std::vector<std::int32_t> slots_;  // per variable: evidence slots
  std::vector<std::int32_t> id_;  // in the forest, or -1
  std::vector<std::int32_t> links_by_variable_;
  std::vector<Link> above_;
  std::vector<std::vector<Link>> below_;
  Forest forest_;
};

}  // namespace

Forest make_forest(const FactorGraph& graph, const Domains& domains, const ClusterTree& tree,
                   std::vector<Relation> tables) {
  return ForestMaker(graph, domains, tree, std::move(tables)).run();
}

FactorGraph impossible_forest(const FactorGraph& graph) {
  Domains domains;
  for (const std::int32_t cardinality : graph.cardinality) domains.allowed.emplace_back(cardinality, 1);
  return ForestMaker(graph, domains, ClusterTree{}, {}).without_factors();
}

}  // namespace emnesy::exact
