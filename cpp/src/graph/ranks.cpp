#include "emnesy/ranks.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "emnesy/components.hpp"
#include "rewrite.hpp"

namespace emnesy {
namespace {

// Rewrites the rules of cycles. A rank is written as a *choice* first, because only choices may occur before what
// they are made equal to; once the program is lowered it is a cell like any other.
class Ranking {
 public:
  Ranking(const GroundProgram& program, const FunctionalDependencies& dependencies)
      : program_(program), dependencies_(dependencies), atoms_(program.atom_count()) {}

  // False: there are no cycles, nothing was rewritten.
  bool run() {
    group_component_ = components([&](AtomId atom) { return group_node(atom); },
                                  static_cast<std::size_t>(dependencies_.group_count()) + atoms_);
    atom_component_ = components([](AtomId atom) { return static_cast<std::int32_t>(atom); }, atoms_);
    inside_.assign(atoms_, 0);
    bool any = false;
    for (AtomId atom = 0; atom < static_cast<AtomId>(atoms_); ++atom) {
      inside_[atom] = group_component_.cyclic[group_component_.component[group_node(atom)]];
      any = any || inside_[atom];
    }
    if (!any) return false;
    out_.emplace(program_, dependencies_);
    add_ranks();
    add_primes();
    rewrite_rules();
    return true;
  }

  const GroundProgram& program() const { return out_->program; }
  const FunctionalDependencies& dependencies() const { return out_->dependencies; }

 private:
  // A cell of several exclusive atoms: one a rank from 1 on. Its ranks may be impossible (-1).
  using Ranks = std::vector<AtomId>;

  std::int32_t group_node(AtomId atom) const {
    const std::int32_t group = dependencies_.atom_group[atom];
    return group >= 0 ? group : static_cast<std::int32_t>(dependencies_.group_count()) + atom;
  }

  template <typename Node>
  Components components(const Node& node, std::size_t nodes) const {
    std::vector<std::int64_t> begin(nodes + 1, 0);
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      begin[node(program_.rule_head[r]) + 1] += program_.rule_body_begin[r + 1] - program_.rule_body_begin[r];
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::int32_t> edge(static_cast<std::size_t>(begin.back()));
    std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      for (std::int64_t i = program_.rule_body_begin[r]; i < program_.rule_body_begin[r + 1]; ++i) {
        edge[next[node(program_.rule_head[r])]++] = node(literal_atom(program_.rule_body[i]));
      }
    }
    return strongly_connected_components(begin, edge);
  }

  bool ranked(AtomId atom) const { return atom_component_.cyclic[atom_component_.component[atom]] != 0; }

  // A derived cell with a value for each rank that `possible` names, named after the atom.
  Ranks add_cell(AtomId like, const std::vector<std::uint8_t>& possible) {
    Ranks ranks(possible.size(), -1);
    std::vector<AtomId> members;
    for (std::size_t k = 0; k < possible.size(); ++k) {
      if (possible[k]) members.push_back(ranks[k] = out_->add_atom(AtomKind::Derived, like));
    }
    out_->add_group(members);
    return ranks;
  }

  static std::vector<std::uint8_t> possible(const Ranks& ranks) {
    std::vector<std::uint8_t> mask;
    for (const AtomId atom : ranks) mask.push_back(atom >= 0);
    return mask;
  }

  // One choice for the rank of every atom of a cycle; "none" is never.
  void add_ranks() {
    rank_.resize(atoms_);
    for (AtomId atom = 0; atom < static_cast<AtomId>(atoms_); ++atom) {
      if (!ranked(atom)) continue;
      const std::int32_t component = atom_component_.component[atom];
      const auto size = static_cast<std::int32_t>(atom_component_.begin[component + 1] - atom_component_.begin[component]);
      if (size > longest_cycle) {
        throw NotLowerable(NotLowerable::Reason::Cycle,
                           {atom_component_.node.begin() + atom_component_.begin[component],
                            atom_component_.node.begin() + atom_component_.begin[component + 1]});
      }
      const auto choice = static_cast<std::int32_t>(out_->program.choice_count());
      for (std::int32_t k = 0; k < size; ++k) {
        const AtomId alternative = out_->add_atom(AtomKind::Choice, -1, choice, k);
        rank_[atom].push_back(alternative);
        out_->program.choice_alternative.push_back(alternative);
        out_->program.choice_probability.push_back(1.0 / (size + 1));
      }
      out_->program.choice_kind.push_back(ChoiceKind::Fixed);
      out_->program.choice_origin.push_back(0);
      out_->program.choice_key_begin.push_back(out_->program.choice_key_begin.back());
      out_->program.choice_alternative_begin.push_back(static_cast<std::int64_t>(out_->program.choice_alternative.size()));
      out_->program.choice_has_none.push_back(1);
    }
  }

