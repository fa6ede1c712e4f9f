#include "counterfactual/world.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace emnesy::counterfactual {

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// CSR over cells of where they occur: visit(add) calls add(cell, entry) for every occurrence, twice over.
template <typename Visit>
void index_cells(std::int32_t cells, Visit visit, std::vector<std::int64_t>& begin, std::vector<std::int32_t>& entries) {
  begin.assign(static_cast<std::size_t>(cells) + 1, 0);
  visit([&](std::int32_t cell, std::int32_t) { ++begin[cell + 1]; });
  for (std::int32_t c = 0; c < cells; ++c) begin[c + 1] += begin[c];
  entries.resize(static_cast<std::size_t>(begin.back()));
  auto next = begin;
  visit([&](std::int32_t cell, std::int32_t entry) { entries[next[cell]++] = entry; });
}

}  // namespace

WorldPlan::WorldPlan(const Simulator& simulator) : s(simulator) {
  rule_definition.resize(s.rule_begin.size() - 1);
  for (std::size_t d = 0; d + 1 < s.definition_begin.size(); ++d) {
    for (std::int64_t r = s.definition_begin[d]; r < s.definition_begin[d + 1]; ++r) rule_definition[r] = static_cast<std::int32_t>(d);
  }
  const auto occurrences = [](const std::vector<std::int64_t>& begin, const std::vector<CellLiteral>& literals, auto add) {
    for (std::size_t r = 0; r + 1 < begin.size(); ++r) {
      for (std::int64_t l = begin[r]; l < begin[r + 1]; ++l) add(literals[l] >> 1, static_cast<std::int32_t>(2 * r) + (literals[l] & 1));
    }
  };
  index_cells(s.cell_count, [&](auto add) { occurrences(s.rule_begin, s.rule_literal, add); }, in_rule_begin, in_rule);
  index_cells(s.cell_count, [&](auto add) { occurrences(s.constraint_begin, s.constraint_literal, add); }, in_constraint_begin,
              in_constraint);
  index_cells(s.number_count, [&](auto add) {
    for (std::size_t e = 0; e < s.edge_weight.size(); ++e) {
      if (s.edge_weight[e] >= 0) add(s.edge_weight[e], static_cast<std::int32_t>(e));
    }
  }, weighs_begin, weighs);
  edge_extreme.resize(s.edge_weight.size());
  for (std::size_t x = 0; x < s.extreme_sign.size(); ++x) {
    for (std::int64_t e = s.edge_begin[s.extreme_begin[x]]; e < s.edge_begin[s.extreme_begin[x + 1]]; ++e) {
      edge_extreme[e] = static_cast<std::int32_t>(x);
    }
  }
  for (std::size_t step = 0; step < s.step_count(); ++step) {
    top_steps.push_back(static_cast<std::int32_t>(step));
    if (s.step_kind[step] == StepKind::Loop) step = static_cast<std::size_t>(s.loop_end[s.step_item[step]]) - 1;
  }
  owner.assign(s.cell_count, -1);
  for (std::size_t c = 0; c < s.choice_count(); ++c) {
    for (std::int32_t k = 0; k < s.choice_alternatives[c]; ++k) owner[s.choice_cell[c] + k] = static_cast<std::int32_t>(c);
  }
}

World::World(const WorldPlan& plan) : plan_(plan), s_(plan.s) {
  truth_.assign(s_.cell_count, 0);
  truth_[0] = 1;
  number_.assign(s_.number_count, undefined);
  value_.assign(s_.choice_count(), -1);
  const auto count_of = [](const std::vector<std::int64_t>& begin, std::size_t r) { return static_cast<std::int32_t>(begin[r + 1] - begin[r]); };
  false_literals_.resize(s_.rule_begin.size() - 1);
  firing_.assign(s_.definition_cell.size(), 0);
  for (std::size_t r = 0; r < false_literals_.size(); ++r) {
    for (std::int64_t l = s_.rule_begin[r]; l < s_.rule_begin[r + 1]; ++l) false_literals_[r] += !holds(s_.rule_literal[l]);
    firing_[plan.rule_definition[r]] += false_literals_[r] == 0;
  }
  true_literals_.resize(s_.constraint_begin.size() - 1);
  for (std::size_t c = 0; c < true_literals_.size(); ++c) {
    for (std::int64_t l = s_.constraint_begin[c]; l < s_.constraint_begin[c + 1]; ++l) true_literals_[c] += holds(s_.constraint_literal[l]);
    violated_ += true_literals_[c] == count_of(s_.constraint_begin, c);
  }
  required_.assign(s_.cell_count, -1);
  queued_.assign(s_.step_count(), 0);
  seen_cell_.assign(s_.cell_count, 0);
  seen_number_.assign(s_.number_count, 0);
  distance_.resize(s_.node_number.size());
  reweighed_.resize(s_.extreme_sign.size());
  node_known_.assign(s_.node_number.size(), 0);
  node_affected_.assign(s_.node_number.size(), 0);
}

