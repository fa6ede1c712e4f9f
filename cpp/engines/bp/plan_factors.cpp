// Factors: which of their variables are leaves, slices and interface, and which tables they have in common.
#include <algorithm>
#include <functional>
#include <unordered_map>

#include "bp/planner.hpp"

namespace emnesy::bp {

// Tuples that the fixed evidence allows, without the variables that it pins.
void Planner::add_factors() {
  const std::size_t count = graph_.factor_count();
  scope_.resize(count);
  degree_.assign(graph_.variable_count(), 0);
  shared_.assign(graph_.variable_count(), 0);
  for (std::size_t f = 0; f < count; ++f) {
    for (std::int64_t i = graph_.scope_begin[f]; i < graph_.scope_begin[f + 1]; ++i) {
      const std::int32_t variable = graph_.scope[i];
      if (pinned_[variable] >= 0) continue;
      scope_[f].push_back(variable);
      ++degree_[variable];
      if (graph_.factor_kind[f] != FactorKind::Table) shared_[variable] = 1;
    }
  }
  for (std::size_t v = 0; v < degree_.size(); ++v) shared_[v] = shared_[v] || degree_[v] > 1;
  factor_.resize(count);
  for (std::size_t f = 0; f < count; ++f) cost_.push_back(cost_of(f));
}

// Puts factor f into the plan; its interface variables come in the order given.
Factor Planner::add_factor(std::size_t f, const std::vector<std::int32_t>& interface, bool loopy) {
  const std::int32_t* first = graph_.scope.data() + graph_.scope_begin[f];
  const auto arity = static_cast<std::int32_t>(graph_.scope_begin[f + 1] - graph_.scope_begin[f]);
  const std::int32_t position = graph_.slice_position[f];
  const bool table_kind = graph_.factor_kind[f] == FactorKind::Table;
  const auto column_of = [&](std::int32_t variable) {  // structured factors have many variables, and no columns
    return table_kind ? static_cast<std::int32_t>(std::find(first, first + arity, variable) - first) : 0;
  };

  Factor factor;
  TableSource source;
  std::vector<std::int32_t> columns;
  if (position >= 0 && pinned_[first[position]] < 0) {
    factor.slice_variable = first[position];
    factor.slice_local = degree_[factor.slice_variable] == 1;
    source.slice_count = graph_.cardinality[factor.slice_variable];
  }
  factor.leaf_begin = static_cast<std::int32_t>(plan_.leaf.size());
  for (const std::int32_t variable : scope_[f]) {
    if (shared_[variable] || variable == factor.slice_variable) continue;
    plan_.leaf.push_back(variable);
    columns.push_back(column_of(variable));
  }
  source.leaf_count = static_cast<std::int32_t>(columns.size());
  for (const std::int32_t variable : interface) columns.push_back(column_of(variable));
  source.interface_count = static_cast<std::int32_t>(interface.size());
  if (factor.slice_local) columns.push_back(position);
  if (factor.slice_variable >= 0) {
    source.slice_column =
        static_cast<std::int32_t>(std::find(columns.begin(), columns.end(), position) - columns.begin());
    Variable& slice = plan_.variable[factor.slice_variable];
    factor.slice_choice = factor.slice_local && slice.choice();
    slice.only_slices = factor.slice_local && !slice.choice();
  }
  source.arity = static_cast<std::int32_t>(columns.size());
  for (std::int64_t t = 0; t < graph_.tuple_begin[f + 1] - graph_.tuple_begin[f]; ++t) {
    const std::int32_t* tuple = graph_.tuple_value.data() + graph_.tuple_value_begin[f] + t * arity;
    const double weight = graph_.unit_weight[f] ? 1.0 : graph_.tuple_weight[graph_.tuple_begin[f] + t];
    bool kept = weight > 0;
    for (std::int32_t i = 0; i < arity && kept; ++i) {
      kept = allowed_[first[i]].empty() || allowed_[first[i]][tuple[i]];
    }
    if (!kept) continue;
    for (const std::int32_t column : columns) source.tuples.push_back(tuple[column]);
    source.weights.push_back(weight);
  }
  if (!table_kind) {
    factor.structured = add_structured(f, interface);
  } else if (source.weights.empty()) {
    plan_.impossible = true;
  }
  factor.table = share(make_table(source));
  factor.lane_table = lane_table(factor.table, factor.slice_local);
  const Table& table = plan_.table[factor.table];
  plan_.most_leaves = std::max(plan_.most_leaves, table.leaf_count);
  plan_.most_interfaces = std::max(plan_.most_interfaces, table.interface_count);
  most_groups_ = std::max(most_groups_, table.group_count);
  std::int64_t leaf_values = 0;
  for (std::int32_t k = 0; k < table.leaf_count; ++k) {
    leaf_values += plan_.variable[plan_.leaf[factor.leaf_begin + k]].cardinality;
  }
  most_leaf_values_ = std::max(most_leaf_values_, leaf_values);
  const LaneTable& lanes = plan_.lane_table[factor.lane_table];
  plan_.work += 8 + table.tuple_count;
  if (!loopy && factor.slice_variable >= 0) {
    const Variable& slice = plan_.variable[factor.slice_variable];
    if (slice.slot_end - slice.slot_begin == 1) {
      const std::int64_t saving = table.tuple_count - table.tuple_count / table.slice_count();
      plan_.slot_saving[plan_.slot_of_variable[slice.slot_begin]] += saving;
      plan_.saving += saving;
    }
  }
  plan_.lane_work += 8 + table.tuple_count;
  if (factor.structured >= 0) {
    // One by one, examples leave out most of a long sum's products; bundles make them all.
    const std::int64_t entries = plan_.structure[plan_.structured[factor.structured].structure].long_sum();
    plan_.work += 16 * entries;
    plan_.lane_work += 512 * entries;
  }
  plan_.most_runs = std::max(plan_.most_runs, lanes.run_count());
  factor.plain = loopy && factor.structured < 0 && table.leaf_count == 0 && table.tuple_weight.empty() && !factor.slice_local;
  if (factor.plain) {
    plan_.plain_groups = std::max<std::int64_t>(plan_.plain_groups, table.group_count);
  } else {
    factor.groups = plan_.groups;
    factor.lane_groups = plan_.lane_groups;
    plan_.groups += table.group_count;
    plan_.lane_groups += lanes.groups.group_count;
  }
  factor.interface_begin = static_cast<std::int32_t>(plan_.interface.size());
  for (const std::int32_t variable : interface) plan_.interface.push_back({variable, graph_.cardinality[variable], 0, 0});
  return factor;
}

std::int32_t Planner::add_structured(std::size_t f, const std::vector<std::int32_t>& interface) {
  Structured structured;
  factors::Structure structure = factors::make_structure(graph_, f);
  const auto known = std::find(plan_.structure.begin(), plan_.structure.end(), structure);
  structured.structure = static_cast<std::int32_t>(known - plan_.structure.begin());
  structured.begin = static_cast<std::int32_t>(plan_.argument.size());
  std::int64_t values = 0;
  std::unordered_map<std::int32_t, std::int32_t> place;
  for (std::size_t k = 0; k < interface.size(); ++k) place.emplace(interface[k], static_cast<std::int32_t>(k));
  for (std::int64_t i = graph_.scope_begin[f]; i < graph_.scope_begin[f + 1]; ++i) {
    const std::int32_t variable = graph_.scope[i];
    values += graph_.cardinality[variable];
    Structured::Argument argument;
    if (pinned_[variable] >= 0) {
      argument.known = reserve(graph_.cardinality[variable]);
      plan_.known.push_back(argument.known + pinned_[variable]);
    } else {
      argument.interface = place.at(variable);
    }
    plan_.argument.push_back(argument);
  }
  most_structured_ = std::max(most_structured_, structure.scratch);
  most_known_ = std::max(most_known_, values);
  plan_.most_arguments = std::max(plan_.most_arguments, structure.count());
  if (known == plan_.structure.end()) plan_.structure.push_back(std::move(structure));
  plan_.structured.push_back(structured);
  return static_cast<std::int32_t>(plan_.structured.size()) - 1;
}

std::int32_t Planner::share(Table&& table) {
  std::size_t hash = static_cast<std::size_t>(table.leaf_count) * 31 + static_cast<std::size_t>(table.interface_count);
  const auto mix = [&](const std::vector<std::int32_t>& values) {
    for (const std::int32_t v : values) hash = (hash ^ static_cast<std::size_t>(v)) * 0x100000001b3u;
  };
  mix(table.group_value);
  mix(table.tuple_value);
  mix(table.group_tuple);
  for (const double weight : table.tuple_weight) hash = (hash ^ std::hash<double>{}(weight)) * 0x100000001b3u;
  const auto [begin, end] = known_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    if (plan_.table[it->second] == table) return it->second;
  }
  plan_.table.push_back(std::move(table));
  const auto id = static_cast<std::int32_t>(plan_.table.size()) - 1;
  known_.emplace(hash, id);
  return id;
}

