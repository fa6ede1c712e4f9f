#include "counterfactual/recognise_edges.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "counterfactual/min_graph.hpp"

namespace emnesy::counterfactual {

namespace {

class EdgeRecogniser {
 public:
  explicit EdgeRecogniser(const Simulator& simulator) : s_(simulator), numbers_(simulator) {}

  std::optional<EdgeProgram> run() {
    read_groups();
    if (groups_.empty()) return {};
    read_rules();
    std::optional<EdgeProgram> best;
    for (std::int32_t root : root_groups_) {
      root_group_ = root;
      if (!chain() || !graph() || !edges()) continue;
      if (!best || out_.edges_of_cell.size() > best->edges_of_cell.size()) best = std::move(out_);
    }
    return best;
  }

 private:
  struct Candidate {
    std::int32_t cell, number;  // which number is selected where the cell holds
    WeightRow row;
  };
  struct Rule {
    std::int32_t candidate, parent;  // cells; parent -1: none
  };

  // Winner steps whose candidates have the form "a number + a weight".
  void read_groups() {
    for (std::size_t w = 0; w < s_.winner_sign.size(); ++w) {
      if (s_.winner_sign[w] < 0) continue;
      std::vector<Candidate> group;
      for (std::int64_t c = s_.winner_begin[w]; c < s_.winner_begin[w + 1]; ++c) {
        auto sums = numbers_.read(s_.candidate_begin[c], s_.candidate_end[c]);
        if (!sums || sums->size() != 1 || numbers_.sums(sums->begin()->first) == nullptr) break;
        group.push_back({s_.candidate_cell[c], sums->begin()->first, std::move(sums->begin()->second)});
      }
      if (static_cast<std::int64_t>(group.size()) != s_.winner_begin[w + 1] - s_.winner_begin[w]) continue;
      for (const Candidate& candidate : group) {
        group_of_cell_[candidate.cell] = static_cast<std::int32_t>(groups_.size());
        selected_[candidate.cell] = candidate.number;
      }
      groups_.push_back(std::move(group));
    }
  }

  // Cells all of whose rules are one or two positive literals, one of them a candidate.
  void read_rules() {
    std::set<std::int32_t> roots;
    for (std::size_t d = 0; d < s_.definition_cell.size(); ++d) {
      std::vector<std::pair<std::int32_t, std::int32_t>> rules;
      bool fits = true;
      for (std::int64_t r = s_.definition_begin[d]; fits && r < s_.definition_begin[d + 1]; ++r) {
        const std::int64_t begin = s_.rule_begin[r], count = s_.rule_begin[r + 1] - begin;
        fits = count == 1 || count == 2;
        std::int32_t cells[2] = {-1, -1};
        bool candidate = false;
        for (std::int64_t l = 0; fits && l < count; ++l) {
          cells[l] = s_.rule_literal[begin + l] >> 1;
          fits = (s_.rule_literal[begin + l] & 1) == 0;
          candidate = candidate || group_of_cell_.count(cells[l]) != 0;
        }
        fits = fits && candidate;
        if (!fits) break;
        rules.emplace_back(cells[0], cells[1]);
        for (const std::int32_t cell : cells) {  // with one literal, or two candidates, one of these is the root's
          const auto other = cells[cell == cells[0] ? 1 : 0];
          if (cell >= 0 && group_of_cell_.count(cell) != 0 && (other < 0 || group_of_cell_.count(other) != 0)) roots.insert(group_of_cell_[cell]);
        }
      }
      if (fits) raw_[s_.definition_cell[d]] = std::move(rules);
    }
    root_groups_.assign(roots.begin(), roots.end());
  }

  // The cells that follow the selections from root_group_ on, and which number each group selects for.
  bool chain() {
    rules_.clear();
    for (const auto& [cell, raw] : raw_) {
      std::vector<Rule> rules;
      for (const auto& [a, b] : raw) {
        const bool is_a = group_of_cell_.count(a) != 0, is_b = b >= 0 && group_of_cell_.count(b) != 0;
        if (b < 0 && group_of_cell_[a] == root_group_) rules.push_back({a, -1});
        else if (is_a && b >= 0 && (!is_b || group_of_cell_[b] == root_group_)) rules.push_back({a, b});
        else if (is_b && (!is_a || group_of_cell_[a] == root_group_)) rules.push_back({b, a});
        else break;
      }
      if (rules.size() != raw.size()) continue;
      std::set<std::int32_t> given;  // candidates that need no parent: rules that also have one say nothing more
      for (const Rule& rule : rules) {
        if (rule.parent < 0) given.insert(rule.candidate);
      }
      rules.erase(std::remove_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.parent >= 0 && given.count(rule.candidate) != 0; }),
                  rules.end());
      rules_[cell] = std::move(rules);
    }
    for (bool changed = true; changed;) {
      changed = false;
      if (!assign()) return false;
      std::map<std::int32_t, std::set<std::int32_t>> out;  // number -> candidate cells that select it, of known groups
      for (const auto& [group, number] : owner_) {
        for (const Candidate& candidate : groups_[group]) out[candidate.number].insert(candidate.cell);
      }
      for (const Candidate& candidate : groups_[root_group_]) out[candidate.number].insert(candidate.cell);
      for (auto it = rules_.begin(); it != rules_.end();) {
        if (follows(it->second, out)) {
          ++it;
        } else {
          it = rules_.erase(it);
          changed = true;
        }
      }
    }
    return true;
  }

