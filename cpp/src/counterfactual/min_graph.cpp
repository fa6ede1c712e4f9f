#include "counterfactual/min_graph.hpp"

#include <algorithm>
#include <cmath>

namespace emnesy::counterfactual {

namespace {
constexpr double none = std::numeric_limits<double>::quiet_NaN();
}

bool WeightRow::operator==(const WeightRow& other) const {
  return choice == other.choice && std::equal(value.begin(), value.end(), other.value.begin(), other.value.end(),
                                              [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); });
}

MinGraph::MinGraph(const Simulator& s)
    : s_(s), table_of_(s.number_count, -1), fold_of_(s.number_count, -1), node_of_(s.number_count, -1),
      definition_of_(s.cell_count, -1), choice_of_(s.cell_count, -1) {
  for (std::size_t t = 0; t < s.table_number.size(); ++t) table_of_[s.table_number[t]] = static_cast<std::int32_t>(t);
  for (std::size_t f = 0; f < s.fold_number.size(); ++f) {
    if (s.fold_kind[f] == Aggregate::Min) fold_of_[s.fold_number[f]] = static_cast<std::int32_t>(f);
  }
  for (std::size_t item = 0; item < s.extreme_sign.size(); ++item) {
    if (s.extreme_sign[item] < 0) continue;
    for (std::int64_t v = s.extreme_begin[item]; v < s.extreme_begin[item + 1]; ++v) node_of_[s.node_number[v]] = static_cast<std::int32_t>(v);
  }
  for (std::size_t d = 0; d < s.definition_cell.size(); ++d) definition_of_[s.definition_cell[d]] = static_cast<std::int32_t>(d);
  for (std::size_t c = 0; c < s.choice_count(); ++c) {
    std::fill_n(choice_of_.begin() + s.choice_cell[c], s.choice_alternatives[c], static_cast<std::int32_t>(c));
  }
  for (std::int32_t number = 0; number < s.program_numbers; ++number) {
    Sums found;
    bool fits = false;
    if (const std::int32_t v = node_of_[number]; v >= 0) {
      fits = true;
      for (std::int64_t e = s.edge_begin[v]; fits && e < s.edge_begin[v + 1]; ++e) {
        const std::int32_t source = s.edge_source[e] < 0 ? -1 : s.node_number[s.edge_source[e]];
        fits = s.edge_weight[e] < 0 ? add(found, source, {-1, {0.0}}) : weigh(s.edge_weight[e], source, found);
      }
    } else if (const std::int32_t f = fold_of_[number]; f >= 0) {
      if (auto sums = read(s.fold_begin[f], s.fold_end[f])) {
        found = std::move(*sums);
        fits = true;
      }
    }
    if (fits) sums_.emplace(number, std::move(found));
  }
}

const Sums* MinGraph::sums(std::int32_t number) const {
  const auto found = sums_.find(number);
  return found == sums_.end() ? nullptr : &found->second;
}

// Alternatives of one choice, one of which the literal says; a cell may stand for several.
bool MinGraph::values(CellLiteral lit, std::int32_t& choice, std::vector<std::int32_t>& at) const {
  if ((lit & 1) != 0 || (lit >> 1) == 0) return false;
  const std::int32_t cell = lit >> 1;
  if (choice_of_[cell] >= 0) {
    if (choice >= 0 && choice != choice_of_[cell]) return false;
    choice = choice_of_[cell];
    at.push_back(cell - s_.choice_cell[choice]);
    return true;
  }
  const std::int32_t d = definition_of_[cell];
  if (d < 0) return false;
  for (std::int64_t r = s_.definition_begin[d]; r < s_.definition_begin[d + 1]; ++r) {
    if (s_.rule_begin[r + 1] != s_.rule_begin[r] + 1) return false;
    const CellLiteral part = s_.rule_literal[s_.rule_begin[r]];
    if ((part & 1) != 0 || choice_of_[part >> 1] < 0 || !values(part, choice, at)) return false;
  }
  return true;
}

bool MinGraph::add(Sums& out, std::int32_t source, const WeightRow& row) const {
  const auto [place, fresh] = out.try_emplace(source, row);
  if (fresh) return true;
  WeightRow& known = place->second;
  if (known.choice != row.choice) return false;
  for (std::size_t k = 0; k < row.value.size(); ++k) known.value[k] = std::fmin(known.value[k], row.value[k]);
  return true;
}

// Constants, and at most one number to which they are added (-1: none) and one that is a weight (-1: none).
bool MinGraph::term(std::int32_t t, std::int32_t& number, std::int32_t& weight, double& constant) const {
  switch (s_.term_op[t]) {
    case TermOp::Constant:
      constant += s_.term_constant[t];
      return true;
    case TermOp::Number: {
      std::int32_t& place = s_.term_left[t] < s_.program_numbers && table_of_[s_.term_left[t]] < 0 ? number : weight;
      if (place >= 0) return false;
      place = s_.term_left[t];
      return true;
    }
    case TermOp::Add:
      return term(s_.term_left[t], number, weight, constant) && term(s_.term_right[t], number, weight, constant);
    default:
      return false;
  }
}

// "source + this number", which is a look-up or the least of several contributions.
bool MinGraph::weigh(std::int32_t number, std::int32_t source, Sums& out) const {
  if (const std::int32_t t = table_of_[number]; t >= 0) {
    return add(out, source, {s_.table_choice[t], {s_.table_value.begin() + s_.table_begin[t], s_.table_value.begin() + s_.table_begin[t + 1]}});
  }
  const std::int32_t f = fold_of_[number];
  if (f < 0 || number < s_.program_numbers) return false;
  Sums parts;
  for (std::int64_t i = s_.fold_begin[f]; i < s_.fold_end[f]; ++i) {
    if (!contribution(i, parts)) return false;
  }
  for (const auto& [from, row] : parts) {
    if (from >= 0 && source >= 0) return false;
    if (!add(out, source >= 0 ? source : from, row)) return false;
  }
  return true;
}

bool MinGraph::contribution(std::int64_t i, Sums& out) const {
  std::int32_t number = -1, weight = -1;
  double constant = 0;
  if (s_.contribution_term[i] < 0 || !term(s_.contribution_term[i], number, weight, constant)) return false;
  const std::int64_t begin = s_.contribution_begin[i], end = s_.contribution_begin[i + 1];
  if (weight >= 0) return begin == end && constant == 0 && weigh(weight, number, out);
  if (begin == end) return add(out, number, {-1, {constant}});
  if (end != begin + 1) return false;
  std::int32_t choice = -1;
  std::vector<std::int32_t> at;
  if (!values(s_.contribution_literal[begin], choice, at) || choice < 0) return false;
  WeightRow row{choice, std::vector<double>(static_cast<std::size_t>(s_.choice_values(choice)), none)};
  for (const std::int32_t k : at) row.value[k] = constant;
  return add(out, number, row);
}

std::optional<Sums> MinGraph::read(std::int64_t begin, std::int64_t end) const {
  Sums found;
  for (std::int64_t i = begin; i < end; ++i) {
    if (!contribution(i, found)) return {};
  }
  return found;
}

}  // namespace emnesy::counterfactual