void World::require(const std::vector<CellLiteral>& literals) {
  for (const std::int32_t cell : required_cells_) {
    violated_ -= required_[cell] != truth_[cell];
    required_[cell] = -1;
  }
  violated_ -= contradiction_;
  contradiction_ = false;
  required_cells_.clear();
  for (const CellLiteral lit : literals) {
    const std::int32_t cell = lit >> 1;
    const auto wanted = static_cast<std::int8_t>((lit & 1) == 0);
    if (required_[cell] >= 0) {
      contradiction_ = contradiction_ || required_[cell] != wanted;
      continue;
    }
    required_[cell] = wanted;
    required_cells_.push_back(cell);
    violated_ += wanted != truth_[cell];
  }
  violated_ += contradiction_;
  log_.clear();
}

// Counts follow the truth value, whether it changes for good or is restored.
void World::flip(std::int32_t cell) {
  log_.push_back({cell, Entry::Cell, static_cast<double>(truth_[cell])});
  truth_[cell] ^= 1;
  const bool now = truth_[cell] != 0;
  if (required_[cell] >= 0) violated_ += required_[cell] != truth_[cell] ? 1 : -1;
  for (std::int64_t i = plan_.in_rule_begin[cell]; i < plan_.in_rule_begin[cell + 1]; ++i) {
    const std::int32_t rule = plan_.in_rule[i] >> 1;
    if (now != ((plan_.in_rule[i] & 1) != 0)) {
      firing_[plan_.rule_definition[rule]] += --false_literals_[rule] == 0;
    } else {
      firing_[plan_.rule_definition[rule]] -= false_literals_[rule]++ == 0;
    }
  }
  for (std::int64_t i = plan_.in_constraint_begin[cell]; i < plan_.in_constraint_begin[cell + 1]; ++i) {
    const std::int32_t c = plan_.in_constraint[i] >> 1;
    const auto size = static_cast<std::int32_t>(s_.constraint_begin[c + 1] - s_.constraint_begin[c]);
    if (now != ((plan_.in_constraint[i] & 1) != 0)) {
      violated_ += ++true_literals_[c] == size;
    } else {
      violated_ -= true_literals_[c]-- == size;
    }
  }
  if (!quiet_) enqueue(s_.cell_reader_begin, s_.cell_reader, cell);
}

void World::set_number(std::int32_t number, double value) {
  if (same(number_[number], value)) return;
  for (std::int64_t i = plan_.weighs_begin[number]; i < plan_.weighs_begin[number + 1]; ++i) {
    reweighed_[plan_.edge_extreme[plan_.weighs[i]]].push_back({plan_.weighs[i], number_[number]});
  }
  log_.push_back({number, Entry::Number, number_[number]});
  number_[number] = value;
  if (!quiet_) enqueue(s_.number_reader_begin, s_.number_reader, number);
}

void World::set_choice(std::int32_t choice, std::int32_t value) {
  const std::int32_t old = value_[choice];
  if (old == value) return;
  log_.push_back({choice, Entry::Choice, static_cast<double>(old)});
  value_[choice] = value;
  if (old >= 0 && old < s_.choice_alternatives[choice]) set_cell(s_.choice_cell[choice] + old, false);
  if (value < s_.choice_alternatives[choice]) set_cell(s_.choice_cell[choice] + value, true);
  enqueue(s_.choice_reader_begin, s_.choice_reader, choice);
}

void World::enqueue(const std::vector<std::int64_t>& begin, const std::vector<std::int32_t>& reader, std::int32_t index) {
  for (std::int64_t i = begin[index]; i < begin[index + 1]; ++i) {
    if (queued_[reader[i]]) continue;
    queued_[reader[i]] = 1;
    queue_.push_back(reader[i]);
    std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
  }
}

void World::propagate() {
  while (!queue_.empty()) {
    std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
    const std::int32_t step = queue_.back();
    queue_.pop_back();
    queued_[step] = 0;
    run_step(step);
  }
}

void World::reset(const std::int32_t* values) {
  if (fresh_) {
    for (const std::int32_t step : plan_.top_steps) {
      queued_[step] = 1;
      queue_.push_back(step);  // ascending, hence a heap
    }
    fresh_ = false;
  }
  for (std::size_t c = 0; c < value_.size(); ++c) set_choice(static_cast<std::int32_t>(c), values[c]);
  propagate();
  computed_ = true;
  commit();
}

