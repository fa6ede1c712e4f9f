// Components that depend on themselves: Boolean ones, shortest paths, and everything else.
#include <algorithm>
#include <cmath>

#include "simulator/compiler.hpp"

namespace emnesy::simulator {

void Compiler::rule_loop(const std::vector<AtomId>& atoms) {
  std::map<std::int32_t, std::int32_t> place;  // cell -> position in the loop
  const auto first = static_cast<std::int32_t>(out_.loop_definition.size());
  for (const AtomId atom : atoms) {
    place[out_.atom_literal[atom] >> 1] = static_cast<std::int32_t>(out_.loop_definition.size());
    out_.loop_definition.push_back(define(atom));
  }
  std::vector<std::vector<std::int32_t>> readers(atoms.size());
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const std::int32_t reader = first + static_cast<std::int32_t>(i), definition = out_.loop_definition[reader];
    for (std::int64_t r = out_.definition_begin[definition]; r < out_.definition_begin[definition + 1]; ++r) {
      for (std::int64_t l = out_.rule_begin[r]; l < out_.rule_begin[r + 1]; ++l) {
        const auto found = place.find(out_.rule_literal[l] >> 1);
        if (found == place.end()) continue;
        auto& list = readers[found->second - first];
        if (list.empty() || list.back() != reader) list.push_back(reader);
      }
    }
  }
  for (const auto& list : readers) {
    out_.loop_reader.insert(out_.loop_reader.end(), list.begin(), list.end());
    out_.loop_reader_begin.push_back(static_cast<std::int64_t>(out_.loop_reader.size()));
  }
  out_.rule_loop_begin.push_back(static_cast<std::int64_t>(out_.loop_definition.size()));
  step(StepKind::RuleLoop, out_.rule_loop_begin.size() - 2);
}

void Compiler::general_loop(const std::vector<AtomId>& atoms) {
  const std::size_t item = out_.loop_end.size();
  step(StepKind::Loop, item);
  out_.loop_end.push_back(-1);
  out_.loop_limit.push_back(2 * static_cast<std::int32_t>(atoms.size()) + 2);
  const std::int32_t first_helper = out_.number_count;
  for (const bool plain : {true, false}) {
    for (const AtomId atom : atoms) {
      if (unit_[atom] == atom && is_plain(atom) == plain) emit(atom);
    }
  }
  for (const AtomId atom : atoms) {
    out_.loop_cell.push_back(out_.atom_literal[atom] >> 1);
    if (number_of_[atom] >= 0) out_.loop_number.push_back(number_of_[atom]);
  }
  // Helpers made here stand inside the loop; what comes after it must not share them.
  for (auto it = tables_.begin(); it != tables_.end();) it = it->second >= first_helper ? tables_.erase(it) : std::next(it);
  out_.loop_cell_begin.push_back(static_cast<std::int64_t>(out_.loop_cell.size()));
  out_.loop_number_begin.push_back(static_cast<std::int64_t>(out_.loop_number.size()));
  out_.loop_end[item] = static_cast<std::int32_t>(out_.step_kind.size());
}

// A rule of a recursion through min or max as "the source's number plus something from outside", if it is that.
bool Compiler::arc_of(AtomId target, std::int32_t rule, Arc& arc) {
  const auto inside = [&](AtomId atom) { return component_[atom] == component_[target]; };
  const auto source_of = [&](std::int32_t term) {  // the recursive atom that a term names, or -1
    if (!terms_.is_number(term)) return AtomId{-1};
    const AtomId atom = program_.cell_atom[out_.term_left[term]];
    return inside(atom) ? atom : AtomId{-1};
  };
  if (program_.rule_contribution[rule] == GroundProgram::no_value) return false;
  arc.target = target;
  std::int32_t term = terms_.of(program_.rule_contribution[rule]);
  const TermOp op = out_.term_op[term];
  const std::int32_t left = out_.term_left[term], right = out_.term_right[term];
  if (source_of(term) >= 0) {
    arc.source = source_of(term);
    term = -1;
  } else if (op == TermOp::Add && (source_of(left) >= 0 || source_of(right) >= 0)) {
    arc.source = source_of(left) >= 0 ? source_of(left) : source_of(right);
    term = source_of(left) >= 0 ? right : left;
  } else if (op == TermOp::Subtract && source_of(left) >= 0) {
    arc.source = source_of(left);
    term = terms_.is_constant(right) ? terms_.constant(-out_.term_constant[right]) : terms_.apply(TermOp::Negate, right);
  }
  if (term >= 0) {
    for (const std::int32_t number : terms_.numbers(term)) {
      if (inside(program_.cell_atom[number])) return false;
    }
  }
  arc.weight.term = term;
  for (std::int64_t i = program_.rule_body_begin[rule]; i < program_.rule_body_begin[rule + 1]; ++i) {
    const Literal lit = program_.rule_body[i];
    if (inside(literal_atom(lit))) {
      if (literal_atom(lit) != arc.source || literal_negated(lit)) return false;
    } else if (literal_of(lit) != 0) {
      arc.weight.literals.push_back(literal_of(lit));
    }
  }
  std::sort(arc.weight.literals.begin(), arc.weight.literals.end());
  if (term >= 0) drop_implied(arc.weight);
  return true;
}

