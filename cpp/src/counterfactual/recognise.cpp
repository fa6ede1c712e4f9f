#include "counterfactual/recognise.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace emnesy::counterfactual {

namespace {

class Recogniser {
 public:
  Recogniser(const Simulator& simulator, std::size_t item)
      : s_(simulator), first_(static_cast<std::int32_t>(s_.extreme_begin[item])), count_(static_cast<std::int32_t>(s_.extreme_begin[item + 1]) - first_) {}

  std::optional<PathProgram> run() {
    if (count_ < 2 || count_ >= (1 << PathConditionals::node_bits)) return {};
    if (!weights() || !selections() || !chain() || !adjacency()) return {};
    return std::move(out_);
  }

 private:
  // One start; every other node's edges add the node's own weight, a look-up of a choice that nothing else looks up.
  bool weights() {
    std::map<std::int32_t, std::int32_t> table_of;  // number -> table
    std::map<std::int32_t, int> tables_on;          // choice -> how many
    for (std::size_t t = 0; t < s_.table_number.size(); ++t) {
      table_of[s_.table_number[t]] = static_cast<std::int32_t>(t);
      ++tables_on[s_.table_choice[t]];
    }
    neighbours_.resize(count_);
    std::int64_t total = 0;
    for (std::int32_t v = 0; v < count_; ++v) {
      std::int32_t number = -1;
      bool start = false;
      for (std::int64_t e = s_.edge_begin[first_ + v]; e < s_.edge_begin[first_ + v + 1]; ++e) {
        if (s_.edge_weight[e] < 0 || (number >= 0 && s_.edge_weight[e] != number)) return false;
        number = s_.edge_weight[e];
        if (s_.edge_source[e] < 0) start = true;
        else neighbours_[v].push_back(s_.edge_source[e] - first_);
      }
      const auto table = table_of.find(number);
      if (table == table_of.end() || tables_on[s_.table_choice[table->second]] != 1) return false;
      if (start) {
        if (source_ >= 0) return false;
        source_ = v;
        neighbours_[v].clear();  // no way back to the start is cheaper than starting
      }
      std::int64_t most = 0;
      for (std::int64_t i = s_.table_begin[table->second]; i < s_.table_begin[table->second + 1]; ++i) {
        const double w = s_.table_value[i];
        if (!(w >= 1 && w < 0x1p38 && w == std::floor(w))) return false;
        out_.weighers.weight.push_back(static_cast<std::int64_t>(w));
        most = std::max(most, out_.weighers.weight.back());
      }
      total += most;
      out_.weighers.begin.push_back(static_cast<std::int64_t>(out_.weighers.weight.size()));
      out_.weighers.choice.push_back(s_.table_choice[table->second]);
    }
    return source_ >= 0 && total < PathConditionals::weight_limit;
  }

  // Groups of candidates that are plain numbers of the step: candidate cell -> (group, node).
  bool selections() {
    std::map<std::int32_t, std::int32_t> node_of_number;
    for (std::int32_t v = 0; v < count_; ++v) node_of_number[s_.node_number[first_ + v]] = v;
    for (std::size_t w = 0; w < s_.winner_sign.size(); ++w) {
      if (s_.winner_sign[w] < 0) continue;
      std::vector<std::int32_t> nodes;
      for (std::int64_t c = s_.winner_begin[w]; c < s_.winner_begin[w + 1]; ++c) {
        const std::int64_t i = s_.candidate_begin[c];
        if (s_.candidate_end[c] != i + 1 || s_.contribution_begin[i] != s_.contribution_begin[i + 1]) break;
        const std::int32_t term = s_.contribution_term[i];
        if (term < 0 || s_.term_op[term] != TermOp::Number) break;
        const auto node = node_of_number.find(s_.term_left[term]);
        if (node == node_of_number.end()) break;
        nodes.push_back(node->second);
      }
      if (static_cast<std::int64_t>(nodes.size()) != s_.winner_begin[w + 1] - s_.winner_begin[w]) continue;
      const auto group = static_cast<std::int32_t>(groups_.size());
      for (std::size_t k = 0; k < nodes.size(); ++k) {
        candidate_[s_.candidate_cell[s_.winner_begin[w] + static_cast<std::int64_t>(k)]] = {group, nodes[k]};
      }
      groups_.push_back(std::move(nodes));
    }
    return !groups_.empty();
  }