  // The candidates one of which a cell says to be on the path; null: it is no cell of the chain.
  std::optional<std::set<std::int32_t>> says(std::int32_t cell) const {
    const auto group = group_of_cell_.find(cell);
    if (group != group_of_cell_.end()) {
      if (group->second != root_group_) return {};
      return std::set<std::int32_t>{cell};
    }
    const auto found = rules_.find(cell);
    if (found == rules_.end()) return {};
    std::set<std::int32_t> result;
    for (const Rule& rule : found->second) result.insert(rule.candidate);
    return result;
  }

  // The number whose being on the path a cell can say; -1: it can say no such thing.
  std::int32_t node_of(std::int32_t cell) const {
    const auto group = group_of_cell_.find(cell);
    if (group != group_of_cell_.end()) return group->second == root_group_ ? selected_.at(cell) : -1;
    const auto found = rules_.find(cell);
    if (found == rules_.end()) return -1;
    std::int32_t node = -1;
    for (const Rule& rule : found->second) {
      if (node >= 0 && selected_.at(rule.candidate) != node) return -1;
      node = selected_.at(rule.candidate);
    }
    return node;
  }

  bool assign() {
    owner_.clear();
    for (const auto& [cell, rules] : rules_) {
      for (const Rule& rule : rules) {
        if (rule.parent < 0) continue;
        const std::int32_t node = node_of(rule.parent);
        if (node < 0) continue;
        const auto [place, fresh] = owner_.try_emplace(group_of_cell_.at(rule.candidate), node);
        if (!fresh && place->second != node) return false;
      }
    }
    // The root's own number, if there is one: it need not be computed where no other number builds on it.
    if (owner_.count(root_group_) != 0) return false;
    std::set<std::int32_t> taken;
    for (const auto& [group, number] : owner_) {
      if (!taken.insert(number).second) return false;
    }
    std::int32_t root = -1;
    for (std::int32_t number = 0; number < s_.program_numbers; ++number) {
      if (taken.count(number) != 0 || !matches(groups_[root_group_], number)) continue;
      if (root >= 0) return false;
      root = number;
    }
    root_ = root;
    return true;
  }

  // Rules of one cell: for each candidate, the parents say together that its owner is on the path.
  bool follows(const std::vector<Rule>& rules, const std::map<std::int32_t, std::set<std::int32_t>>& out) const {
    std::map<std::int32_t, std::set<std::int32_t>> said;
    for (const Rule& rule : rules) {
      if (rule.parent < 0) continue;
      const auto parent = says(rule.parent);
      if (!parent || node_of(rule.parent) < 0) return false;
      said[rule.candidate].insert(parent->begin(), parent->end());
    }
    for (const auto& [candidate, edges] : said) {
      const auto owner = owner_.find(group_of_cell_.at(candidate));
      if (owner == owner_.end()) return false;  // among them the root's: it is on the path anyway
      const auto all = out.find(owner->second);
      if (all == out.end() || all->second != edges) return false;
    }
    return true;
  }

  // Is the number the least of what the group selects by?
  bool matches(const std::vector<Candidate>& group, std::int32_t number) const {
    const Sums* const sums = numbers_.sums(number);
    if (sums == nullptr || sums->size() != group.size()) return false;
    const WeightRow& first = sums->begin()->second;
    bool same = true, plain = true, alike = true;
    for (const Candidate& candidate : group) {
      const auto found = sums->find(candidate.number);
      if (found == sums->end()) return false;
      same = same && found->second == candidate.row;
      plain = plain && candidate.row == WeightRow{-1, {0.0}};
      alike = alike && found->second == first;
    }
    const bool always = std::none_of(first.value.begin(), first.value.end(), [](double w) { return std::isnan(w); });
    return same || (plain && alike && always);
  }