// The number that an edge adds: the best of its alternatives. -1: nothing is added, whatever the world.
std::int32_t Compiler::weight(Aggregate kind, std::vector<Contribution> alternatives) {
  std::vector<std::int64_t> key{static_cast<std::int64_t>(kind)};
  for (Contribution& c : alternatives) {
    if (c.term < 0 && c.literals.empty() && alternatives.size() == 1) return -1;
    if (c.term < 0) c.term = terms_.constant(0.0);
    key.push_back(c.term);
    key.push_back(static_cast<std::int64_t>(c.literals.size()));
    key.insert(key.end(), c.literals.begin(), c.literals.end());
  }
  const auto known = weights_.find(key);
  if (known != weights_.end()) return known->second;
  gather_tables(kind, alternatives);
  std::int32_t number = -1;
  if (alternatives.size() == 1 && alternatives[0].literals.empty() && terms_.is_number(alternatives[0].term)) {
    number = out_.term_left[alternatives[0].term];
  } else {
    number = new_number();
    fold(kind, number, -1, std::move(alternatives));
  }
  weights_.emplace(std::move(key), number);
  return number;
}

// Bounds of a helper's values; not whole where they are not known to be.
void Compiler::weight_range(std::int32_t number, double& least, double& most, bool& whole) const {
  const auto take = [&](double value) {
    if (std::isnan(value)) return;
    least = std::min(least, value);
    most = std::max(most, value);
    whole = whole && value == std::floor(value);
  };
  for (std::size_t t = 0; t < out_.table_number.size(); ++t) {
    if (out_.table_number[t] != number) continue;
    for (std::int64_t i = out_.table_begin[t]; i < out_.table_begin[t + 1]; ++i) take(out_.table_value[i]);
    return;
  }
  for (std::size_t f = 0; f < out_.fold_number.size(); ++f) {
    if (out_.fold_number[f] != number) continue;
    for (std::int64_t i = out_.fold_begin[f]; i < out_.fold_end[f]; ++i) {
      const std::int32_t term = out_.contribution_term[i];
      if (terms_.is_constant(term)) {
        take(out_.term_constant[term]);
      } else if (terms_.is_number(term) && out_.number_cell[out_.term_left[term]] < 0) {
        weight_range(out_.term_left[term], least, most, whole);
      } else {
        least = -std::numeric_limits<double>::infinity();
        most = std::numeric_limits<double>::infinity();
        whole = false;
      }
    }
    return;
  }
  least = -std::numeric_limits<double>::infinity();
  most = std::numeric_limits<double>::infinity();
  whole = false;
}

bool Compiler::extreme(const std::vector<AtomId>& atoms) {
  const Aggregate kind = aggregate_of(atoms.front());
  if (kind != Aggregate::Min && kind != Aggregate::Max) return false;
  std::map<std::pair<AtomId, AtomId>, std::vector<Contribution>> arcs;  // (target, source)
  for (const AtomId atom : atoms) {
    if (aggregate_of(atom) != kind) return false;
    for (std::int64_t i = rules_begin_[atom]; i < rules_begin_[atom + 1]; ++i) {
      Arc arc;
      if (!arc_of(atom, rules_[i], arc)) return false;
      arcs[{arc.target, arc.source}].push_back(std::move(arc.weight));
    }
  }
  std::map<AtomId, std::int32_t> node;
  const auto first = static_cast<std::int32_t>(out_.node_number.size());
  std::vector<AtomId> sorted = atoms;
  std::sort(sorted.begin(), sorted.end());
  for (const AtomId atom : sorted) node.emplace(atom, first + static_cast<std::int32_t>(node.size()));
  std::vector<std::vector<std::int32_t>> leaving(atoms.size());
  std::map<std::int32_t, int> used;
  auto arc = arcs.begin();
  for (const AtomId atom : sorted) {
    out_.node_number.push_back(number_of_[atom]);
    out_.node_cell.push_back(out_.atom_literal[atom] >> 1);
    for (; arc != arcs.end() && arc->first.first == atom; ++arc) {
      const AtomId source = arc->first.second;
      const std::int32_t number = weight(kind, std::move(arc->second));
      if (source < 0 && number < 0) throw std::logic_error("simulator: an edge from nowhere that adds nothing");
      used[number];
      if (source >= 0) leaving[node[source] - first].push_back(static_cast<std::int32_t>(out_.edge_source.size()));
      out_.edge_source.push_back(source < 0 ? -1 : node[source]);
      out_.edge_weight.push_back(number);
      out_.edge_target.push_back(node[atom]);
    }
    out_.edge_begin.push_back(static_cast<std::int64_t>(out_.edge_source.size()));
  }
  for (const auto& edges : leaving) {
    out_.out_edge.insert(out_.out_edge.end(), edges.begin(), edges.end());
    out_.out_begin.push_back(static_cast<std::int64_t>(out_.out_edge.size()));
  }
  double least = 0, most = 0;
  bool whole = true;
  for (const auto& [number, unused] : used) {
    if (number >= 0) weight_range(number, least, most, whole);
  }
  const double reach = std::max(-least, most) * (static_cast<double>(atoms.size()) + 1);
  out_.extreme_sign.push_back(kind == Aggregate::Min ? 1 : -1);
  out_.extreme_integer.push_back(whole && reach < 0x1p30);
  out_.extreme_monotone.push_back(kind == Aggregate::Min ? least >= 0 : most <= 0);
  out_.extreme_begin.push_back(static_cast<std::int64_t>(out_.node_number.size()));
  step(StepKind::Extreme, out_.extreme_sign.size() - 1);
  return true;
}

}  // namespace emnesy::simulator
