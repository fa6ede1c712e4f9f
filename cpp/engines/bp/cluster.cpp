#include "bp/cluster.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "exact.hpp"
#include "factors/tuples.hpp"
#include "graph/append.hpp"
#include "graph/blocks.hpp"
#include "graph/pinned.hpp"

namespace emnesy::bp {
namespace {

using Factors = std::vector<std::int32_t>;  // ascending

constexpr std::int64_t small_tree = 2048;    // tuples that need no comparison with the block's own
constexpr std::int64_t worth = 16;           // iterations of loopy messages that a tree may cost
constexpr std::int64_t small_factor = 1024;  // joint values of a structured factor that may become a table
constexpr int rounds = 16;

// An order is given up at a cluster that may have this many times the rows that the whole tree may have: the bound may be far off.
constexpr double slack = 16;
// Steps of the search for an order: so many, and so many more a tuple.
constexpr std::int64_t steps = 20'000, steps_a_tuple = 50;

class Clustering {
 public:
  Clustering(FactorGraph graph, std::int64_t most)
      : most_(most), refused_(graph.factor_count(), 0), result_{std::move(graph), {}, 0} {
    result_.cluster.assign(result_.graph.factor_count(), -1);
  }

  Clustered run() {
    for (int round = 0; round < rounds && !result_.graph.impossible; ++round) {
      again_ = false;
      replace();
      if (replacements_.empty()) break;
      splice();
      if (!again_) break;
    }
    return std::move(result_);
  }

 private:
  struct Replacement {
    Factors factors;
    std::vector<std::int32_t> outer;  // what the block's surroundings see of it: the tree's first variables
    std::vector<std::int32_t> inner;
    FactorGraph tree;
  };

  const FactorGraph& graph() const { return result_.graph; }

  // Finds a tree for every block that has a small one. Blocks that share a factor are tried together first.
  void replace() {
    look_around();
    replacements_.clear();
    const std::vector<Factors> blocks = loopy_blocks(graph(), large_);
    std::vector<std::int32_t> first(graph().factor_count(), -1), group(blocks.size());
    std::iota(group.begin(), group.end(), 0);
    const auto find = [&](std::int32_t b) {
      while (group[b] != b) b = group[b] = group[group[b]];
      return b;
    };
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      for (const std::int32_t f : blocks[b]) {
        if (first[f] < 0) first[f] = static_cast<std::int32_t>(b);
        const std::int32_t one = find(first[f]), other = find(static_cast<std::int32_t>(b));
        group[std::max(one, other)] = std::min(one, other);
      }
    }
    std::vector<std::vector<std::size_t>> members(blocks.size());
    for (std::size_t b = 0; b < blocks.size(); ++b) members[find(static_cast<std::int32_t>(b))].push_back(b);
    for (const auto& together : members) {
      if (together.empty()) continue;
      Factors factors;
      for (const std::size_t b : together) factors.insert(factors.end(), blocks[b].begin(), blocks[b].end());
      std::sort(factors.begin(), factors.end());
      factors.erase(std::unique(factors.begin(), factors.end()), factors.end());
      if (attempt(factors)) continue;
      if (together.size() == 1) {
        refuse(factors);
        continue;
      }
      // One by one. What shares a factor with a block that has got a tree is looked at again in the graph with that tree.
      for (const std::size_t b : together) {
        const bool taken = std::any_of(blocks[b].begin(), blocks[b].end(), [&](std::int32_t f) { return taken_[f] != 0; });
        again_ = again_ || taken;
        if (!taken && !attempt(blocks[b])) refuse(blocks[b]);
      }
    }
  }

  // What is asked of the graph again and again.
  void look_around() {
    const FactorGraph& g = graph();
    allowed_ = allowed_values(g);
    taken_.assign(g.factor_count(), 0);
    large_.assign(g.factor_count(), 0);
    uses_.assign(g.variable_count(), 0);
    local_.assign(g.variable_count(), -1);
    slots_.assign(g.variable_count(), 0);
    outside_.assign(g.variable_count(), 0);
    for (std::int32_t c = 0; c < g.choice_count; ++c) outside_[c] = 1;
    for (const std::int32_t v : g.query_variable) outside_[v] = 1;
    for (const std::int32_t v : g.slot_variable) outside_[v] = 1, ++slots_[v];
    for (std::size_t f = 0; f < g.factor_count(); ++f) {
      large_[f] = g.factor_kind[f] != FactorKind::Table && factors::joint_values(g, f, small_factor) > small_factor;
      for (std::int64_t i = g.scope_begin[f]; i < g.scope_begin[f + 1]; ++i) ++uses_[g.scope[i]];
    }
  }

