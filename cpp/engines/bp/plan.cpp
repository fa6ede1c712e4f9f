#include "bp/plan.hpp"

#include <algorithm>
#include <stdexcept>

#include "bp/planner.hpp"
#include "graph/pinned.hpp"

namespace emnesy::bp {

Plan Planner::build() {
  allowed_ = allowed_values(graph_);
  pinned_ = pinned_values(graph_);
  plan_.impossible = graph_.impossible;
  plan_.block_size = layout_.block_size;
  add_variables();
  add_evidence();
  add_factors();
  add_components();
  place_variables();
  place_groups();
  find_gaps();
  add_panes();
  add_judged();
  plan_.scratch_size = end_;
  return std::move(plan_);
}

void Planner::add_variables() {
  const auto choices = static_cast<std::size_t>(graph_.choice_count);
  if (layout_.block.size() != choices || layout_.offset.size() != choices || layout_.stride.size() != choices) {
    throw std::invalid_argument("prior layout: one block, offset and stride a choice");
  }
  for (std::size_t i = 0; i < graph_.variable_count(); ++i) {
    Variable v;
    v.cardinality = graph_.cardinality[i];
    v.pinned = pinned_[i];
    if (i < choices) {
      v.block = layout_.block[i];
      v.offset = layout_.offset[i];
      v.stride = layout_.stride[i];
      v.has_none = graph_.choice_has_none[i] != 0;
      const auto blocks = static_cast<std::int32_t>(layout_.block_size.size());
      if (v.block < 0 || v.block >= blocks || v.stride < 1 || v.offset < 0 ||
          v.offset + std::int64_t{v.stride} * (v.alternatives() - 1) >= layout_.block_size[v.block]) {
        throw std::invalid_argument("prior layout: choice " + std::to_string(i) + " lies outside of its block");
      }
    }
    if (!allowed_[i].empty()) {
      v.allowed = static_cast<std::int64_t>(plan_.allowed.size());
      plan_.allowed.insert(plan_.allowed.end(), allowed_[i].begin(), allowed_[i].end());
      if (std::count(allowed_[i].begin(), allowed_[i].end(), 0) == v.cardinality) plan_.impossible = true;
    }
    plan_.largest = std::max(plan_.largest, v.cardinality);
    plan_.variable.push_back(v);
  }
  plan_.ones_count = plan_.largest;
  plan_.ones = reserve(plan_.largest);
}

// Slots and queries, sorted by variable.
void Planner::add_evidence() {
  const auto sorted = [](const std::vector<std::int32_t>& variables) {
    std::vector<std::int32_t> order(variables.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return variables[a] < variables[b]; });
    return order;
  };
  plan_.slot_of_variable = sorted(graph_.slot_variable);
  plan_.query_of_variable = sorted(graph_.query_variable);
  plan_.slot_saving.resize(graph_.slot_variable.size());
  for (const std::int32_t s : plan_.slot_of_variable) ++plan_.variable[graph_.slot_variable[s]].slot_end;
  for (const std::int32_t q : plan_.query_of_variable) ++plan_.variable[graph_.query_variable[q]].query_end;
  std::int32_t slots = 0, queries = 0;
  for (Variable& v : plan_.variable) {
    v.slot_begin = slots;
    v.slot_end = slots += v.slot_end;
    v.query_begin = queries;
    v.query_end = queries += v.query_end;
  }
  for (std::size_t q = 0; q < graph_.query_variable.size(); ++q) {
    plan_.query_value_begin.push_back(static_cast<std::int64_t>(plan_.query_value.size()));
    for (std::int32_t v = 0; v < graph_.cardinality[graph_.query_variable[q]]; ++v) {
      if (graph_.query_mask[graph_.query_mask_begin[q] + v]) plan_.query_value.push_back(v);
    }
  }
  plan_.query_value_begin.push_back(static_cast<std::int64_t>(plan_.query_value.size()));
  for (std::size_t s = 0; s < graph_.slot_variable.size(); ++s) {
    plan_.slot_value_begin.push_back(static_cast<std::int64_t>(plan_.slot_value.size()));
    const std::int32_t values = graph_.cardinality[graph_.slot_variable[s]];
    bool simple = true, same = true;
    for (std::int32_t l = 0; l < graph_.slot_label_count[s]; ++l) {
      const std::uint8_t* mask = graph_.slot_mask.data() + graph_.slot_mask_begin[s] + std::int64_t{l} * values;
      std::int32_t value = -1, count = 0;
      for (std::int32_t v = 0; v < values; ++v) {
        if (mask[v]) value = v, ++count;
      }
      plan_.slot_value.push_back(count == 1 ? value : -1);
      simple = simple && count == 1;
      same = same && value == l;
    }
    plan_.slot_simple.push_back(!simple ? 0 : same ? 2 : 1);
  }
}