void World::change(std::int32_t choice, std::int32_t value) { change(&choice, &value, 1); }

void World::change(const std::int32_t* choices, const std::int32_t* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) set_choice(choices[i], values[i]);
  propagate();
}

void World::rollback(std::size_t mark) {
  quiet_ = true;
  while (log_.size() > mark) {
    const Entry entry = log_.back();
    log_.pop_back();
    switch (entry.kind) {
      case Entry::Cell:
        flip(entry.index);
        log_.pop_back();
        break;
      case Entry::Number: number_[entry.index] = entry.old; break;
      case Entry::Choice: value_[entry.index] = static_cast<std::int32_t>(entry.old); break;
    }
  }
  quiet_ = false;
}

template <typename F>
void World::quietly(F&& work) {
  const std::size_t before = log_.size();
  quiet_ = true;
  work();
  quiet_ = false;
  if (++stamp_ == 0) {
    std::fill(seen_cell_.begin(), seen_cell_.end(), 0);
    std::fill(seen_number_.begin(), seen_number_.end(), 0);
    stamp_ = 1;
  }
  for (std::size_t i = before; i < log_.size(); ++i) {  // the first entry of a cell holds what it was before
    const Entry& entry = log_[i];
    auto& seen = entry.kind == Entry::Cell ? seen_cell_[entry.index] : seen_number_[entry.index];
    if (seen == stamp_) continue;
    seen = stamp_;
    if (entry.kind == Entry::Cell) {
      if (entry.old != static_cast<double>(truth_[entry.index])) enqueue(s_.cell_reader_begin, s_.cell_reader, entry.index);
    } else if (!same(entry.old, number_[entry.index])) {
      enqueue(s_.number_reader_begin, s_.number_reader, entry.index);
    }
  }
}

void World::run_step(std::int32_t step) {
  const std::int32_t item = s_.step_item[step];
  switch (s_.step_kind[step]) {
    case StepKind::Rules: set_cell(s_.definition_cell[item], firing_[item] > 0); break;
    case StepKind::Condition: condition(item); break;
    case StepKind::Table: table(item); break;
    case StepKind::Fold: fold(item); break;
    case StepKind::Winner: winner(item); break;
    case StepKind::RuleLoop: quiet_ ? rule_loop(item) : quietly([&] { rule_loop(item); }); break;
    case StepKind::Extreme:
      if (!extreme_update(item)) extreme(item);
      reweighed_[item].clear();
      break;
    case StepKind::Loop: quietly([&] { loop(step); }); break;
  }
}

// From below, until nothing changes.
void World::loop(std::int32_t step) {
  const std::int32_t item = s_.step_item[step];
  for (std::int64_t i = s_.loop_cell_begin[item]; i < s_.loop_cell_begin[item + 1]; ++i) set_cell(s_.loop_cell[i], false);
  for (std::int64_t i = s_.loop_number_begin[item]; i < s_.loop_number_begin[item + 1]; ++i) set_number(s_.loop_number[i], undefined);
  for (std::int32_t round = 0; round < s_.loop_limit[item]; ++round) {
    const std::size_t before = log_.size();
    for (std::int32_t inner = step + 1; inner < s_.loop_end[item]; ++inner) run_step(inner);
    if (log_.size() == before) return;
  }
  quiet_ = false;
  throw NoFixpoint(s_.loop_cell[s_.loop_cell_begin[item]]);
}

// The least model: everything false, then what fires, then what that makes fire.
void World::rule_loop(std::int32_t item) {
  const std::int64_t first = s_.rule_loop_begin[item], last = s_.rule_loop_begin[item + 1];
  for (std::int64_t p = first; p < last; ++p) set_cell(s_.definition_cell[s_.loop_definition[p]], false);
  pending_.clear();
  for (std::int64_t p = first; p < last; ++p) {
    if (firing_[s_.loop_definition[p]] > 0) pending_.push_back(static_cast<std::int32_t>(p));
  }
  while (!pending_.empty()) {
    const std::int32_t p = pending_.back();
    pending_.pop_back();
    const std::int32_t cell = s_.definition_cell[s_.loop_definition[p]];
    if (truth_[cell]) continue;
    flip(cell);
    for (std::int64_t i = s_.loop_reader_begin[p]; i < s_.loop_reader_begin[p + 1]; ++i) {
      if (firing_[s_.loop_definition[s_.loop_reader[i]]] > 0) pending_.push_back(s_.loop_reader[i]);
    }
  }
}

}  // namespace emnesy::counterfactual