  // Replaces these factors by a junction tree, if that is small. They have some loop.
  bool attempt(const Factors& factors) {
    if (std::all_of(factors.begin(), factors.end(), [&](std::int32_t f) { return refused_[f] != 0; })) return false;
    std::optional<Replacement> found = tree_of(factors);
    if (!found) return false;
    for (const std::int32_t f : factors) taken_[f] = 1;
    replacements_.push_back(std::move(*found));
    return true;
  }

  // A block is not tried twice.
  void refuse(const Factors& factors) {
    for (const std::int32_t f : factors) refused_[f] = 1;
  }

  // Numbers that one iteration of loopy messages looks at, and tuples once all factors are tables.
  std::pair<std::int64_t, std::int64_t> cost_of(const Factors& factors) const {
    const FactorGraph& g = graph();
    std::int64_t own = 0, tuples = 0;
    for (const std::int32_t f : factors) {
      const std::int64_t count = g.tuple_begin[f + 1] - g.tuple_begin[f];
      const bool table = g.factor_kind[f] == FactorKind::Table;
      own += table ? count : g.value_map_begin[f + 1] - g.value_map_begin[f];
      tuples += table ? count : factors::joint_values(g, f, small_factor);
    }
    return {own, tuples};
  }

  std::optional<Replacement> tree_of(const Factors& factors) {
    const auto [own, tuples] = cost_of(factors);
    const std::int64_t budget = std::min(std::max(most_, own), std::max(small_tree, worth * own));
    if (tuples > static_cast<std::int64_t>(slack) * budget) return std::nullopt;
    Replacement replacement;
    replacement.factors = factors;
    const FactorGraph block = cut_out(replacement);
    JunctionTreeLimits limits;
    limits.budget = budget;
    limits.restarts = 3;  // the three heuristics, without chance
    limits.search_work = steps + steps_a_tuple * (own + static_cast<std::int64_t>(block.scope.size()));
    limits.cluster_rows = slack * static_cast<double>(budget);
    auto tree = try_junction_tree(block, limits);
    if (!tree) return std::nullopt;
    replacement.tree = std::move(tree->forest);
    return replacement;
  }

  // The block as a graph of tables. What its surroundings see are its choices, which a junction tree keeps.
  FactorGraph cut_out(Replacement& replacement) {
    const FactorGraph& g = graph();
    std::vector<std::int32_t> variables, inside;
    for (const std::int32_t f : replacement.factors) {
      variables.insert(variables.end(), g.scope.begin() + g.scope_begin[f], g.scope.begin() + g.scope_begin[f + 1]);
    }
    std::sort(variables.begin(), variables.end());
    for (std::size_t i = 0, j; i < variables.size(); i = j) {
      const std::int32_t v = variables[i];
      for (j = i; j < variables.size() && variables[j] == v;) ++j;
      const bool seen = outside_[v] != 0 || uses_[v] > static_cast<std::int64_t>(j - i);
      (seen ? replacement.outer : replacement.inner).push_back(v);
    }
    FactorGraph block;
    const auto add_variables = [&](const std::vector<std::int32_t>& added) {
      for (const std::int32_t v : added) {
        local_[v] = static_cast<std::int32_t>(block.variable_count());
        block.cardinality.push_back(g.cardinality[v]);
        block.variable_name.push_back(g.variable_name[v]);
        const auto every = static_cast<std::size_t>(g.cardinality[v]);
        if (!allowed_[v].empty()) {
          block.fixed_variable.push_back(local_[v]);
          block.fixed_mask_begin.push_back(static_cast<std::int64_t>(block.fixed_mask.size()));
          block.fixed_mask.insert(block.fixed_mask.end(), allowed_[v].begin(), allowed_[v].end());
        }
        for (std::int32_t s = 0; s < slots_[v]; ++s) {  // by which tables are sliced; what labels mean does not matter here
          block.slot_variable.push_back(local_[v]);
          block.slot_label_count.push_back(1);
          block.slot_mask_begin.push_back(static_cast<std::int64_t>(block.slot_mask.size()));
          block.slot_mask.insert(block.slot_mask.end(), every, 1);
        }
      }
    };
    add_variables(replacement.outer);
    block.choice_count = static_cast<std::int32_t>(replacement.outer.size());
    block.choice_has_none.assign(replacement.outer.size(), 0);
    add_variables(replacement.inner);
    for (const std::int32_t f : replacement.factors) {
      if (g.factor_kind[f] == FactorKind::Table) {
        append_factor(g, static_cast<std::size_t>(f), local_, block);
        continue;
      }
      std::vector<std::int32_t> scope;
      for (std::int64_t i = g.scope_begin[f]; i < g.scope_begin[f + 1]; ++i) scope.push_back(local_[g.scope[i]]);
      append_table(scope, factors::allowed_tuples(g, static_cast<std::size_t>(f)), block);
    }
    return block;
  }

