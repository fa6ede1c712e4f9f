// Order of evaluation, Boolean cells, and what may be seen.
#include <algorithm>
#include <numeric>
#include <set>

#include "simulator/compiler.hpp"

namespace emnesy::simulator {

Compiler::Compiler(const GroundProgram& program, const EvidenceSlots& slots, bool impossible)
    : program_(program), slots_(slots), terms_(program.values, out_) {
  out_.impossible = impossible;
  out_.atom_literal.assign(program.atom_count(), 1);
  out_.cell_count = 1;
  out_.program_numbers = out_.number_count = static_cast<std::int32_t>(program.cell_atom.size());
  out_.number_cell.assign(program.cell_atom.size(), -1);
  number_of_.assign(program.atom_count(), -1);
  for (std::size_t c = 0; c < program.cell_atom.size(); ++c) number_of_[program.cell_atom[c]] = static_cast<std::int32_t>(c);
  rules_begin_.assign(program.atom_count() + 1, 0);
  for (const AtomId head : program.rule_head) ++rules_begin_[head + 1];
  std::partial_sum(rules_begin_.begin(), rules_begin_.end(), rules_begin_.begin());
  rules_.resize(program.rule_count());
  std::vector<std::int64_t> next(rules_begin_.begin(), rules_begin_.end() - 1);
  for (std::size_t r = 0; r < program.rule_count(); ++r) rules_[next[program.rule_head[r]]++] = static_cast<std::int32_t>(r);
}

Simulator Compiler::run() {
  number_choices();
  find_units();
  const Components components = order();
  component_ = components.component;
  for (std::size_t c = 0; c < components.count(); ++c) {
    const std::vector<AtomId> atoms(components.node.begin() + components.begin[c],
                                    components.node.begin() + components.begin[c + 1]);
    if (components.cyclic[c]) {
      cyclic(atoms);
    } else {
      acyclic(atoms.front());
    }
  }
  observe();
  link_readers(out_);
  return std::move(out_);
}

void Compiler::number_choices() {
  for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
    if (program_.atom_kind[atom] == AtomKind::Certain) out_.atom_literal[atom] = 0;
  }
  for (std::size_t c = 0; c < program_.choice_count(); ++c) {
    const std::int64_t begin = program_.choice_alternative_begin[c], end = program_.choice_alternative_begin[c + 1];
    out_.choice_cell.push_back(out_.cell_count);
    out_.choice_alternatives.push_back(static_cast<std::int32_t>(end - begin));
    out_.choice_has_none.push_back(program_.choice_has_none[c]);
    cell_choice_.resize(out_.cell_count, -1);
    for (std::int64_t i = begin; i < end; ++i) {
      out_.atom_literal[program_.choice_alternative[i]] = 2 * new_cell();
      cell_choice_.push_back(static_cast<std::int32_t>(c));
    }
  }
}

Aggregate Compiler::aggregate_of(AtomId atom) const {
  return program_.atom_kind[atom] == AtomKind::Derived ? program_.predicate_aggregate[program_.atom_predicate[atom]]
                                                       : Aggregate::None;
}

bool Compiler::is_plain(AtomId atom) const {
  const Aggregate aggregate = aggregate_of(atom);
  return program_.atom_kind[atom] == AtomKind::Derived && (aggregate == Aggregate::None || aggregate == Aggregate::Any);
}

// Candidates of one argmin are evaluated together.
void Compiler::find_units() {
  unit_.resize(program_.atom_count());
  std::iota(unit_.begin(), unit_.end(), 0);
  std::map<std::vector<std::int64_t>, AtomId> first;
  for (AtomId atom = 0; atom < static_cast<AtomId>(unit_.size()); ++atom) {
    const Aggregate aggregate = aggregate_of(atom);
    if (aggregate != Aggregate::ArgMin && aggregate != Aggregate::ArgMax) continue;
    const std::int32_t predicate = program_.atom_predicate[atom];
    std::vector<std::int64_t> key{predicate};
    for (std::int64_t i = program_.atom_argument_begin[atom]; i < program_.atom_argument_begin[atom + 1]; ++i) {
      const bool candidate = i - program_.atom_argument_begin[atom] == program_.predicate_aggregate_position[predicate];
      key.push_back(candidate ? -1 : static_cast<std::int64_t>(program_.atom_argument[i]));
    }
    unit_[atom] = first.emplace(key, atom).first->second;
    members_[unit_[atom]].push_back(atom);
  }
}

