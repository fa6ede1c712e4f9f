// The simulator as text, one step a line.
#include <cmath>
#include <sstream>

#include "simulator/terms.hpp"

namespace emnesy {
namespace {

using simulator::name_of;

class Dump {
 public:
  explicit Dump(const Simulator& s) : s_(s) {}

  std::string run() {
    out_ << "% " << s_.choice_count() << " choices, " << s_.cell_count << " cells, " << s_.number_count << " numbers, "
         << s_.step_count() << " steps\n";
    for (std::size_t c = 0; c < s_.choice_count(); ++c) {
      out_ << "choice " << c << ": b" << s_.choice_cell[c];
      if (s_.choice_alternatives[c] > 1) out_ << "..b" << s_.choice_cell[c] + s_.choice_alternatives[c] - 1;
      out_ << (s_.choice_has_none[c] ? " or none\n" : "\n");
    }
    std::int32_t end = -1;
    for (std::size_t step = 0; step < s_.step_count(); ++step) {
      out_ << (static_cast<std::int32_t>(step) < end ? "    " : "") << step << ": ";
      if (s_.step_kind[step] == StepKind::Loop) end = s_.loop_end[s_.step_item[step]];
      write_step(s_.step_kind[step], s_.step_item[step]);
    }
    for (std::size_t slot = 0; slot < s_.slot_count(); ++slot) {
      out_ << "slot " << slot << ":";
      for (std::int64_t i = s_.slot_begin[slot]; i < s_.slot_begin[slot + 1]; ++i) out_ << ' ' << literal(s_.slot_literal[i]);
      out_ << '\n';
    }
    for (const CellLiteral lit : s_.evidence) out_ << "evidence " << literal(lit) << '\n';
    for (std::size_t c = 0; c + 1 < s_.constraint_begin.size(); ++c) {
      out_ << "never " << conjunction(s_.constraint_literal, s_.constraint_begin[c], s_.constraint_begin[c + 1]) << '\n';
    }
    for (const CellLiteral lit : s_.queries) out_ << "query " << literal(lit) << '\n';
    return out_.str();
  }

 private:
  static std::string literal(CellLiteral lit) {
    if (lit < 2) return lit == 0 ? "true" : "false";
    return ((lit & 1) != 0 ? "not b" : "b") + std::to_string(lit >> 1);
  }

  static std::string conjunction(const std::vector<CellLiteral>& literals, std::int64_t begin, std::int64_t end) {
    std::string text;
    for (std::int64_t i = begin; i < end; ++i) text += (i > begin ? ", " : "") + literal(literals[i]);
    return text.empty() ? "true" : text;
  }

  static std::string number(double value) {
    if (std::isnan(value)) return "none";
    std::ostringstream text;
    text << value;
    return text.str();
  }

  std::string term(std::int32_t t) const {
    const TermOp op = s_.term_op[t];
    if (op == TermOp::Constant) return number(s_.term_constant[t]);
    if (op == TermOp::Number) return "#" + std::to_string(s_.term_left[t]);
    if (simulator::is_unary(op)) return std::string(name_of(op)) + "(" + term(s_.term_left[t]) + ")";
    return "(" + term(s_.term_left[t]) + " " + name_of(op) + " " + term(s_.term_right[t]) + ")";
  }

  std::string definition(std::int32_t d) const {
    std::string text = "b" + std::to_string(s_.definition_cell[d]) + " =";
    for (std::int64_t r = s_.definition_begin[d]; r < s_.definition_begin[d + 1]; ++r) {
      text += (r > s_.definition_begin[d] ? " | " : " ") + conjunction(s_.rule_literal, s_.rule_begin[r], s_.rule_begin[r + 1]);
    }
    return text;
  }

  std::string contributions(std::int64_t begin, std::int64_t end) const {
    std::string text;
    for (std::int64_t c = begin; c < end; ++c) {
      text += (c > begin ? "; " : "") + term(s_.contribution_term[c]);
      if (s_.contribution_begin[c + 1] > s_.contribution_begin[c]) {
        text += " if " + conjunction(s_.contribution_literal, s_.contribution_begin[c], s_.contribution_begin[c + 1]);
      }
    }
    return text;
  }

  void write_step(StepKind kind, std::int32_t i) {
    static constexpr const char* comparisons[] = {"=:=", "=\\=", "<", "=<", ">", ">="};
    static constexpr const char* folds[] = {"", "count", "sum", "min", "max", "avg"};
    switch (kind) {
      case StepKind::Rules: out_ << definition(i) << '\n'; break;
      case StepKind::Condition:
        out_ << 'b' << s_.condition_cell[i] << " = " << term(s_.condition_left[i]) << ' '
             << comparisons[static_cast<std::size_t>(s_.condition_op[i])] << ' ' << term(s_.condition_right[i]) << '\n';
        break;
      case StepKind::Table:
        out_ << '#' << s_.table_number[i] << " = table of choice " << s_.table_choice[i] << ":";
        for (std::int64_t v = s_.table_begin[i]; v < s_.table_begin[i + 1]; ++v) out_ << ' ' << number(s_.table_value[v]);
        out_ << '\n';
        break;
      case StepKind::Fold:
        out_ << '#' << s_.fold_number[i];
        if (s_.fold_cell[i] >= 0) out_ << ", b" << s_.fold_cell[i];
        out_ << " = " << folds[static_cast<std::size_t>(s_.fold_kind[i])] << " of " << contributions(s_.fold_begin[i], s_.fold_end[i]) << '\n';
        break;
      case StepKind::Winner:
        out_ << (s_.winner_sign[i] > 0 ? "argmin:" : "argmax:");
        for (std::int64_t c = s_.winner_begin[i]; c < s_.winner_begin[i + 1]; ++c) {
          out_ << " b" << s_.candidate_cell[c] << " {" << contributions(s_.candidate_begin[c], s_.candidate_end[c]) << '}';
        }
        out_ << '\n';
        break;
      case StepKind::RuleLoop:
        out_ << "least model of\n";
        for (std::int64_t d = s_.rule_loop_begin[i]; d < s_.rule_loop_begin[i + 1]; ++d) {
          out_ << "    " << definition(s_.loop_definition[d]) << '\n';
        }
        break;
      case StepKind::Extreme:
        out_ << (s_.extreme_sign[i] > 0 ? "least" : "greatest") << " sums over paths of"
             << (s_.extreme_integer[i] ? " whole" : "") << (s_.extreme_monotone[i] ? " monotone" : "") << " steps\n";
        for (std::int64_t n = s_.extreme_begin[i]; n < s_.extreme_begin[i + 1]; ++n) {
          out_ << "    #" << s_.node_number[n] << ", b" << s_.node_cell[n] << " from";
          for (std::int64_t e = s_.edge_begin[n]; e < s_.edge_begin[n + 1]; ++e) {
            out_ << ' ' << (s_.edge_source[e] < 0 ? "start" : "#" + std::to_string(s_.node_number[s_.edge_source[e]]));
            if (s_.edge_weight[e] >= 0) out_ << "+#" << s_.edge_weight[e];
          }
          out_ << '\n';
        }
        break;
      case StepKind::Loop: out_ << "repeat up to step " << s_.loop_end[i] << " until nothing changes\n"; break;
    }
  }

  const Simulator& s_;
  std::ostringstream out_;
};

}  // namespace

std::string Simulator::dump() const { return Dump(*this).run(); }

}  // namespace emnesy
