// The visits to the tuples for a bundle of examples; what `sum_tuples` and `leaf_beliefs` are to one example.
#pragma once

#include "bp/kernels.hpp"
#include "bp/lane_table.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

template <typename Real>
EMNESY_INLINE const Real& at_offset(const Real* first, std::uint32_t offset) {
  return *reinterpret_cast<const Real*>(reinterpret_cast<const char*>(first) + offset / (lane_bytes / sizeof(Real)));
}
template <typename Real>
EMNESY_INLINE Real& at_offset(Real* first, std::uint32_t offset) {
  return *reinterpret_cast<Real*>(reinterpret_cast<char*>(first) + offset / (lane_bytes / sizeof(Real)));
}

// The sum over the tuples of run r.
template <typename Op, int Leaves, bool Weighted, typename Real>
EMNESY_INLINE Real run_sum(const LaneTable& table, std::int32_t r, const Real* const* leaf, int leaves) {
  const int n = Leaves < 0 ? leaves : Leaves;
  const std::uint32_t* value = table.tuple_value.data() + std::int64_t{table.run_tuple[r]} * n;
  Real sum(0.0);
  for (std::int32_t t = table.run_tuple[r], end = table.run_tuple[r + 1]; t < end; ++t, value += n) {
    Real product(1.0);
    if constexpr (Weighted) product = Real(table.tuple_weight[t]);
    if constexpr (Leaves == 2 && !Weighted) {
      product = at_offset(leaf[0], value[0]) * at_offset(leaf[1], value[1]);
    } else if constexpr (Leaves == 1 && !Weighted) {
      product = at_offset(leaf[0], value[0]);
    } else {
      for (int k = 0; k < n; ++k) product *= at_offset(leaf[k], value[k]);
    }
    Op::add(sum, product);
  }
  return sum;
}

// groups[g] = sum over the tuples of g of weight times the leaves' messages and the slice variable's.
template <typename Op, int Leaves, bool Weighted, typename Real>
void sum_runs(const LaneTable& table, const Real* const* leaf, const Real* slice, Real* groups, int leaves) {
  for (std::int32_t g = 0; g < table.groups.group_count; ++g) {
    Real total(0.0);
    for (std::int32_t r = table.group_run[g]; r < table.group_run[g + 1]; ++r) {
      const Real sum = run_sum<Op, Leaves, Weighted>(table, r, leaf, leaves);
      Op::add(total, slice == nullptr ? sum : sum * slice[table.run_slice[r]]);
    }
    groups[g] = total;
  }
}

// The summed weights of the runs that hold cell c.
template <typename Op, bool Weighted, typename Real>
EMNESY_INLINE Real cell_weight(const LaneTable& table, std::int32_t c, const Real* run_weight) {
  const std::uint32_t* const run = table.member_run.data();
  std::int32_t m = table.cell_member[c];
  const std::int32_t end = table.cell_member[c + 1];
  Real weight = at_offset(run_weight, run[m]);
  if constexpr (Weighted) weight *= Real(table.member_weight[m]);
  for (++m; m < end; ++m) {
    Real next = at_offset(run_weight, run[m]);
    if constexpr (Weighted) next *= Real(table.member_weight[m]);
    Op::add(weight, next);
  }
  return weight;
}

// belief[k][v] += over the tuples with value v at leaf k: weight times its run's weight times the other leaves' messages.
template <typename Op, int Leaves, bool Weighted, typename Real>
void cell_beliefs(const LaneTable& table, const Real* const* leaf, const Real* run_weight, Real* const* belief,
                  int leaves, const Spare<Real>& spare) {
  const int n = Leaves < 0 ? leaves : Leaves;
  const auto values = static_cast<std::int32_t>(table.first_cell.size()) - 1;
  const std::uint32_t* value = table.cell_value.data();
  for (std::int32_t v = 0; v < values; ++v) {
    const Real first = leaf[0][v];
    Real first_belief(0.0);
    for (std::int32_t c = table.first_cell[v]; c < table.first_cell[v + 1]; ++c, value += n) {
      const Real weight = cell_weight<Op, Weighted>(table, c, run_weight);
      if constexpr (Leaves == 1) {
        Op::add(first_belief, weight);
      } else if constexpr (Leaves == 2) {
        Op::add(first_belief, weight * at_offset(leaf[1], value[1]));
        Op::add(at_offset(belief[1], value[1]), weight * first);
      } else if constexpr (Leaves == 3) {
        const Real second = at_offset(leaf[1], value[1]), third = at_offset(leaf[2], value[2]);
        const Real before = weight * first;
        Op::add(first_belief, weight * (second * third));
        Op::add(at_offset(belief[1], value[1]), before * third);
        Op::add(at_offset(belief[2], value[2]), before * second);
      } else {
        for (int k = n - 1; k >= 0; --k) {
          spare.after[k] = k == n - 1 ? weight : spare.after[k + 1] * at_offset(leaf[k + 1], value[k + 1]);
        }
        Op::add(first_belief, spare.after[0]);
        Real before = first;
        for (int k = 1; k < n; ++k) {
          Op::add(at_offset(belief[k], value[k]), before * spare.after[k]);
          before *= at_offset(leaf[k], value[k]);
        }
      }
    }
    belief[0][v] = first_belief;
  }
}

template <typename Op, typename Real>
void sum_runs(const LaneTable& table, const Real* const* leaf, const Real* slice, Real* groups) {
  const int n = table.groups.leaf_count;
  if (!table.tuple_weight.empty()) return sum_runs<Op, -1, true>(table, leaf, slice, groups, n);
  switch (n) {
    case 1: return sum_runs<Op, 1, false>(table, leaf, slice, groups, n);
    case 2: return sum_runs<Op, 2, false>(table, leaf, slice, groups, n);
    case 3: return sum_runs<Op, 3, false>(table, leaf, slice, groups, n);
    default: return sum_runs<Op, -1, false>(table, leaf, slice, groups, n);
  }
}

template <typename Op, typename Real>
void cell_beliefs(const LaneTable& table, const Real* const* leaf, const Real* run_weight, Real* const* belief,
                  const Spare<Real>& spare) {
  const int n = table.groups.leaf_count;
  if (!table.tuple_weight.empty()) return cell_beliefs<Op, -1, true>(table, leaf, run_weight, belief, n, spare);
  switch (n) {
    case 1: return cell_beliefs<Op, 1, false>(table, leaf, run_weight, belief, n, spare);
    case 2: return cell_beliefs<Op, 2, false>(table, leaf, run_weight, belief, n, spare);
    case 3: return cell_beliefs<Op, 3, false>(table, leaf, run_weight, belief, n, spare);
    default: return cell_beliefs<Op, -1, false>(table, leaf, run_weight, belief, n, spare);
  }
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