  // The graph with the replacements: what is inside a block goes, and what its tree has instead comes last.
  void splice() {
    const FactorGraph& g = graph();
    std::vector<std::int32_t> number(g.variable_count(), 0);
    for (const Replacement& replacement : replacements_) {
      for (const std::int32_t v : replacement.inner) number[v] = -1;
    }
    Clustered next;
    next.count = result_.count;
    FactorGraph& to = next.graph;
    const auto add_variable = [&to](const FactorGraph& from, std::size_t v) {
      to.cardinality.push_back(from.cardinality[v]);
      to.variable_name.push_back(from.variable_name[v]);
      return static_cast<std::int32_t>(to.variable_count()) - 1;
    };
    const auto fix = [&to](std::int32_t variable, const std::uint8_t* mask) {
      to.fixed_variable.push_back(variable);
      to.fixed_mask_begin.push_back(static_cast<std::int64_t>(to.fixed_mask.size()));
      to.fixed_mask.insert(to.fixed_mask.end(), mask, mask + to.cardinality[variable]);
    };
    for (std::size_t v = 0; v < number.size(); ++v) {
      if (number[v] >= 0) number[v] = add_variable(g, v);
    }
    to.choice_count = g.choice_count;
    to.choice_has_none = g.choice_has_none;
    to.impossible = g.impossible;
    to.slot_label_count = g.slot_label_count;
    to.slot_mask_begin = g.slot_mask_begin;
    to.slot_mask = g.slot_mask;
    for (const std::int32_t v : g.slot_variable) to.slot_variable.push_back(number[v]);
    to.query_mask_begin = g.query_mask_begin;
    to.query_mask = g.query_mask;
    for (const std::int32_t v : g.query_variable) to.query_variable.push_back(number[v]);
    for (std::size_t i = 0; i < g.fixed_variable.size(); ++i) {
      if (number[g.fixed_variable[i]] >= 0) fix(number[g.fixed_variable[i]], g.fixed_mask.data() + g.fixed_mask_begin[i]);
    }
    std::vector<std::uint8_t> refused;
    for (std::size_t f = 0; f < g.factor_count(); ++f) {
      if (taken_[f]) continue;
      append_factor(g, f, number, to);
      next.cluster.push_back(result_.cluster[f]);
      refused.push_back(refused_[f]);
    }
    for (const Replacement& replacement : replacements_) {
      const FactorGraph& tree = replacement.tree;
      std::vector<std::int32_t> global;
      for (std::size_t v = 0; v < tree.variable_count(); ++v) {
        global.push_back(v < replacement.outer.size() ? number[replacement.outer[v]] : add_variable(tree, v));
      }
      for (std::size_t i = 0; i < tree.fixed_variable.size(); ++i) {
        fix(global[tree.fixed_variable[i]], tree.fixed_mask.data() + tree.fixed_mask_begin[i]);
      }
      for (std::size_t f = 0; f < tree.factor_count(); ++f) {
        append_factor(tree, f, global, to);
        next.cluster.push_back(next.count);
        refused.push_back(0);
      }
      to.impossible = to.impossible || tree.impossible;
      ++next.count;
    }
    refused_ = std::move(refused);
    result_ = std::move(next);
  }

  const std::int64_t most_;
  std::vector<std::uint8_t> refused_;  // per factor: its block has no small tree
  Clustered result_;
  bool again_ = false;
  std::vector<Replacement> replacements_;
  std::vector<std::uint8_t> taken_, large_;           // per factor
  std::vector<std::uint8_t> outside_;                 // per variable: a choice, or observed or asked for
  std::vector<std::int32_t> uses_, slots_, local_;    // per variable: factors; evidence slots; its number in a block
  std::vector<std::vector<std::uint8_t>> allowed_;
};

}  // namespace

std::string Clustered::dump() const {
  std::string text = graph.dump();
  std::vector<std::string> factors(static_cast<std::size_t>(count));
  for (std::size_t f = 0; f < cluster.size(); ++f) {
    if (cluster[f] >= 0) factors[static_cast<std::size_t>(cluster[f])] += " " + std::to_string(f);
  }
  std::size_t shown = 0;
  for (const std::string& list : factors) {
    if (!list.empty()) text += "cluster " + std::to_string(shown++) + ": factors" + list + "\n";
  }
  return text;
}

Clustered cluster_loops(FactorGraph graph, std::int64_t most) {
  if (most <= 0 || graph.gate_variable >= 0) {
    std::vector<std::int32_t> none(graph.factor_count(), -1);
    return {std::move(graph), std::move(none), 0};
  }
  return Clustering(std::move(graph), most).run();
}

}  // namespace emnesy::bp
