#include "counterfactual/cones.hpp"

#include <algorithm>
#include <numeric>

namespace emnesy::counterfactual {

namespace {

// What each step writes; a Loop writes what the steps inside it do.
struct Outputs {
  std::vector<std::vector<std::int32_t>> cells, numbers;

  explicit Outputs(const Simulator& s) : cells(s.step_count()), numbers(s.step_count()) {
    std::size_t loop = 0, loop_end = 0;
    for (std::size_t step = 0; step < s.step_count(); ++step) {
      const std::int32_t item = s.step_item[step];
      const std::size_t to = step < loop_end ? loop : step;
      switch (s.step_kind[step]) {
        case StepKind::Rules: cells[to].push_back(s.definition_cell[item]); break;
        case StepKind::Condition: cells[to].push_back(s.condition_cell[item]); break;
        case StepKind::Table: numbers[to].push_back(s.table_number[item]); break;
        case StepKind::Fold:
          numbers[to].push_back(s.fold_number[item]);
          if (s.fold_cell[item] >= 0) cells[to].push_back(s.fold_cell[item]);
          break;
        case StepKind::Winner:
          cells[to].insert(cells[to].end(), s.candidate_cell.begin() + s.winner_begin[item], s.candidate_cell.begin() + s.winner_begin[item + 1]);
          break;
        case StepKind::RuleLoop:
          for (std::int64_t p = s.rule_loop_begin[item]; p < s.rule_loop_begin[item + 1]; ++p) {
            cells[to].push_back(s.definition_cell[s.loop_definition[p]]);
          }
          break;
        case StepKind::Extreme:
          for (std::int64_t v = s.extreme_begin[item]; v < s.extreme_begin[item + 1]; ++v) {
            numbers[to].push_back(s.node_number[v]);
            cells[to].push_back(s.node_cell[v]);
          }
          break;
        case StepKind::Loop:
          loop = step;
          loop_end = static_cast<std::size_t>(s.loop_end[item]);
          break;
      }
    }
  }
};

}  // namespace

Cones::Cones(const Simulator& s, std::int64_t work_limit) {
  place.assign(s.cell_count, -1);
  std::int32_t count = 0;
  const auto mention = [&](const std::vector<CellLiteral>& literals) {
    for (const CellLiteral lit : literals) {
      if ((lit >> 1) != 0 && place[lit >> 1] < 0) place[lit >> 1] = count++;
    }
  };
  mention(s.slot_literal);
  mention(s.evidence);
  mention(s.constraint_literal);
  const Outputs outputs(s);
  std::vector<std::vector<std::int32_t>> cone(count);
  std::vector<std::int32_t> step_seen(s.step_count(), -1), cell_seen(s.cell_count, -1), pending;
  std::int64_t work = 0;
  const auto choices = static_cast<std::int32_t>(s.choice_count());
  for (std::int32_t c = 0; c < choices && work <= work_limit; ++c) {
    const auto wake = [&](const std::vector<std::int64_t>& first, const std::vector<std::int32_t>& reader, std::int32_t index) {
      work += first[index + 1] - first[index];
      for (std::int64_t i = first[index]; i < first[index + 1]; ++i) {
        if (step_seen[reader[i]] == c) continue;
        step_seen[reader[i]] = c;
        pending.push_back(reader[i]);
      }
    };
    const auto reach = [&](std::int32_t cell) {
      if (cell_seen[cell] == c) return;
      cell_seen[cell] = c;
      if (place[cell] >= 0) cone[place[cell]].push_back(c);
      wake(s.cell_reader_begin, s.cell_reader, cell);
    };
    for (std::int32_t k = 0; k < s.choice_alternatives[c]; ++k) reach(s.choice_cell[c] + k);
    wake(s.choice_reader_begin, s.choice_reader, c);
    while (!pending.empty()) {
      const std::int32_t step = pending.back();
      pending.pop_back();
      work += static_cast<std::int64_t>(outputs.cells[step].size() + outputs.numbers[step].size());
      for (const std::int32_t cell : outputs.cells[step]) reach(cell);
      for (const std::int32_t number : outputs.numbers[step]) wake(s.number_reader_begin, s.number_reader, number);
    }
  }
  if (work > work_limit) {
    choice.resize(choices);
    std::iota(choice.begin(), choice.end(), 0);
    begin.push_back(choices);
    for (auto& p : place) p = p >= 0 ? 0 : -1;
    return;
  }
  for (const auto& list : cone) {
    choice.insert(choice.end(), list.begin(), list.end());
    begin.push_back(static_cast<std::int64_t>(choice.size()));
  }
}

}  // namespace emnesy::counterfactual
