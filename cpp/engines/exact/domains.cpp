#include "exact/domains.hpp"

#include <algorithm>
#include <deque>

#include "graph/pinned.hpp"

namespace emnesy::exact {
namespace {

Relation relation_of(const FactorGraph& graph, std::size_t f) {
  Relation relation;
  relation.scope.assign(graph.scope.begin() + graph.scope_begin[f], graph.scope.begin() + graph.scope_begin[f + 1]);
  const bool unit = graph.unit_weight[f] != 0;
  const std::int32_t* tuples = graph.tuple_value.data() + graph.tuple_value_begin[f];
  for (std::int64_t t = 0; t < graph.tuple_begin[f + 1] - graph.tuple_begin[f]; ++t) {
    const double weight = unit ? 1.0 : graph.tuple_weight[graph.tuple_begin[f] + t];
    if (!(weight > 0)) continue;
    const std::int32_t* row = tuples + t * static_cast<std::int64_t>(relation.arity());
    relation.values.insert(relation.values.end(), row, row + relation.arity());
    if (!unit) relation.weights.push_back(weight);
    ++relation.rows;
  }
  return relation;
}

class Propagation {
 public:
  explicit Propagation(const FactorGraph& graph) : around_(graph.variable_count()) {
    domains_.impossible = graph.impossible;
    domains_.allowed = allowed_values(graph);
    for (std::size_t v = 0; v < graph.variable_count(); ++v) {
      auto& mask = domains_.allowed[v];
      if (mask.empty()) mask.assign(graph.cardinality[v], 1);
      domains_.size.push_back(static_cast<std::int32_t>(std::count(mask.begin(), mask.end(), 1)));
      if (domains_.size.back() == 0) domains_.impossible = true;
    }
    for (std::size_t f = 0; f < graph.factor_count(); ++f) {
      domains_.relation.push_back(relation_of(graph, f));
      for (const std::int32_t v : domains_.relation.back().scope) around_[v].push_back(f);
    }
  }

  Domains run() {
    std::vector<std::uint8_t> waiting(domains_.relation.size(), 1);
    std::deque<std::size_t> queue;
    for (std::size_t f = 0; f < waiting.size(); ++f) queue.push_back(f);
    while (!queue.empty() && !domains_.impossible) {
      const std::size_t f = queue.front();
      queue.pop_front();
      waiting[f] = 0;
      for (const std::int32_t v : revise(domains_.relation[f])) {
        for (const std::size_t g : around_[v]) {
          if (g == f || waiting[g]) continue;
          waiting[g] = 1;
          queue.push_back(g);
        }
      }
    }
    if (!domains_.impossible) drop_pinned();
    return std::move(domains_);
  }

 private:
  // Removes the tuples that are not allowed; returns the variables that have lost values by it.
  std::vector<std::int32_t> revise(Relation& relation) {
    const std::size_t arity = relation.arity();
    std::size_t kept = 0;
    std::vector<std::vector<std::uint8_t>> seen(arity);
    for (std::size_t i = 0; i < arity; ++i) seen[i].assign(domains_.allowed[relation.scope[i]].size(), 0);
    for (std::size_t r = 0; r < relation.rows; ++r) {
      const std::int32_t* row = relation.row(r);
      bool allowed = true;
      for (std::size_t i = 0; i < arity && allowed; ++i) allowed = domains_.allowed[relation.scope[i]][row[i]] != 0;
      if (!allowed) continue;
      for (std::size_t i = 0; i < arity; ++i) seen[i][row[i]] = 1;
      if (kept != r) {
        std::copy_n(row, arity, relation.values.begin() + static_cast<std::ptrdiff_t>(kept * arity));
        if (!relation.weights.empty()) relation.weights[kept] = relation.weights[r];
      }
      ++kept;
    }
    relation.rows = kept;
    relation.values.resize(kept * arity);
    if (!relation.weights.empty()) relation.weights.resize(kept);
    if (kept == 0) domains_.impossible = true;
    std::vector<std::int32_t> changed;
    for (std::size_t i = 0; i < arity; ++i) {
      const std::int32_t v = relation.scope[i];
      const auto size = static_cast<std::int32_t>(std::count(seen[i].begin(), seen[i].end(), 1));
      if (size == domains_.size[v]) continue;
      domains_.size[v] = size;
      domains_.allowed[v] = seen[i];
      changed.push_back(v);
    }
    return changed;
  }

  void drop_pinned() {
    std::vector<Relation> kept;
    for (Relation& relation : domains_.relation) {
      const std::int32_t any = relation.scope.front();
      Relation rest;
      std::vector<std::size_t> columns;
      for (std::size_t i = 0; i < relation.arity(); ++i) {
        if (domains_.size[relation.scope[i]] == 1) continue;
        columns.push_back(i);
        rest.scope.push_back(relation.scope[i]);
      }
      if (columns.empty()) {
        if (!relation.weights.empty()) domains_.constant.push_back({any, relation.weights.front()});
        continue;
      }
      rest.rows = relation.rows;
      rest.weights = std::move(relation.weights);
      rest.values.reserve(rest.rows * columns.size());
      for (std::size_t r = 0; r < rest.rows; ++r) {
        for (const std::size_t c : columns) rest.values.push_back(relation.row(r)[c]);
      }
      kept.push_back(std::move(rest));
    }
    domains_.relation = std::move(kept);
  }

  Domains domains_;
  std::vector<std::vector<std::size_t>> around_;
};

}  // namespace

Domains propagate(const FactorGraph& graph) { return Propagation(graph).run(); }

}  // namespace emnesy::exact
