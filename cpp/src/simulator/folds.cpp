// Aggregates: contributions, look-ups by one choice, argmin and argmax.
#include <algorithm>
#include <cmath>

#include "simulator/compiler.hpp"

namespace emnesy::simulator {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Contribution Compiler::contribution_of(std::int32_t rule, Aggregate aggregate) {
  Contribution result;
  result.literals = body_of(rule);
  const ValueId value = program_.rule_contribution[rule];
  const bool counted = value == GroundProgram::no_value || aggregate == Aggregate::Count;
  result.term = counted ? terms_.constant(1.0) : terms_.of(value);
  drop_implied(result);
  return result;
}

// "Number n has a value" need not be asked where the term has none without n.
void Compiler::drop_implied(Contribution& contribution) const {
  auto& literals = contribution.literals;
  literals.erase(std::remove_if(literals.begin(), literals.end(),
                                [&](CellLiteral lit) {
                                  const std::size_t cell = static_cast<std::size_t>(lit >> 1);
                                  const bool negated = (lit & 1) != 0;
                                  return !negated && cell < defines_.size() && defines_[cell] >= 0 &&
                                         terms_.needs(contribution.term, defines_[cell]);
                                }),
                 literals.end());
}

void Compiler::write(const Contribution& contribution) {
  out_.contribution_literal.insert(out_.contribution_literal.end(), contribution.literals.begin(), contribution.literals.end());
  out_.contribution_begin.push_back(static_cast<std::int64_t>(out_.contribution_literal.size()));
  out_.contribution_term.push_back(contribution.term);
}

// Does it give a constant where one choice has one value?
bool Compiler::on_one_choice(const Contribution& contribution, std::int32_t& choice, std::int32_t& value) const {
  if (contribution.literals.size() != 1 || !terms_.is_constant(contribution.term)) return false;
  const CellLiteral lit = contribution.literals.front();
  const std::size_t cell = static_cast<std::size_t>(lit >> 1);
  if ((lit & 1) != 0 || cell >= cell_choice_.size() || cell_choice_[cell] < 0) return false;
  choice = cell_choice_[cell];
  value = static_cast<std::int32_t>(cell) - out_.choice_cell[choice];
  return true;
}

std::int32_t Compiler::table(std::int32_t choice, const std::vector<double>& values) {
  std::vector<double> key = values;  // NaN equals nothing, itself included
  for (double& v : key) {
    if (std::isnan(v)) v = std::numeric_limits<double>::infinity();
  }
  const auto [place, fresh] = tables_.try_emplace({choice, key}, out_.number_count);
  if (!fresh) return place->second;
  const std::int32_t number = new_number();
  out_.table_number.push_back(number);
  out_.table_choice.push_back(choice);
  out_.table_value.insert(out_.table_value.end(), values.begin(), values.end());
  out_.table_begin.push_back(static_cast<std::int64_t>(out_.table_value.size()));
  step(StepKind::Table, out_.table_number.size() - 1);
  return number;
}

// Contributions of one choice's values become one look-up. Sums are gathered only where they are exact in any order.
void Compiler::gather_tables(Aggregate& kind, std::vector<Contribution>& contributions) {
  const bool adds = kind == Aggregate::Sum || kind == Aggregate::Count;
  if (!adds && kind != Aggregate::Min && kind != Aggregate::Max) return;
  std::map<std::int32_t, std::vector<std::pair<std::int32_t, double>>> by_choice;
  std::vector<Contribution> rest;
  double magnitude = 0;
  for (const Contribution& contribution : contributions) {
    std::int32_t choice = -1, value = -1;
    if (on_one_choice(contribution, choice, value)) {
      const double constant = out_.term_constant[contribution.term];
      if (std::isnan(constant)) return;
      magnitude += std::abs(constant);
      if (adds && (constant != std::floor(constant) || magnitude > 0x1p53)) return;
      by_choice[choice].emplace_back(value, constant);
    } else {
      if (adds && !terms_.is_constant(contribution.term)) return;
      if (adds && out_.term_constant[contribution.term] != std::floor(out_.term_constant[contribution.term])) return;
      rest.push_back(contribution);
    }
  }
  for (const auto& [choice, entries] : by_choice) {
    std::vector<double> values(static_cast<std::size_t>(out_.choice_values(choice)), undefined);
    for (const auto& [value, constant] : entries) {
      double& v = values[value];
      if (std::isnan(v)) v = constant;
      else if (adds) v += constant;
      else v = kind == Aggregate::Min ? std::min(v, constant) : std::max(v, constant);
    }
    rest.push_back({{}, terms_.number(table(choice, values))});
  }
  if (!by_choice.empty() && kind == Aggregate::Count) kind = Aggregate::Sum;
  contributions = std::move(rest);
}

void Compiler::fold(Aggregate kind, std::int32_t number, std::int32_t cell, std::vector<Contribution> contributions) {
  gather_tables(kind, contributions);
  out_.fold_begin.push_back(static_cast<std::int64_t>(out_.contribution_term.size()));
  for (const Contribution& contribution : contributions) write(contribution);
  out_.fold_end.push_back(static_cast<std::int64_t>(out_.contribution_term.size()));
  out_.fold_kind.push_back(kind);
  out_.fold_number.push_back(number);
  out_.fold_cell.push_back(cell);
  step(StepKind::Fold, out_.fold_kind.size() - 1);
}

void Compiler::winner(AtomId unit) {
  std::vector<AtomId> candidates = members_[unit];
  const std::int32_t predicate = program_.atom_predicate[unit];
  const auto term_of = [&](AtomId atom) {
    return program_.atom_argument[program_.atom_argument_begin[atom] + program_.predicate_aggregate_position[predicate]];
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](AtomId a, AtomId b) { return program_.values.compare(term_of(a), term_of(b)) < 0; });
  const Aggregate aggregate = aggregate_of(unit);
  for (const AtomId atom : candidates) {
    out_.candidate_begin.push_back(static_cast<std::int64_t>(out_.contribution_term.size()));
    for (std::int64_t i = rules_begin_[atom]; i < rules_begin_[atom + 1]; ++i) write(contribution_of(rules_[i], aggregate));
    out_.candidate_cell.push_back(out_.atom_literal[atom] >> 1);
    out_.candidate_end.push_back(static_cast<std::int64_t>(out_.contribution_term.size()));
  }
  out_.winner_sign.push_back(aggregate == Aggregate::ArgMin ? 1 : -1);
  out_.winner_begin.push_back(static_cast<std::int64_t>(out_.candidate_cell.size()));
  step(StepKind::Winner, out_.winner_sign.size() - 1);
}

}  // namespace emnesy::simulator