bool Planner::masked(std::int32_t variable) const {
  const Variable& v = plan_.variable[variable];
  return v.allowed >= 0 || v.slot_end > v.slot_begin;
}

bool Planner::has_own_weights(std::int32_t variable) const { return plan_.variable[variable].choice() || masked(variable); }

std::int64_t Planner::own_in_scratch(std::int32_t variable) {
  Variable& v = plan_.variable[variable];
  if (!v.prepared) {
    v.prepared = true;
    v.own = {0, reserve(v.cardinality)};
    plan_.prepared.push_back(variable);
  }
  return v.own.offset;
}

// Where each remaining variable's own weights lie, and how its posterior is written.
void Planner::place_variables() {
  for (std::size_t i = 0; i < plan_.variable.size(); ++i) {
    Variable& v = plan_.variable[i];
    const auto id = static_cast<std::int32_t>(i);
    const bool queried = v.query_end > v.query_begin;
    v.plain_output = v.choice() && v.stride == 1 && !v.has_none && !queried;
    if (v.pinned >= 0) {
      plan_.pinned.push_back(id);
      continue;
    }
    if (degree_[i] == 0) plan_.free.push_back(id);
    if (v.prepared) continue;
    if (masked(id) || v.has_none || (v.choice() && v.stride != 1)) {
      own_in_scratch(id);
    } else if (v.choice()) {
      v.own = {1 + v.block, v.offset};
    } else {
      v.own = {0, plan_.ones};
    }
  }
  std::sort(plan_.prepared.begin(), plan_.prepared.end());
}

// Plain factors share the ones at the beginning; the others' sums come after them.
void Planner::place_groups() {
  for (auto* factors : {&plan_.tree, &plan_.loopy}) {
    for (Factor& factor : *factors) {
      if (factor.plain) continue;
      factor.groups += plan_.plain_groups;
      factor.lane_groups += plan_.plain_groups;
    }
  }
  plan_.groups += plan_.plain_groups;
  plan_.lane_groups += plan_.plain_groups;
}

void Planner::find_gaps() {
  for (std::size_t b = 0; b < plan_.block_size.size(); ++b) {
    std::vector<std::uint8_t> used(plan_.block_size[b], 0);
    for (const Variable& v : plan_.variable) {
      if (v.block != static_cast<std::int32_t>(b)) continue;
      for (std::int32_t k = 0; k < v.alternatives(); ++k) used[v.offset + std::int64_t{k} * v.stride] = 1;
    }
    for (std::int64_t i = 0; i < plan_.block_size[b];) {
      std::int64_t end = i;
      while (end < plan_.block_size[b] && used[end] == used[i]) ++end;
      if (!used[i]) plan_.gap.push_back({static_cast<std::int32_t>(b), i, end});
      i = end;
    }
  }
}

Plan make_plan(const FactorGraph& graph, const PriorLayout& layout) { return Planner(graph, layout).build(); }

}  // namespace emnesy::bp
