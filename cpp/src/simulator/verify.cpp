// The invariants of a simulator; README.md states them.
#include <algorithm>

#include "simulator/reads.hpp"

namespace emnesy {
namespace {

void require(bool holds, const char* what, std::size_t where) {
  if (!holds) throw std::logic_error("simulator: " + std::string(what) + " (at " + std::to_string(where) + ")");
}

void check_csr(const std::vector<std::int64_t>& begin, std::size_t count, std::size_t items, const char* what) {
  require(begin.size() == count + 1 && begin.front() == 0, what, begin.size());
  for (std::size_t i = 0; i < count; ++i) require(begin[i] <= begin[i + 1], what, i);
  require(static_cast<std::size_t>(begin.back()) == items, what, count);
}

void check_literals(const std::vector<CellLiteral>& literals, std::int32_t cells, const char* what) {
  for (std::size_t i = 0; i < literals.size(); ++i) require(literals[i] >= 0 && (literals[i] >> 1) < cells, what, i);
}

void check_shapes(const Simulator& s) {
  const std::size_t choices = s.choice_count(), numbers = static_cast<std::size_t>(s.number_count);
  require(s.choice_alternatives.size() == choices && s.choice_has_none.size() == choices, "choice arrays differ in length", choices);
  std::int32_t next = 1;
  for (std::size_t c = 0; c < choices; ++c) {
    require(s.choice_cell[c] == next && s.choice_alternatives[c] > 0, "alternatives' cells are not consecutive from 1", c);
    next += s.choice_alternatives[c];
  }
  require(next <= s.cell_count, "too few cells", 0);
  require(s.program_numbers <= s.number_count && s.number_cell.size() == numbers, "number arrays differ in length", numbers);
  require(s.step_item.size() == s.step_count(), "step arrays differ in length", 0);
  check_literals(s.atom_literal, s.cell_count, "an atom's literal is none");
  check_csr(s.definition_begin, s.definition_cell.size(), s.rule_begin.size() - 1, "definition_begin is no offset array");
  check_csr(s.rule_begin, s.rule_begin.size() - 1, s.rule_literal.size(), "rule_begin is no offset array");
  check_literals(s.rule_literal, s.cell_count, "a rule's literal is none");
  check_csr(s.contribution_begin, s.contribution_term.size(), s.contribution_literal.size(), "contribution_begin is no offset array");
  check_literals(s.contribution_literal, s.cell_count, "a contribution's literal is none");
  check_csr(s.winner_begin, s.winner_sign.size(), s.candidate_cell.size(), "winner_begin is no offset array");
  check_csr(s.table_begin, s.table_number.size(), s.table_value.size(), "table_begin is no offset array");
  for (std::size_t t = 0; t < s.table_number.size(); ++t) {
    require(s.table_begin[t + 1] - s.table_begin[t] == s.choice_values(s.table_choice[t]), "a table does not fit its choice", t);
  }
  check_csr(s.rule_loop_begin, s.rule_loop_begin.size() - 1, s.loop_definition.size(), "rule_loop_begin is no offset array");
  check_csr(s.loop_reader_begin, s.loop_definition.size(), s.loop_reader.size(), "loop_reader_begin is no offset array");
  check_csr(s.extreme_begin, s.extreme_sign.size(), s.node_number.size(), "extreme_begin is no offset array");
  check_csr(s.edge_begin, s.node_number.size(), s.edge_source.size(), "edge_begin is no offset array");
  check_csr(s.out_begin, s.node_number.size(), s.out_edge.size(), "out_begin is no offset array");
  check_csr(s.slot_begin, s.slot_count(), s.slot_literal.size(), "slot_begin is no offset array");
  check_csr(s.constraint_begin, s.constraint_begin.size() - 1, s.constraint_literal.size(), "constraint_begin is no offset array");
  check_literals(s.slot_literal, s.cell_count, "a slot's literal is none");
  check_literals(s.evidence, s.cell_count, "an evidence literal is none");
  check_literals(s.constraint_literal, s.cell_count, "a constraint's literal is none");
  check_literals(s.queries, s.cell_count, "a query's literal is none");
  for (std::size_t t = 0; t < s.term_op.size(); ++t) {
    const bool leaf = s.term_op[t] == TermOp::Constant, number = s.term_op[t] == TermOp::Number;
    const auto here = static_cast<std::int32_t>(t);
    require(leaf || (number ? s.term_left[t] >= 0 && s.term_left[t] < s.number_count
                            : s.term_left[t] >= 0 && s.term_left[t] < here && s.term_right[t] < here),
            "a term's argument does not come before it", t);
  }
}

void check_graphs(const Simulator& s) {
  for (std::size_t x = 0; x < s.extreme_sign.size(); ++x) {
    for (std::int64_t node = s.extreme_begin[x]; node < s.extreme_begin[x + 1]; ++node) {
      require(s.number_cell[s.node_number[node]] == s.node_cell[node], "a node's cell is not its number's", node);
      for (std::int64_t e = s.edge_begin[node]; e < s.edge_begin[node + 1]; ++e) {
        const std::int32_t from = s.edge_source[e];
        require(s.edge_target[e] == node, "an edge's target is another node", e);
        require(from == -1 || (from >= s.extreme_begin[x] && from < s.extreme_begin[x + 1]), "an edge leaves its graph", e);
        require(from >= 0 || s.edge_weight[e] >= 0, "an edge from nowhere adds nothing", e);
      }
      for (std::int64_t i = s.out_begin[node]; i < s.out_begin[node + 1]; ++i) {
        require(s.edge_source[s.out_edge[i]] == node, "an edge starts elsewhere", i);
      }
    }
  }
}

// Each cell and number is written by one step, and steps read what is written before them (loops: also their own).
void check_order(const Simulator& s) {
  std::vector<std::int32_t> cell(s.cell_count, -1), number(s.number_count, -1);
  std::int32_t end = 0, loop = -1;
  std::vector<std::int32_t> owner(s.step_count());
  for (std::size_t step = 0; step < s.step_count(); ++step) {
    if (s.step_kind[step] == StepKind::Loop) {
      loop = static_cast<std::int32_t>(step);
      end = s.loop_end[s.step_item[step]];
      require(end > loop && static_cast<std::size_t>(end) <= s.step_count(), "a loop ends before it begins", step);
    }
    owner[step] = static_cast<std::int32_t>(step) < end ? loop : static_cast<std::int32_t>(step);
    simulator::for_each_write(
        s, step, [&](std::int32_t c) { require(cell[c] < 0 && c > 0, "a cell is written twice", c); cell[c] = owner[step]; },
        [&](std::int32_t n) { require(number[n] < 0, "a number is written twice", n); number[n] = owner[step]; });
  }
  const auto before = [&](std::int32_t writer, std::size_t step) {
    const StepKind kind = s.step_kind[step];
    const bool circular = owner[step] != static_cast<std::int32_t>(step) || kind == StepKind::RuleLoop || kind == StepKind::Extreme;
    return writer < owner[step] || (circular && writer == owner[step]);
  };
  for (std::size_t step = 0; step < s.step_count(); ++step) {
    simulator::for_each_read(
        s, step, [&](std::int32_t c) { require(before(cell[c], step), "a step reads a cell that comes later", step); },
        [&](std::int32_t n) { require(number[n] >= 0 && before(number[n], step), "a step reads a number that comes later", step); },
        [&](std::int32_t c) { require(c >= 0 && static_cast<std::size_t>(c) < s.choice_count(), "no such choice", step); });
  }
}

}  // namespace

void Simulator::verify() const {
  check_shapes(*this);
  check_graphs(*this);
  check_order(*this);
}

}  // namespace emnesy