  // The numbers from which the root can be reached, with one start; each of the others with its group.
  bool graph() {
    out_ = {};
    node_.clear();
    weigher_.clear();
    edge_of_candidate_.clear();
    total_ = 0;
    fits_ = true;
    std::map<std::int32_t, std::int32_t> group_of;
    for (const auto& [group, number] : owner_) group_of[number] = group;
    // What the root is the least of: as its group says, but for a weight that all of its edges have.
    Sums into_root;
    for (const Candidate& candidate : groups_[root_group_]) {
      const bool plain = candidate.row == WeightRow{-1, {0.0}};
      if (!into_root.emplace(candidate.number, plain ? WeightRow{-1, {1.0}} : candidate.row).second) return false;
    }
    if (root_ >= 0) into_root = *numbers_.sums(root_);
    constexpr std::int32_t nameless = -2;
    const std::int32_t root = root_ >= 0 ? root_ : nameless;
    group_of[root] = root_group_;
    std::vector<std::int32_t> order{root};
    node_[root] = 0;
    std::int32_t source = -1;
    const auto sums_of = [&](std::int32_t number) { return number == root ? &into_root : numbers_.sums(number); };
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Sums* const sums = sums_of(order[i]);
      if (sums == nullptr) return false;
      const auto start = sums->find(-1);
      if (start != sums->end()) {
        const auto& weights = start->second.value;
        if (source >= 0 || std::any_of(weights.begin(), weights.end(), [](double w) { return !(w >= 0 && w < 0x1p38); })) return false;
        source = order[i];
        if (group_of.count(source) != 0) return false;  // the chain would go on from there
        continue;  // no way back to the start is cheaper than starting
      }
      const auto group = group_of.find(order[i]);
      if (group == group_of.end() || (i > 0 && !matches(groups_[group->second], order[i]))) return false;
      for (const auto& [from, row] : *sums) {
        if (node_.try_emplace(from, static_cast<std::int32_t>(order.size())).second) order.push_back(from);
      }
    }
    if (source < 0 || order.size() >= (std::size_t{1} << EdgeConditionals::node_bits)) return false;
    out_.graph.source = node_[source];
    out_.graph.root = 0;
    for (const std::int32_t number : order) {
      if (number != source) {
        const Sums& sums = *sums_of(number);
        for (const Candidate& candidate : groups_[group_of[number]]) {
          out_.graph.from.push_back(node_[candidate.number]);
          out_.graph.to.push_back(node_[number]);
          weigh_edge(sums.at(candidate.number));
          edge_of_candidate_[candidate.cell] = out_.graph.edges() - 1;
        }
      }
      out_.graph.in_begin.push_back(out_.graph.edges());
    }
    return fits_;
  }

  // The weight of the newest edge.
  void weigh_edge(const WeightRow& row) {
    double most = 0;
    for (const double w : row.value) {
      if (std::isnan(w)) {
        out_.always = false;
      } else {
        fits_ = fits_ && w >= 1 && w < 0x1p38 && w == std::floor(w);
        most = std::max(most, w);
      }
    }
    if (row.choice < 0) {
      total_ += most;
      out_.graph.weigher.push_back(-1);
      out_.graph.constant.push_back(fits_ ? static_cast<std::int64_t>(row.value[0]) : 1);
      return;
    }
    const auto [place, fresh] = weigher_.try_emplace(row.choice, std::pair{out_.weighers.size(), row});
    if (fresh) {
      total_ += most;
      out_.weighers.choice.push_back(row.choice);
      for (const double w : row.value) {
        out_.weighers.weight.push_back(std::isnan(w) ? EdgeConditionals::weight_limit : fits_ ? static_cast<std::int64_t>(w) : 1);
      }
      out_.weighers.begin.push_back(static_cast<std::int64_t>(out_.weighers.weight.size()));
    } else {
      fits_ = fits_ && place->second.second == row;
    }
    out_.graph.weigher.push_back(place->second.first);
    out_.graph.constant.push_back(0);
  }

  // Each choice weighs edges of which a way without cycles takes one at most.
  bool edges() {
    EdgeGraph& g = out_.graph;
    if (rules_.empty() || !(total_ < static_cast<double>(EdgeConditionals::weight_limit)) || out_.weighers.size() == 0) return false;
    g.finish(out_.weighers.size());
    for (std::int32_t j = 0; j < out_.weighers.size(); ++j) {
      const std::int32_t first = g.weighs[g.weighs_begin[j]];
      bool into = true, between = true;
      for (std::int64_t i = g.weighs_begin[j]; i < g.weighs_begin[j + 1]; ++i) {
        const std::int32_t e = g.weighs[i];
        into = into && g.to[e] == g.to[first];
        between = between && ((g.to[e] == g.to[first] && g.from[e] == g.from[first]) || (g.to[e] == g.from[first] && g.from[e] == g.to[first]));
      }
      if (!into && !between) return false;
    }
    const auto note = [&](std::int32_t cell) {
      std::vector<std::int32_t> list;
      const auto said = says(cell);
      for (const std::int32_t candidate : *said) {
        const auto edge = edge_of_candidate_.find(candidate);
        if (edge != edge_of_candidate_.end()) list.push_back(edge->second);
      }
      out_.edges_of_cell.emplace(cell, std::move(list));
    };
    for (const auto& [cell, rules] : rules_) note(cell);
    for (const Candidate& candidate : groups_[root_group_]) note(candidate.cell);
    return true;
  }

  const Simulator& s_;
  const MinGraph numbers_;
  std::vector<std::vector<Candidate>> groups_;
  std::map<std::int32_t, std::int32_t> group_of_cell_, selected_;
  std::map<std::int32_t, std::vector<std::pair<std::int32_t, std::int32_t>>> raw_;  // literals of each cell's rules
  std::vector<std::int32_t> root_groups_;
  std::int32_t root_group_ = -1, root_ = -1;
  std::map<std::int32_t, std::vector<Rule>> rules_;
  std::map<std::int32_t, std::int32_t> owner_;  // group -> number
  std::map<std::int32_t, std::int32_t> node_, edge_of_candidate_;
  std::map<std::int32_t, std::pair<std::int32_t, WeightRow>> weigher_;
  double total_ = 0;
  bool fits_ = true;
  EdgeProgram out_;
};

}  // namespace