std::int32_t Planner::lane_table(std::int32_t table, bool local) {
  const auto [it, added] = lane_tables_.try_emplace({table, local}, static_cast<std::int32_t>(plan_.lane_table.size()));
  if (added) plan_.lane_table.push_back(make_lane_table(plan_.table[table], local));
  return it->second;
}

// What a visit to factor f costs, about, in visits to a table's entries.
std::int64_t Planner::cost_of(std::size_t f) const {
  std::int64_t values = 0, slices = 1;
  for (const std::int32_t v : scope_[f]) values += graph_.cardinality[v];
  if (graph_.slice_position[f] >= 0) {
    const Variable& slice = plan_.variable[graph_.scope[graph_.scope_begin[f] + graph_.slice_position[f]]];
    if (slice.slot_end > slice.slot_begin) slices = slice.cardinality;
  }
  const auto arity = static_cast<std::int64_t>(scope_[f].size());
  std::int64_t cost = 16 + 2 * values + (graph_.tuple_begin[f + 1] - graph_.tuple_begin[f]) / slices;
  if (graph_.factor_kind[f] == FactorKind::AllDifferent) cost += arity << std::min(graph_.parameter[graph_.parameter_begin[f]], 16);
  if (graph_.factor_kind[f] == FactorKind::Sum) cost += arity * graph_.parameter[graph_.parameter_begin[f]];
  return cost;
}

}  // namespace emnesy::bp
