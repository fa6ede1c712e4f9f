// What one step reads and writes.
#pragma once

#include "emnesy/simulator.hpp"

namespace emnesy::simulator {

// Calls cell(c), number(n), choice(c) for everything that a step reads; a loop also for what it reads of itself.
// Loop itself reads nothing: the steps inside do.
template <typename Cell, typename Number, typename Choice>
void for_each_read(const Simulator& s, std::size_t step, Cell cell, Number number, Choice choice) {
  const std::int32_t item = s.step_item[step];
  const auto term = [&](std::int32_t root) {
    std::vector<std::int32_t> work{root};
    while (!work.empty()) {
      const std::int32_t t = work.back();
      work.pop_back();
      if (s.term_op[t] == TermOp::Constant) continue;
      if (s.term_op[t] == TermOp::Number) {
        number(s.term_left[t]);
        continue;
      }
      work.push_back(s.term_left[t]);
      if (s.term_right[t] >= 0) work.push_back(s.term_right[t]);
    }
  };
  const auto definition = [&](std::int32_t d) {
    for (std::int64_t l = s.rule_begin[s.definition_begin[d]]; l < s.rule_begin[s.definition_begin[d + 1]]; ++l) {
      cell(s.rule_literal[l] >> 1);
    }
  };
  const auto contributions = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      for (std::int64_t l = s.contribution_begin[c]; l < s.contribution_begin[c + 1]; ++l) cell(s.contribution_literal[l] >> 1);
      term(s.contribution_term[c]);
    }
  };
  switch (s.step_kind[step]) {
    case StepKind::Rules: definition(item); break;
    case StepKind::Condition:
      term(s.condition_left[item]);
      term(s.condition_right[item]);
      break;
    case StepKind::Table: choice(s.table_choice[item]); break;
    case StepKind::Fold: contributions(s.fold_begin[item], s.fold_end[item]); break;
    case StepKind::Winner:
      for (std::int64_t c = s.winner_begin[item]; c < s.winner_begin[item + 1]; ++c) {
        contributions(s.candidate_begin[c], s.candidate_end[c]);
      }
      break;
    case StepKind::RuleLoop:
      for (std::int64_t i = s.rule_loop_begin[item]; i < s.rule_loop_begin[item + 1]; ++i) definition(s.loop_definition[i]);
      break;
    case StepKind::Extreme:
      for (std::int64_t e = s.edge_begin[s.extreme_begin[item]]; e < s.edge_begin[s.extreme_begin[item + 1]]; ++e) {
        if (s.edge_source[e] >= 0) number(s.node_number[s.edge_source[e]]);
        if (s.edge_weight[e] >= 0) number(s.edge_weight[e]);
      }
      break;
    case StepKind::Loop: break;
  }
}

// The same for what it writes.
template <typename Cell, typename Number>
void for_each_write(const Simulator& s, std::size_t step, Cell cell, Number number) {
  const std::int32_t item = s.step_item[step];
  switch (s.step_kind[step]) {
    case StepKind::Rules: cell(s.definition_cell[item]); break;
    case StepKind::Condition: cell(s.condition_cell[item]); break;
    case StepKind::Table: number(s.table_number[item]); break;
    case StepKind::Fold:
      number(s.fold_number[item]);
      if (s.fold_cell[item] >= 0) cell(s.fold_cell[item]);
      break;
    case StepKind::Winner:
      for (std::int64_t c = s.winner_begin[item]; c < s.winner_begin[item + 1]; ++c) cell(s.candidate_cell[c]);
      break;
    case StepKind::RuleLoop:
      for (std::int64_t i = s.rule_loop_begin[item]; i < s.rule_loop_begin[item + 1]; ++i) {
        cell(s.definition_cell[s.loop_definition[i]]);
      }
      break;
    case StepKind::Extreme:
      for (std::int64_t n = s.extreme_begin[item]; n < s.extreme_begin[item + 1]; ++n) {
        number(s.node_number[n]);
        cell(s.node_cell[n]);
      }
      break;
    case StepKind::Loop: break;
  }
}

}  // namespace emnesy::simulator