Components Compiler::order() {
  std::vector<std::vector<std::int32_t>> reads(program_.atom_count());
  const auto reads_numbers = [&](AtomId reader, ValueId value) {
    if (!program_.values.is_symbolic(value)) return;
    for (const std::int32_t number : terms_.numbers(terms_.of(value))) {
      reads[unit_[reader]].push_back(unit_[program_.cell_atom[number]]);
    }
  };
  for (std::size_t r = 0; r < program_.rule_count(); ++r) {
    for (std::int64_t i = program_.rule_body_begin[r]; i < program_.rule_body_begin[r + 1]; ++i) {
      reads[unit_[program_.rule_head[r]]].push_back(unit_[literal_atom(program_.rule_body[i])]);
    }
    if (program_.rule_contribution[r] != GroundProgram::no_value) {
      reads_numbers(program_.rule_head[r], program_.rule_contribution[r]);
    }
  }
  for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
    if (program_.atom_kind[atom] != AtomKind::Condition) continue;
    reads_numbers(atom, program_.atom_argument[program_.atom_argument_begin[atom]]);
    reads_numbers(atom, program_.atom_argument[program_.atom_argument_begin[atom] + 1]);
  }
  std::vector<std::int64_t> begin{0};
  std::vector<std::int32_t> edge;
  for (const auto& targets : reads) {
    edge.insert(edge.end(), targets.begin(), targets.end());
    begin.push_back(static_cast<std::int64_t>(edge.size()));
  }
  return strongly_connected_components(begin, edge);
}

CellLiteral Compiler::literal_of(Literal lit) const {
  return out_.atom_literal[literal_atom(lit)] ^ (literal_negated(lit) ? 1 : 0);
}

void Compiler::step(StepKind kind, std::size_t item) {
  out_.step_kind.push_back(kind);
  out_.step_item.push_back(static_cast<std::int32_t>(item));
}

std::vector<CellLiteral> Compiler::body_of(std::int32_t rule) const {
  std::vector<CellLiteral> literals;
  for (std::int64_t i = program_.rule_body_begin[rule]; i < program_.rule_body_begin[rule + 1]; ++i) {
    const CellLiteral lit = literal_of(program_.rule_body[i]);
    if (lit != 0) literals.push_back(lit);
  }
  std::sort(literals.begin(), literals.end());
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
  return literals;
}

void Compiler::allocate(AtomId atom) {
  if (unit_[atom] != atom) return;
  const auto found = members_.find(atom);
  if (found == members_.end()) {
    out_.atom_literal[atom] = 2 * new_cell();
  } else {
    for (const AtomId member : found->second) out_.atom_literal[member] = 2 * new_cell();
  }
  if (number_of_[atom] >= 0) {
    const std::int32_t cell = out_.atom_literal[atom] >> 1;
    out_.number_cell[number_of_[atom]] = cell;
    defines_.resize(out_.cell_count, -1);
    defines_[cell] = number_of_[atom];
  }
}

std::int32_t Compiler::define(AtomId atom) {
  for (std::int64_t i = rules_begin_[atom]; i < rules_begin_[atom + 1]; ++i) {
    const auto body = body_of(rules_[i]);
    out_.rule_literal.insert(out_.rule_literal.end(), body.begin(), body.end());
    out_.rule_begin.push_back(static_cast<std::int64_t>(out_.rule_literal.size()));
  }
  out_.definition_cell.push_back(out_.atom_literal[atom] >> 1);
  out_.definition_begin.push_back(static_cast<std::int64_t>(out_.rule_begin.size()) - 1);
  return static_cast<std::int32_t>(out_.definition_cell.size()) - 1;
}