  // What the rules of a rewritten part ask instead of an atom that is a value of some variable: a Boolean of its
  // own, so that the variable depends on it and nothing on the variable.
  void add_primes() {
    prime_.resize(atoms_);
    for (AtomId atom = 0; atom < static_cast<AtomId>(atoms_); ++atom) {
      prime_[atom] = atom;
      if (!inside_[atom] || dependencies_.atom_group[atom] < 0) continue;
      prime_[atom] = out_->add_atom(AtomKind::Derived, atom);
      out_->add_rule(atom, {literal(prime_[atom], false)});
    }
  }

  void rewrite_rules() {
    std::vector<std::vector<std::int32_t>> rules_of(atoms_);
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      const AtomId head = program_.rule_head[r];
      if (inside_[head]) {
        rules_of[head].push_back(static_cast<std::int32_t>(r));
      } else {
        out_->add_rule(head, body_of(static_cast<std::int32_t>(r)));
        out_->program.rule_contribution.back() = program_.rule_contribution[r];
        out_->program.rule_witness.back() = program_.rule_witness[r];
      }
    }
    for (AtomId atom = 0; atom < static_cast<AtomId>(atoms_); ++atom) {
      if (!inside_[atom]) continue;
      if (ranked(atom)) {
        tie(atom, rules_of[atom]);
      } else {
        for (const std::int32_t r : rules_of[atom]) out_->add_rule(prime_[atom], body_with_primes(r));
      }
    }
  }

  std::vector<Literal> body_of(std::int32_t r) const {
    return {program_.rule_body.begin() + program_.rule_body_begin[r], program_.rule_body.begin() + program_.rule_body_begin[r + 1]};
  }

  std::vector<Literal> body_with_primes(std::int32_t r) const {
    std::vector<Literal> body = body_of(r);
    for (Literal& lit : body) lit = literal(prime_[literal_atom(lit)], literal_negated(lit));
    return body;
  }

  // rank(atom) = the least rank that one of its rules gives it; the atom holds where that is not "never".
  void tie(AtomId atom, const std::vector<std::int32_t>& rules) {
    const std::size_t count = rank_[atom].size();
    AtomId at_once = -1;  // some rule without an atom of the cycle fires
    std::vector<Ranks> supports;
    for (const std::int32_t r : rules) {
      std::vector<Literal> outside;
      std::vector<AtomId> cycle;
      for (std::int64_t i = program_.rule_body_begin[r]; i < program_.rule_body_begin[r + 1]; ++i) {
        const Literal lit = program_.rule_body[i];
        const AtomId asked = literal_atom(lit);
        if (!literal_negated(lit) && ranked(asked) && atom_component_.component[asked] == atom_component_.component[atom]) {
          cycle.push_back(asked);
        } else {
          outside.push_back(literal(prime_[asked], literal_negated(lit)));
        }
      }
      if (cycle.empty()) {
        if (at_once < 0) at_once = out_->add_atom(AtomKind::Derived, atom);
        out_->add_rule(at_once, std::move(outside));
        continue;
      }
      Ranks greatest = rank_[cycle.front()];
      for (std::size_t i = 1; i < cycle.size(); ++i) greatest = maximum(atom, greatest, rank_[cycle[i]]);
      std::vector<std::uint8_t> mask(count, 0);
      for (std::size_t k = 1; k < count; ++k) mask[k] = greatest[k - 1] >= 0;
      const Ranks support = add_cell(atom, mask);
      for (std::size_t k = 1; k < count; ++k) {
        if (support[k] < 0) continue;
        std::vector<Literal> body = outside;
        body.push_back(literal(greatest[k - 1], false));
        out_->add_rule(support[k], std::move(body));
      }
      supports.push_back(support);
    }
    Ranks least(count, -1);
    if (at_once >= 0) least[0] = at_once;
    for (const Ranks& support : supports) least = minimum(atom, least, support);
    for (std::size_t k = 0; k < count; ++k) {
      const AtomId rank = rank_[atom][k];
      out_->add_rule(prime_[atom], {literal(rank, false)});
      if (least[k] < 0) {
        out_->add_constraint({literal(rank, false)});
        continue;
      }
      out_->add_constraint({literal(rank, false), literal(least[k], true)});
      out_->add_constraint({literal(rank, true), literal(least[k], false)});
    }
  }