std::optional<EdgeProgram> recognise_edges(const Simulator& simulator) { return EdgeRecogniser(simulator).run(); }

Fit observed_way(const EdgeProgram& program, const std::vector<CellLiteral>& literals, std::vector<std::int32_t>& way) {
  const EdgeGraph& g = program.graph;
  std::vector<std::uint8_t> allowed(g.edges(), 1), taken(g.edges(), 0), visited(g.nodes(), 0);
  std::vector<const std::vector<std::int32_t>*> wanted;
  std::map<std::int32_t, bool> seen;
  for (const CellLiteral lit : literals) {
    const bool negated = (lit & 1) != 0;
    if ((lit >> 1) == 0) {
      if (negated) return Fit::Impossible;
      continue;
    }
    const auto found = program.edges_of_cell.find(lit >> 1);
    if (found == program.edges_of_cell.end()) return Fit::No;
    const auto [place, fresh] = seen.try_emplace(lit >> 1, negated);
    if (!fresh && place->second != negated) return Fit::Impossible;
    if (negated) {
      for (const std::int32_t e : found->second) allowed[e] = 0;
    } else {
      wanted.push_back(&found->second);
    }
  }
  if (wanted.empty() && !program.always) return Fit::No;  // a world without any path may agree as well
  // Paths from the root back along the allowed edges, until there are two.
  struct Place {
    std::int32_t node;
    std::int64_t next;
  };
  std::vector<Place> stack{{g.root, g.in_begin[g.root]}};
  std::vector<std::int32_t> back;
  visited[g.root] = 1;
  int paths = 0;
  for (std::int64_t budget = 1000 + 8 * std::int64_t{g.edges()}; !stack.empty();) {
    if (--budget < 0) return Fit::No;
    Place& at = stack.back();
    if (at.node == g.source || at.next == g.in_begin[at.node + 1]) {
      if (at.node == g.source && std::all_of(wanted.begin(), wanted.end(), [&](const auto* edges) {
            return std::any_of(edges->begin(), edges->end(), [&](std::int32_t e) { return taken[e] != 0; });
          })) {
        if (++paths > 1) return Fit::No;
        way.assign(back.rbegin(), back.rend());
      }
      visited[at.node] = 0;
      stack.pop_back();
      if (!back.empty()) {
        taken[back.back()] = 0;
        back.pop_back();
      }
      continue;
    }
    const auto e = static_cast<std::int32_t>(at.next++);
    const std::int32_t u = g.from[e];
    if (!allowed[e] || visited[u]) continue;
    visited[u] = 1;
    taken[e] = 1;
    back.push_back(e);
    stack.push_back({u, g.in_begin[u]});
  }
  return paths == 1 ? Fit::Yes : Fit::Impossible;
}

}  // namespace emnesy::counterfactual
