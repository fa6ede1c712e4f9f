// The visits to the tuples for a bundle of examples; what `sum_tuples` and `leaf_beliefs` are to one example.
#pragma once

#include "bp/kernels.hpp"
#include "bp/lane_table.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// The sum over the tuples of run r.
template <typename Op, int Leaves, bool Weighted, typename Real>
Real run_sum(const LaneTable& table, std::int32_t r, const Real* const* leaf, int leaves) {
  const std::int32_t* const value = table.tuple_value.data();
  const std::int64_t stride = table.tuple_count();
  const Real* const first = leaves > 0 ? leaf[0] : nullptr;
  const Real* const second = leaves > 1 ? leaf[1] : nullptr;
  Real sum(0.0);
  for (std::int32_t t = table.run_tuple[r], end = table.run_tuple[r + 1]; t < end; ++t) {
    if constexpr (Leaves == 2 && !Weighted) {
      Op::add(sum, first[value[t]] * second[value[stride + t]]);
    } else if constexpr (Leaves == 1 && !Weighted) {
      Op::add(sum, first[value[t]]);
    } else {
      Real product(1.0);
      if constexpr (Weighted) product = Real(table.tuple_weight[t]);
      for (int k = 0; k < leaves; ++k) product *= leaf[k][value[k * stride + t]];
      Op::add(sum, product);
    }
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

// belief[k][v] += over the tuples with value v at leaf k: weight times its run's weight times the other leaves' messages.
template <typename Op, int Leaves, bool Weighted, typename Real>
void cell_beliefs(const LaneTable& table, const Real* const* leaf, const Real* run_weight, Real* const* belief,
                  int leaves, const Spare<Real>& spare) {
  const std::int32_t* const value = table.cell_value.data();
  const std::int32_t* const run = table.member_run.data();
  const std::int64_t stride = table.cell_count();
  const auto values = static_cast<std::int32_t>(table.first_cell.size()) - 1;
  for (std::int32_t v = 0; v < values; ++v) {
    const Real first = leaf[0][v];
    Real first_belief(0.0);
    for (std::int32_t c = table.first_cell[v]; c < table.first_cell[v + 1]; ++c) {
      std::int32_t m = table.cell_member[c];
      const std::int32_t end = table.cell_member[c + 1];
      Real weight = run_weight[run[m]];
      if constexpr (Weighted) weight *= Real(table.member_weight[m]);
      for (++m; m < end; ++m) {
        if constexpr (Weighted) {
          Op::add(weight, run_weight[run[m]] * Real(table.member_weight[m]));
        } else {
          Op::add(weight, run_weight[run[m]]);
        }
      }
      if constexpr (Leaves == 1) {
        Op::add(first_belief, weight);
      } else if constexpr (Leaves == 2) {
        const std::int32_t b = value[stride + c];
        Op::add(first_belief, weight * leaf[1][b]);
        Op::add(belief[1][b], weight * first);
      } else {
        for (int k = leaves - 1; k >= 0; --k) {
          spare.after[k] = k == leaves - 1 ? weight : spare.after[k + 1] * leaf[k + 1][value[(k + 1) * stride + c]];
        }
        Op::add(first_belief, spare.after[0]);
        Real before = first;
        for (int k = 1; k < leaves; ++k) {
          const std::int32_t b = value[k * stride + c];
          Op::add(belief[k][b], before * spare.after[k]);
          before *= leaf[k][b];
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
    default: return cell_beliefs<Op, -1, false>(table, leaf, run_weight, belief, n, spare);
  }
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
