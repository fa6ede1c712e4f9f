// Trees: from the messages of the upward pass to one joint assignment, the most probable one or a sample,
// from the root down. Exact: a factor's choice depends on the rest only through its parent's value.
#pragma once

#include <array>

#include "bp/share.hpp"
#include "bp/state.hpp"
#include "bp/tree.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// Takes the first of the greatest weights.
template <typename Real>
class Best {
 public:
  using Op = Max;
  explicit Best(double) {}
  void start(Real) {}
  void offer(std::int32_t item, Real weight) {
    if (chosen_ < 0 ? !(weight > Real(0)) : !(greatest_ < weight)) return;
    chosen_ = item;
    greatest_ = weight;
  }
  std::int32_t chosen() const { return chosen_; }

 private:
  std::int32_t chosen_ = -1;
  Real greatest_ = Real(0);
};

// Takes an item with probability proportional to its weight. Items are offered twice: once to sum the
// weights, once to find the one where their running sum passes the random number.
template <typename Real>
class Draw {
 public:
  using Op = Sum;
  explicit Draw(double uniform) : uniform_(uniform) {}
  void start(Real total) { left_ = static_cast<Real>(uniform_) * total; }
  void offer(std::int32_t item, Real weight) {
    if (done_ || !(weight > Real(0))) return;
    chosen_ = item;  // the last one, should rounding leave something
    if (left_ < running_ + weight) done_ = true;
    running_ += weight;
  }
  std::int32_t chosen() const { return chosen_; }

 private:
  double uniform_;
  Real left_ = Real(0), running_ = Real(0);
  std::int32_t chosen_ = -1;
  bool done_ = false;
};

// visit(offer) calls offer(item, weight) for every item, in the same order each time.
template <typename Picker, typename Real, typename Visit>
std::int32_t pick(double uniform, const Visit& visit) {
  Real total(0);
  visit([&](std::int32_t, Real weight) { total += weight; });
  Picker picker(uniform);
  picker.start(total);
  visit([&](std::int32_t item, Real weight) { picker.offer(item, weight); });
  return picker.chosen();
}

// The values of a factor's leaves, given the group. False: nothing could be picked.
template <typename Picker, typename Real>
bool pick_leaves(State<Real>& state, const Factor& factor, const Table& table, std::int32_t group, double uniform) {
  const std::int32_t* leaf = state.plan.leaf.data() + factor.leaf_begin;
  const auto tuple_value = [&](std::int32_t k, std::int32_t t) {
    return table.tuple_value[std::int64_t{k} * table.tuple_count + t];
  };
  for (std::int32_t k = 0; k < table.leaf_count; ++k) state.leaf[k] = state.own(leaf[k]);
  const std::int32_t tuple = pick<Picker, Real>(uniform, [&](const auto& offer) {
    for (std::int32_t t = table.group_tuple[group]; t < table.group_tuple[group + 1]; ++t) {
      Real weight = table.tuple_weight.empty() ? Real(1) : static_cast<Real>(table.tuple_weight[t]);
      for (std::int32_t k = 0; k < table.leaf_count; ++k) weight *= state.leaf[k][tuple_value(k, t)];
      offer(t, weight);
    }
  });
  if (tuple < 0) return false;
  for (std::int32_t k = 0; k < table.leaf_count; ++k) state.value[leaf[k]] = tuple_value(k, tuple);
  return true;
}

// Factors begin .. end - 1, whose parents have been decoded.
template <typename Picker, typename Real, typename Uniform>
bool decode_factors(State<Real>& state, std::int32_t begin, std::int32_t end, const Uniform& uniform) {
  const Plan& plan = state.plan;
  for (auto f = static_cast<std::size_t>(begin); f < static_cast<std::size_t>(end); ++f) {
    const Factor& factor = plan.tree[f];
    const Table& table = state.table(factor);
    const Range range = visited(state, factor, table);
    const Interface* interface = plan.interface.data() + factor.interface_begin;
    const std::int32_t children = table.interface_count - (factor.has_parent ? 1 : 0);
    const auto group_value = [&](std::int32_t k, std::int32_t g) {
      return table.group_value[std::int64_t{k} * table.group_count + g];
    };
    find_messages(state, factor, table);
    if (factor.structured >= 0) {
      const auto one = [](const std::array<double, 2>& numbers, const auto& visit) {
        return pick<Picker, Real>(numbers[0], visit);
      };
      const auto of_variable = [&](std::int32_t v) { return uniform(plan.tree.size() + static_cast<std::size_t>(v)); };
      if (!structured_decode<typename Picker::Op, Picker>(state, factor, table.interface_count, one, of_variable)) return false;
      continue;
    }
    const Real* groups = state.groups(factor);
    const auto numbers = uniform(f);
    const std::int32_t group = pick<Picker, Real>(numbers[0], [&](const auto& offer) {
      for (std::int32_t g = range.group_begin; g < range.group_end; ++g) {
        if (factor.has_parent && group_value(children, g) != state.value[interface[children].variable]) continue;
        Real weight = groups[g];
        for (std::int32_t k = 0; k < children; ++k) weight *= state.in[k][group_value(k, g)];
        offer(g, weight);
      }
    });
    if (group < 0) return false;
    for (std::int32_t k = 0; k < children; ++k) state.value[interface[k].variable] = group_value(k, group);
    if (factor.slice_local) {
      const auto& slices = table.slice_group;
      state.value[factor.slice_variable] =
          static_cast<std::int32_t>(std::upper_bound(slices.begin(), slices.end(), group) - slices.begin()) - 1;
    }
    if (table.leaf_count == 0) continue;
    if (!pick_leaves<Picker>(state, factor, table, group, numbers[1])) return false;
  }
  return true;
}

// uniform(f) -> two numbers for step f. Values land in state.value. False: nothing could be picked.
template <typename Picker, typename Real, typename Uniform>
bool decode(Share<Real>& share, const Uniform& uniform) {
  const TreeCut& cut = share.mine().plan.trees;
  const auto step = [&](State<Real>& state, std::int32_t begin, std::int32_t end) {
    return decode_factors<Picker>(state, begin, end, uniform);
  };
  for (std::size_t level = 0; level + 1 < cut.level.size(); ++level) {
    if (!share.each(cut.stem, cut.level[level], cut.level[level + 1], step)) return false;
  }
  return share.each(cut.piece, cut.top_pieces, static_cast<std::int32_t>(cut.piece.size()) - 1, step);
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
