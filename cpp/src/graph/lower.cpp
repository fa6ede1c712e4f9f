#include "emnesy/lower.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "lowering.hpp"

namespace emnesy::graph {

Lowering::Lowering(const GroundProgram& program, const FunctionalDependencies& dependencies, const EvidenceSlots& slots,
                   bool impossible, Recognition recognition, const std::vector<NumberFold>& folds)
    : program_(program),
      dependencies_(dependencies),
      slots_(slots),
      recognition_(recognition),
      folds_(folds),
      builder_(recognition != Recognition::None),
      event_(program.atom_count()),
      inlined_(program.atom_count(), 0),
      impossible_(impossible) {}

Lowered Lowering::run() {
  refuse_computed();
  add_choices();
  const Components components = order();
  collect_nogoods();
  for (std::size_t c = 0; c < components.count(); ++c) {
    lower_node(components.node[components.begin[c]]);
  }
  add_nogoods();
  add_queries();
  const std::vector<SlotLabels> labels = add_slots();
  join_functions(builder_.tables, builder_.cardinalities().size());
  merge_tables(builder_.tables, builder_.cardinalities().size());
  merge_tables(builder_.gated_tables, builder_.cardinalities().size());
  if (recognise()) {
    recognise_pairs(builder_.tables, false, builder_);
    recognise_pairs(builder_.gated_tables, true, builder_);
  }
  return finish(labels);
}

Event Lowering::event(AtomId atom) {
  if (program_.atom_kind[atom] == AtomKind::Certain) return builder_.always();
  return event_[atom];
}

Event Lowering::event_of(Literal lit) {
  const Event e = event(literal_atom(lit));
  return literal_negated(lit) ? !e : e;
}

std::string Lowering::name_of(AtomId atom) const {
  const std::int32_t group = dependencies_.atom_group[atom];
  if (group < 0) return program_.format_atom(atom);
  const std::int32_t position = dependencies_.group_position[group];
  std::string text = program_.predicate_name[program_.atom_predicate[atom]] + "(";
  for (std::int64_t i = program_.atom_argument_begin[atom]; i < program_.atom_argument_begin[atom + 1]; ++i) {
    const std::int64_t argument = i - program_.atom_argument_begin[atom];
    if (argument > 0) text += ",";
    text += argument == position ? "_" : program_.values.format(program_.atom_argument[i]);
  }
  return text + ")";
}

void Lowering::refuse_computed() const {
  std::vector<AtomId> computed;
  for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
    const std::int32_t predicate = program_.atom_predicate[atom];
    const bool condition = program_.atom_kind[atom] == AtomKind::Condition;
    const bool aggregate = program_.atom_kind[atom] == AtomKind::Derived && predicate >= 0 &&
                           program_.predicate_aggregate[predicate] != Aggregate::None &&
                           program_.predicate_aggregate[predicate] != Aggregate::Any;
    if (condition || aggregate) computed.push_back(atom);
  }
  if (!computed.empty()) throw NotLowerable(NotLowerable::Reason::Computed, computed);
}

void Lowering::add_choices() {
  for (std::size_t c = 0; c < program_.choice_count(); ++c) {
    const auto alternatives = static_cast<std::int32_t>(program_.choice_alternative_begin[c + 1] -
                                                        program_.choice_alternative_begin[c]);
    const std::int32_t cardinality = alternatives + (program_.choice_has_none[c] ? 1 : 0);
    const std::int32_t variable = builder_.add_variable(cardinality, "choice " + std::to_string(c));
    for (std::int32_t k = 0; k < alternatives; ++k) {
      event_[program_.choice_alternative[program_.choice_alternative_begin[c] + k]] = {variable, k, false};
    }
  }
}

