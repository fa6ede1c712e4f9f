// Numbers of one world: terms, aggregates, look-ups, shortest paths.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "counterfactual/world.hpp"
#include "simulator/rows.hpp"

namespace emnesy::counterfactual {

namespace {
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
}  // namespace

double World::term(std::int32_t index) const {
  const TermOp op = s_.term_op[index];
  if (op == TermOp::Constant) return s_.term_constant[index];
  if (op == TermOp::Number) return number_[s_.term_left[index]];
  const double a = term(s_.term_left[index]);
  const double b = s_.term_right[index] >= 0 ? term(s_.term_right[index]) : a;
  double value = 0;
  switch (op) {
    case TermOp::Add: value = a + b; break;
    case TermOp::Subtract: value = a - b; break;
    case TermOp::Multiply: value = a * b; break;
    case TermOp::Negate: value = -a; break;
    default: {  // as the simulator has it, in one of its lanes
      double left[simulator::row_width], right[simulator::row_width], out[simulator::row_width];
      std::fill(left, left + simulator::row_width, a);
      std::fill(right, right + simulator::row_width, b);
      simulator::apply(op, left, right, out);
      value = out[0];
    }
  }
  return std::abs(value) < infinity ? value : undefined;
}

bool World::counts(std::int64_t contribution) const {
  for (std::int64_t l = s_.contribution_begin[contribution]; l < s_.contribution_begin[contribution + 1]; ++l) {
    if (!holds(s_.contribution_literal[l])) return false;
  }
  return true;
}

void World::condition(std::int32_t item) {
  const double a = term(s_.condition_left[item]), b = term(s_.condition_right[item]);
  bool holds = false;  // nor with an undefined number
  switch (s_.condition_op[item]) {
    case Comparison::Equal: holds = a == b; break;
    case Comparison::NotEqual: holds = a < b || a > b; break;
    case Comparison::Less: holds = a < b; break;
    case Comparison::LessEqual: holds = a <= b; break;
    case Comparison::Greater: holds = a > b; break;
    case Comparison::GreaterEqual: holds = a >= b; break;
  }
  set_cell(s_.condition_cell[item], holds);
}

void World::table(std::int32_t item) {
  set_number(s_.table_number[item], s_.table_value[s_.table_begin[item] + value_[s_.table_choice[item]]]);
}

void World::fold(std::int32_t item) {
  const Aggregate kind = s_.fold_kind[item];
  const bool least = kind == Aggregate::Min, most = kind == Aggregate::Max;
  double sum = 0, count = 0, best = infinity;
  for (std::int64_t i = s_.fold_begin[item]; i < s_.fold_end[item]; ++i) {
    if (!counts(i)) continue;
    const double value = kind == Aggregate::Count ? 1.0 : term(s_.contribution_term[i]);
    if (std::isnan(value)) continue;
    count += 1;
    sum += value;
    best = std::min(best, most ? -value : value);
  }
  double value = undefined;
  if (count > 0) value = least ? best : most ? -best : kind == Aggregate::Average ? sum / count : sum;
  set_number(s_.fold_number[item], std::abs(value) < infinity ? value : undefined);
  if (s_.fold_cell[item] >= 0) set_cell(s_.fold_cell[item], count > 0);
}

void World::winner(std::int32_t item) {
  const double sign = s_.winner_sign[item];
  double best = infinity;
  std::int64_t winner = -1;
  for (std::int64_t c = s_.winner_begin[item]; c < s_.winner_begin[item + 1]; ++c) {
    for (std::int64_t i = s_.candidate_begin[c]; i < s_.candidate_end[c]; ++i) {
      if (!counts(i)) continue;
      const double value = sign * term(s_.contribution_term[i]);
      if (value < best) {  // of equals the first stays
        best = value;
        winner = c;
      }
    }
  }
  for (std::int64_t c = s_.winner_begin[item]; c < s_.winner_begin[item + 1]; ++c) set_cell(s_.candidate_cell[c], c == winner);
}

void World::extreme(std::int32_t item) {
  const std::int64_t first = s_.extreme_begin[item], last = s_.extreme_begin[item + 1];
  const double sign = s_.extreme_sign[item];
  const auto weight = [&](std::int64_t e) { return s_.edge_weight[e] < 0 ? 0.0 : sign * number_[s_.edge_weight[e]]; };
  for (std::int64_t v = first; v < last; ++v) distance_[v] = infinity;
  if (s_.extreme_monotone[item]) {
    heap_.clear();
    const auto reach = [&](std::int32_t v, double d) {
      if (!(d < distance_[v])) return;
      distance_[v] = d;
      heap_.push_back({d, v});
      std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    };
    for (std::int64_t e = s_.edge_begin[first]; e < s_.edge_begin[last]; ++e) {
      if (s_.edge_source[e] < 0) reach(s_.edge_target[e], weight(e));
    }
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      const auto [d, v] = heap_.back();
      heap_.pop_back();
      if (d > distance_[v]) continue;
      for (std::int64_t i = s_.out_begin[v]; i < s_.out_begin[v + 1]; ++i) {
        reach(s_.edge_target[s_.out_edge[i]], d + weight(s_.out_edge[i]));
      }
    }
  } else {
    bool changed = true;
    for (std::int64_t round = 0; changed; ++round) {
      if (round > 2 * (last - first) + 2) {
        quiet_ = false;
        throw NoFixpoint(s_.node_cell[first]);
      }
      changed = false;
      for (std::int64_t e = s_.edge_begin[first]; e < s_.edge_begin[last]; ++e) {
        const double d = (s_.edge_source[e] < 0 ? 0.0 : distance_[s_.edge_source[e]]) + weight(e);
        if (!(d < distance_[s_.edge_target[e]])) continue;
        distance_[s_.edge_target[e]] = d;
        changed = true;
      }
    }
  }
  for (std::int64_t v = first; v < last; ++v) {
    const bool defined = distance_[v] < infinity;
    set_number(s_.node_number[v], defined ? sign * distance_[v] : undefined);
    set_cell(s_.node_cell[v], defined);
  }
}

}  // namespace emnesy::counterfactual