  // The greater of two ranks; never where one of them is never.
  Ranks maximum(AtomId like, const Ranks& a, const Ranks& b) {
    std::vector<std::uint8_t> mask(a.size(), 0);
    bool any_a = false, any_b = false;
    for (std::size_t k = 0; k < a.size(); ++k) {
      any_a = any_a || a[k] >= 0;
      any_b = any_b || b[k] >= 0;
      mask[k] = (a[k] >= 0 && any_b) || (b[k] >= 0 && any_a);
    }
    const Ranks result = add_cell(like, mask);
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < b.size(); ++j) {
        if (a[i] >= 0 && b[j] >= 0) out_->add_rule(result[std::max(i, j)], {literal(a[i], false), literal(b[j], false)});
      }
    }
    return result;
  }

  // The smaller of two ranks.
  Ranks minimum(AtomId like, const Ranks& a, const Ranks& b) {
    if (std::all_of(a.begin(), a.end(), [](AtomId atom) { return atom < 0; })) return b;
    std::vector<std::uint8_t> mask = possible(a);
    for (std::size_t k = 0; k < b.size(); ++k) mask[k] = mask[k] || b[k] >= 0;
    const Ranks result = add_cell(like, mask);
    // `first` gives the rank and no smaller one of `second` does; on a tie it is the first's.
    const auto add = [&](const Ranks& first, const Ranks& second, std::size_t tie) {
      for (std::size_t k = 0; k < first.size(); ++k) {
        if (first[k] < 0) continue;
        std::vector<Literal> body{literal(first[k], false)};
        for (std::size_t j = 0; j < k + tie; ++j) {
          if (second[j] >= 0) body.push_back(literal(second[j], true));
        }
        out_->add_rule(result[k], std::move(body));
      }
    };
    add(a, b, 0);
    add(b, a, 1);
    return result;
  }

  const GroundProgram& program_;
  const FunctionalDependencies& dependencies_;
  const std::size_t atoms_;
  Components group_component_, atom_component_;
  std::vector<std::uint8_t> inside_;  // atoms of parts that have to be rewritten
  std::vector<Ranks> rank_;
  std::vector<AtomId> prime_;
  std::optional<graph::Rewriting> out_;
};

bool has_computed_cells(const GroundProgram& program) {
  for (std::size_t atom = 0; atom < program.atom_count(); ++atom) {
    const std::int32_t predicate = program.atom_predicate[atom];
    if (program.atom_kind[atom] == AtomKind::Condition) return true;
    if (program.atom_kind[atom] != AtomKind::Derived || predicate < 0) continue;
    const Aggregate aggregate = program.predicate_aggregate[predicate];
    if (aggregate != Aggregate::None && aggregate != Aggregate::Any) return true;
  }
  return false;
}

}  // namespace

Lowered lower_with_cycles(const GroundProgram& program, const FunctionalDependencies& dependencies,
                          const EvidenceSlots& slots, bool impossible) {
  Ranking ranking(program, dependencies);
  if (has_computed_cells(program) || !ranking.run()) return lower(program, dependencies, slots, impossible, false);
  Lowered lowered = lower(ranking.program(), ranking.dependencies(), slots, impossible, false);
  FactorGraph& graph = lowered.graph;
  graph.choice_count = static_cast<std::int32_t>(program.choice_count());
  graph.choice_has_none.resize(program.choice_count());
  lowered.atom_variable.resize(program.atom_count());
  lowered.atom_value.resize(program.atom_count());
  lowered.atom_negated.resize(program.atom_count());
  return lowered;
}

}  // namespace emnesy