Components Lowering::order() {
  const auto groups = static_cast<std::int32_t>(dependencies_.group_count());
  const auto node = [&](AtomId atom) {
    return dependencies_.atom_group[atom] >= 0 ? dependencies_.atom_group[atom] : groups + atom;
  };
  std::vector<std::int64_t> begin(groups + program_.atom_count() + 1, 0);
  rules_of_.resize(groups + program_.atom_count());
  for (std::size_t r = 0; r < program_.rule_count(); ++r) {
    const std::int32_t head = node(program_.rule_head[r]);
    begin[head + 1] += program_.rule_body_begin[r + 1] - program_.rule_body_begin[r];
    rules_of_[head].push_back(static_cast<std::int32_t>(r));
  }
  // A fold needs its contributions.
  fold_of_.assign(rules_of_.size(), -1);
  for (std::size_t f = 0; f < folds_.size(); ++f) {
    const std::int32_t result = node(folds_[f].result.front().second);
    fold_of_[result] = static_cast<std::int32_t>(f);
    for (const auto& part : folds_[f].contributions) begin[result + 1] += static_cast<std::int64_t>(part.size());
  }
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<std::int32_t> edge(begin.back());
  std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
  for (std::size_t r = 0; r < program_.rule_count(); ++r) {
    for (std::int64_t i = program_.rule_body_begin[r]; i < program_.rule_body_begin[r + 1]; ++i) {
      edge[next[node(program_.rule_head[r])]++] = node(literal_atom(program_.rule_body[i]));
    }
  }
  for (const NumberFold& fold : folds_) {
    for (const auto& part : fold.contributions) {
      for (const auto& entry : part) edge[next[node(fold.result.front().second)]++] = node(entry.second);
    }
  }
  Components components = strongly_connected_components(begin, edge);
  for (std::size_t c = 0; c < components.count(); ++c) {
    if (!components.cyclic[c]) continue;
    std::vector<AtomId> atoms;
    for (std::int64_t i = components.begin[c]; i < components.begin[c + 1]; ++i) {
      const std::int32_t n = components.node[i];
      atoms.push_back(n >= groups ? n - groups : dependencies_.group_atom[dependencies_.group_begin[n]]);
    }
    std::sort(atoms.begin(), atoms.end());
    throw NotLowerable(NotLowerable::Reason::Cycle, atoms);
  }
  return components;
}

Lowered Lowering::finish(const std::vector<SlotLabels>& slots) {
  Lowered result;
  FactorGraph& graph = result.graph;
  graph.cardinality = builder_.cardinalities();
  graph.variable_name = builder_.names();
  graph.choice_count = static_cast<std::int32_t>(program_.choice_count());
  graph.choice_has_none = program_.choice_has_none;
  graph.impossible = impossible_;
  for (const auto& [variable, mask] : fixed_) {
    graph.fixed_variable.push_back(variable);
    graph.fixed_mask_begin.push_back(static_cast<std::int64_t>(graph.fixed_mask.size()));
    graph.fixed_mask.insert(graph.fixed_mask.end(), mask.begin(), mask.end());
  }
  for (const Event& query : queries_) {
    graph.query_variable.push_back(query.variable);
    graph.query_mask_begin.push_back(static_cast<std::int64_t>(graph.query_mask.size()));
    for (std::int32_t v = 0; v < builder_.cardinality(query.variable); ++v) graph.query_mask.push_back(query.holds(v));
  }
  for (const SlotLabels& slot : slots) {
    graph.slot_variable.push_back(slot.variable);
    graph.slot_label_count.push_back(static_cast<std::int32_t>(slot.masks.size()));
    graph.slot_mask_begin.push_back(static_cast<std::int64_t>(graph.slot_mask.size()));
    for (const auto& mask : slot.masks) graph.slot_mask.insert(graph.slot_mask.end(), mask.begin(), mask.end());
  }
  graph.gate_variable = gate_;
  freeze_tables(builder_.tables, false, graph);
  freeze_tables(builder_.gated_tables, true, graph);
  freeze_structured(builder_.structured, graph);
  for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
    const Event e = program_.atom_kind[atom] == AtomKind::Certain ? Event{} : event_[atom];
    result.atom_variable.push_back(e.variable);
    result.atom_value.push_back(e.value);
    result.atom_negated.push_back(e.negated);
  }
  return result;
}

}  // namespace emnesy::graph

namespace emnesy {

Lowered lower(const GroundProgram& program, const FunctionalDependencies& dependencies, const EvidenceSlots& slots,
              bool impossible, bool structured, const std::vector<NumberFold>& folds,
              const std::function<bool(const FactorGraph&)>& without_loops) {
  const auto attempt = [&](graph::Recognition recognition) {
    return graph::Lowering(program, dependencies, slots, impossible, recognition, folds).run();
  };
  if (!structured) return attempt(graph::Recognition::None);
  Lowered rules = attempt(graph::Recognition::Rules);
  if (without_loops(rules.graph)) return rules;
  const bool tables_may_do = std::all_of(folds.begin(), folds.end(), [](const NumberFold& fold) {
    return fold.result.size() * fold.contributions.size() <= graph::chain_limit;
  });
  if (!tables_may_do) return attempt(graph::Recognition::Conjunctions);
  Lowered plain = attempt(graph::Recognition::None);  // wide tables may hold the loop
  if (without_loops(plain.graph)) return plain;
  return attempt(graph::Recognition::Conjunctions);
}

}  // namespace emnesy