void Compiler::emit(AtomId atom) {
  if (program_.atom_kind[atom] == AtomKind::Condition) {
    const std::int64_t at = program_.atom_argument_begin[atom];
    out_.condition_cell.push_back(out_.atom_literal[atom] >> 1);
    out_.condition_op.push_back(static_cast<Comparison>(program_.atom_predicate[atom]));
    out_.condition_left.push_back(terms_.of(program_.atom_argument[at]));
    out_.condition_right.push_back(terms_.of(program_.atom_argument[at + 1]));
    step(StepKind::Condition, out_.condition_cell.size() - 1);
  } else if (is_plain(atom)) {
    step(StepKind::Rules, define(atom));
  } else if (members_.count(atom) != 0) {
    winner(atom);
  } else {
    const Aggregate aggregate = aggregate_of(atom);
    if (aggregate == Aggregate::All) throw std::invalid_argument("simulator: `all` should be gone by now");
    std::vector<Contribution> contributions;
    for (std::int64_t i = rules_begin_[atom]; i < rules_begin_[atom + 1]; ++i) {
      contributions.push_back(contribution_of(rules_[i], aggregate));
    }
    fold(aggregate, number_of_[atom], out_.atom_literal[atom] >> 1, std::move(contributions));
  }
}

void Compiler::acyclic(AtomId atom) {
  const AtomKind kind = program_.atom_kind[atom];
  if (kind == AtomKind::Certain || kind == AtomKind::Choice || unit_[atom] != atom) return;
  if (is_plain(atom)) {
    const std::int64_t rules = rules_begin_[atom + 1] - rules_begin_[atom];
    if (rules == 0) return;  // stays false
    if (rules == 1) {
      const auto body = body_of(rules_[rules_begin_[atom]]);
      if (body.size() <= 1) {
        out_.atom_literal[atom] = body.empty() ? 0 : body.front();
        return;
      }
    }
  }
  allocate(atom);
  emit(atom);
}

void Compiler::cyclic(const std::vector<AtomId>& atoms) {
  for (const AtomId atom : atoms) allocate(atom);
  if (std::all_of(atoms.begin(), atoms.end(), [&](AtomId a) { return is_plain(a); })) return rule_loop(atoms);
  if (!extreme(atoms)) general_loop(atoms);
}

void Compiler::observe() {
  out_.slot_begin = slots_.begin;
  out_.slot_functional = slots_.functional;
  for (const AtomId atom : slots_.atom) out_.slot_literal.push_back(out_.atom_literal[atom]);
  for (const Literal lit : program_.evidence) out_.evidence.push_back(literal_of(lit));
  for (std::size_t c = 0; c + 1 < program_.constraint_begin.size(); ++c) {
    for (std::int64_t i = program_.constraint_begin[c]; i < program_.constraint_begin[c + 1]; ++i) {
      out_.constraint_literal.push_back(literal_of(program_.constraint_body[i]));
    }
    out_.constraint_begin.push_back(static_cast<std::int64_t>(out_.constraint_literal.size()));
  }
  for (const AtomId atom : program_.queries) out_.queries.push_back(out_.atom_literal[atom]);
  observe_numbers();
}

void Compiler::observe_numbers() {
  std::set<std::int32_t> computed;  // predicates
  for (const AtomId atom : program_.queries) {
    for (std::int64_t i = program_.atom_argument_begin[atom]; i < program_.atom_argument_begin[atom + 1]; ++i) {
      if (program_.values.is_symbolic(program_.atom_argument[i])) computed.insert(program_.atom_predicate[atom]);
    }
  }
  for (std::size_t q = 0; q < program_.queries.size(); ++q) {
    const AtomId atom = program_.queries[q];
    if (computed.count(program_.atom_predicate[atom]) == 0) continue;
    out_.computed_query.push_back(static_cast<std::int32_t>(q));
    out_.computed_predicate.push_back(program_.atom_predicate[atom]);
    for (std::int64_t i = program_.atom_argument_begin[atom]; i < program_.atom_argument_begin[atom + 1]; ++i) {
      const ValueId value = program_.atom_argument[i];
      const bool number = program_.values.is_symbolic(value) || program_.values.is_number(value);
      out_.computed_argument.push_back(number ? std::int64_t{terms_.of(value)} : ~static_cast<std::int64_t>(value));
    }
    out_.computed_begin.push_back(static_cast<std::int64_t>(out_.computed_argument.size()));
  }
}

}  // namespace emnesy::simulator

namespace emnesy {

Simulator simulate(const GroundProgram& program, const EvidenceSlots& slots, bool impossible) {
  return simulator::Compiler(program, slots, impossible).run();
}

}  // namespace emnesy
