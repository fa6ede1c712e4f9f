// Shortest paths after some weights have changed: only nodes whose distance may differ are looked at.
//
// Nodes that lose their last shortest way are found in the order of their old distances; they and the targets of
// cheaper edges then start a search as Dijkstra's (after Ramalingam and Reps 1996). Ways between nodes of equal
// distance (weight zero) do not count as support, so that a cycle cannot support itself.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "counterfactual/world.hpp"

namespace emnesy::counterfactual {

bool World::extreme_update(std::int32_t item) {
  const auto& changed = reweighed_[item];
  const std::int64_t nodes = s_.extreme_begin[item + 1] - s_.extreme_begin[item];
  const std::int64_t edges = s_.edge_begin[s_.extreme_begin[item + 1]] - s_.edge_begin[s_.extreme_begin[item]];
  if (!computed_ || quiet_ || !s_.extreme_monotone[item] || static_cast<std::int64_t>(changed.size()) * 8 > edges) return false;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double sign = s_.extreme_sign[item];
  const auto of = [&](double number) { return std::isnan(number) ? infinity : sign * number; };
  const auto weight = [&](std::int64_t e) { return s_.edge_weight[e] < 0 ? 0.0 : of(number_[s_.edge_weight[e]]); };
  const auto old = [&](std::int32_t v) { return of(number_[s_.node_number[v]]); };
  if (++node_stamp_ == 0) {
    std::fill(node_known_.begin(), node_known_.end(), 0);
    std::fill(node_affected_.begin(), node_affected_.end(), 0);
    node_stamp_ = 1;
  }
  const auto distance = [&](std::int32_t v) { return node_known_[v] == node_stamp_ ? distance_[v] : old(v); };
  const auto push = [&](double d, std::int32_t v) {
    heap_.push_back({d, v});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  };
  const auto pop = [&] {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const auto top = heap_.back();
    heap_.pop_back();
    return top;
  };
  touched_.clear();
  affected_.clear();
  heap_.clear();
  for (const auto& [e, before] : changed) {
    const std::int32_t v = s_.edge_target[e], u = s_.edge_source[e];
    if (!(weight(e) > of(before)) || old(v) == infinity) continue;
    if ((u < 0 ? 0.0 : old(u)) + of(before) == old(v)) push(old(v), v);
  }
  while (!heap_.empty()) {
    const auto [d, v] = pop();
    if (node_affected_[v] == node_stamp_) continue;
    bool supported = false;
    for (std::int64_t e = s_.edge_begin[v]; e < s_.edge_begin[v + 1] && !supported; ++e) {
      const std::int32_t u = s_.edge_source[e];
      if (u < 0) supported = weight(e) == d;
      else supported = node_affected_[u] != node_stamp_ && old(u) < d && old(u) + weight(e) == d;
    }
    if (supported) continue;
    node_affected_[v] = node_stamp_;
    affected_.push_back(v);
    if (static_cast<std::int64_t>(affected_.size()) * 2 > nodes) return false;
    for (std::int64_t i = s_.out_begin[v]; i < s_.out_begin[v + 1]; ++i) {
      const std::int32_t e = s_.out_edge[i], t = s_.edge_target[e];
      if (old(t) < infinity && d + weight(e) <= old(t)) push(old(t), t);
    }
  }
  const auto improve = [&](std::int32_t v, double d) {
    if (!(d < distance(v))) return;
    if (node_known_[v] != node_stamp_) {
      node_known_[v] = node_stamp_;
      touched_.push_back(v);
    }
    distance_[v] = d;
    push(d, v);
  };
  for (const std::int32_t v : affected_) {
    node_known_[v] = node_stamp_;
    distance_[v] = infinity;
    touched_.push_back(v);
  }
  for (const std::int32_t v : affected_) {
    for (std::int64_t e = s_.edge_begin[v]; e < s_.edge_begin[v + 1]; ++e) {
      const std::int32_t u = s_.edge_source[e];
      if (u < 0 || node_affected_[u] != node_stamp_) improve(v, (u < 0 ? 0.0 : old(u)) + weight(e));
    }
  }
  for (const auto& [e, before] : changed) {
    const std::int32_t u = s_.edge_source[e];
    if (weight(e) < of(before) && (u < 0 || node_affected_[u] != node_stamp_)) improve(s_.edge_target[e], (u < 0 ? 0.0 : old(u)) + weight(e));
  }
  while (!heap_.empty()) {
    const auto [d, v] = pop();
    if (d > distance(v)) continue;
    for (std::int64_t i = s_.out_begin[v]; i < s_.out_begin[v + 1]; ++i) improve(s_.edge_target[s_.out_edge[i]], d + weight(s_.out_edge[i]));
  }
  for (const std::int32_t v : touched_) {
    const bool defined = distance_[v] < infinity;
    set_number(s_.node_number[v], defined ? sign * distance_[v] : std::numeric_limits<double>::quiet_NaN());
    set_cell(s_.node_cell[v], defined);
  }
  return true;
}

}  // namespace emnesy::counterfactual