  // Cells whose rules all say "group g selects node u" (from the root) or "another such cell, and its group selects u".
  bool chain() {
    std::map<std::int32_t, std::int32_t> definition;  // cell -> definition
    for (std::size_t d = 0; d < s_.definition_cell.size(); ++d) definition[s_.definition_cell[d]] = static_cast<std::int32_t>(d);
    struct Rule {
      std::int32_t cell, parent, group, node;
    };
    std::vector<Rule> rules;
    std::map<std::int32_t, std::int32_t> node_of;  // cell -> node; -1: no cell of the chain after all
    for (const auto& [cell, d] : definition) {
      std::int32_t node = -1;
      std::vector<Rule> own;
      bool fits = true;
      for (std::int64_t r = s_.definition_begin[d]; fits && r < s_.definition_begin[d + 1]; ++r) {
        Rule rule{cell, -1, -1, -1};
        const std::int64_t begin = s_.rule_begin[r], end = s_.rule_begin[r + 1];
        for (std::int64_t l = begin; l < end; ++l) {
          const CellLiteral lit = s_.rule_literal[l];
          const auto found = candidate_.find(lit >> 1);
          if ((lit & 1) != 0) fits = false;
          else if (found == candidate_.end()) rule.parent = lit >> 1;
          else std::tie(rule.group, rule.node) = found->second;
        }
        fits = fits && rule.group >= 0 && end - begin == (rule.parent >= 0 ? 2 : 1) && (node < 0 || node == rule.node);
        node = rule.node;
        own.push_back(rule);
      }
      if (!fits || node < 0) continue;
      if (!node_of.emplace(cell, node).second) return false;
      rules.insert(rules.end(), own.begin(), own.end());
    }
    out_.chain_cell.assign(count_, -1);
    out_.node_of_cell.assign(s_.cell_count, -1);
    for (const auto& [cell, node] : node_of) {
      if (out_.chain_cell[node] >= 0) return false;  // two chains
      out_.chain_cell[node] = cell;
      out_.node_of_cell[cell] = node;
    }
    for (std::int32_t v = 0; v < count_; ++v) {
      if (out_.chain_cell[v] >= 0) continue;
      if (root_ >= 0 || v == source_) return false;
      root_ = v;
    }
    if (root_ < 0) return false;
    // Each group selects for the node whose cell stands beside it in all rules, and all its candidates have a rule.
    std::vector<std::int32_t> group_of(count_, -1), rules_of(groups_.size(), 0);
    for (const Rule& rule : rules) {
      std::int32_t v = root_;
      if (rule.parent >= 0) {
        v = out_.node_of_cell[rule.parent];
        if (v < 0) return false;
      }
      if (group_of[v] >= 0 && group_of[v] != rule.group) return false;
      group_of[v] = rule.group;
      ++rules_of[rule.group];
    }
    if (group_of[source_] >= 0) return false;
    for (std::int32_t v = 0; v < count_; ++v) {
      if (v == source_) continue;
      if (group_of[v] < 0) return false;
      const auto& order = groups_[group_of[v]];
      const auto into_root = std::count(order.begin(), order.end(), root_);
      if (rules_of[group_of[v]] + into_root != static_cast<std::ptrdiff_t>(order.size())) return false;
      auto sorted = order, expected = neighbours_[v];
      std::sort(sorted.begin(), sorted.end());
      std::sort(expected.begin(), expected.end());
      if (sorted != expected || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return false;
      neighbours_[v] = order;
    }
    return true;
  }

  // Undirected but for ways into the start, which no cheapest path takes.
  bool adjacency() {
    for (std::int32_t v = 0; v < count_; ++v) {
      if (v == source_) continue;
      for (const std::int32_t u : neighbours_[v]) {
        if (u == source_) neighbours_[source_].push_back(v);
        else if (std::find(neighbours_[u].begin(), neighbours_[u].end(), v) == neighbours_[u].end()) return false;
      }
    }
    for (const auto& list : neighbours_) {
      out_.graph.neighbour.insert(out_.graph.neighbour.end(), list.begin(), list.end());
      out_.graph.begin.push_back(static_cast<std::int64_t>(out_.graph.neighbour.size()));
    }
    out_.graph.source = source_;
    out_.graph.root = root_;
    return true;
  }

  const Simulator& s_;
  const std::int32_t first_, count_;
  std::int32_t source_ = -1, root_ = -1;
  PathProgram out_;
  std::vector<std::vector<std::int32_t>> neighbours_, groups_;
  std::map<std::int32_t, std::pair<std::int32_t, std::int32_t>> candidate_;
};

}  // namespace

std::optional<PathProgram> recognise_paths(const Simulator& simulator) {
  for (std::size_t item = 0; item < simulator.extreme_sign.size(); ++item) {
    if (simulator.extreme_sign[item] < 0 || !simulator.extreme_integer[item] || !simulator.extreme_monotone[item]) continue;
    if (auto found = Recogniser(simulator, item).run()) return found;
  }
  return {};
}

bool observes_whole_path(const PathProgram& program, const std::vector<CellLiteral>& literals,
                         std::vector<std::uint8_t>& on_path, bool& contradiction) {
  const std::int32_t n = program.graph.size();
  on_path.assign(n, 2);
  on_path[program.graph.root] = 1;
  contradiction = false;
  for (const CellLiteral lit : literals) {
    if ((lit >> 1) == 0) {
      contradiction = contradiction || lit != 0;
      continue;
    }
    const std::int32_t node = program.node_of_cell[lit >> 1];
    if (node < 0) return false;
    const std::uint8_t wanted = (lit & 1) == 0;
    contradiction = contradiction || (on_path[node] != 2 && on_path[node] != wanted);
    on_path[node] = wanted;
  }
  return std::find(on_path.begin(), on_path.end(), 2) == on_path.end();
}

}  // namespace emnesy::counterfactual
