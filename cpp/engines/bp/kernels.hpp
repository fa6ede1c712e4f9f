// The inner loops: over the tuples of a slice (leaves) and over its groups (interface variables).
#pragma once

#include <cstdint>

#include "bp/numbers.hpp"
#include "bp/table.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

struct Sum {
  static constexpr bool sums = true;
  template <typename Real>
  static void add(Real& total, Real term) {
    total += term;
  }
};

struct Max {
  static constexpr bool sums = false;
  template <typename Real>
  static void add(Real& total, Real term) {
    total = greater(total, term);
  }
};

// The part of a table that an example visits.
struct Range {
  std::int32_t group_begin, group_end;
};

// Scratch for tables of more leaves or interface variables than the loops below are unrolled for.
template <typename Real>
struct Spare {
  Real* before;  // products of the messages before and after each position
  Real* after;
};

// groups[g] = sum over the tuples of g of weight times the leaves' messages.
template <typename Op, int Leaves, bool Weighted, typename Real>
void sum_tuples(const Table& table, const Range& range, const Real* const* leaf, Real* groups, int leaves) {
  const std::int32_t* const begin = table.group_tuple.data();
  const std::int32_t* const value = table.tuple_value.data();
  const std::int64_t stride = table.tuple_count;
  const Real* const first = leaves > 0 ? leaf[0] : nullptr;
  const Real* const second = leaves > 1 ? leaf[1] : nullptr;
  for (std::int32_t g = range.group_begin; g < range.group_end; ++g) {
    Real sum(0);
    for (std::int32_t t = begin[g]; t < begin[g + 1]; ++t) {
      Real product(1);
      if constexpr (Weighted) product = static_cast<Real>(table.tuple_weight[t]);
      if constexpr (Leaves == 1) {
        product *= first[value[t]];
      } else if constexpr (Leaves == 2) {
        product *= first[value[t]] * second[value[stride + t]];
      } else {
        for (int k = 0; k < leaves; ++k) product *= leaf[k][value[k * stride + t]];
      }
      Op::add(sum, product);
    }
    groups[g] = sum;
  }
}

// belief[k][v] += over the tuples with value v at leaf k: weight times the group's weight times the other
// leaves' messages. The leaf's own message is for the caller to multiply in, so nothing is ever divided out.
template <typename Op, int Leaves, bool Weighted, typename Real>
void leaf_beliefs(const Table& table, const Range& range, const Real* const* leaf, const Real* group_weight,
                  Real* const* belief, int leaves, const Spare<Real>& spare) {
  const std::int32_t* const begin = table.group_tuple.data();
  const std::int32_t* const value = table.tuple_value.data();
  const std::int64_t stride = table.tuple_count;
  const Real* const first = leaf[0];
  const Real* const second = leaves > 1 ? leaf[1] : nullptr;
  Real* const first_belief = belief[0];
  Real* const second_belief = leaves > 1 ? belief[1] : nullptr;
  for (std::int32_t g = range.group_begin; g < range.group_end; ++g) {
    for (std::int32_t t = begin[g]; t < begin[g + 1]; ++t) {
      Real weight = group_weight[g];
      if constexpr (Weighted) weight *= static_cast<Real>(table.tuple_weight[t]);
      if constexpr (Leaves == 1) {
        Op::add(first_belief[value[t]], weight);
      } else if constexpr (Leaves == 2) {
        const std::int32_t a = value[t], b = value[stride + t];
        Op::add(first_belief[a], weight * second[b]);
        Op::add(second_belief[b], weight * first[a]);
      } else {
        for (int k = leaves - 1; k >= 0; --k) {
          spare.after[k] = k == leaves - 1 ? weight : spare.after[k + 1] * leaf[k + 1][value[(k + 1) * stride + t]];
        }
        Real before(1);
        for (int k = 0; k < leaves; ++k) {
          const std::int32_t v = value[k * stride + t];
          Op::add(belief[k][v], before * spare.after[k]);
          before *= leaf[k][v];
        }
      }
    }
  }
}

// Upwards: the message to the parent, the last interface variable. out starts at zero.
template <typename Op, int Interfaces, typename Real>
void message_up(const Table& table, const Range& range, const Real* groups, const Real* const* in, Real* out,
                int interfaces) {
  const std::int32_t* const value = table.group_value.data();
  const std::int64_t stride = table.group_count;
  const int children = (Interfaces < 0 ? interfaces : Interfaces) - 1;
  for (std::int32_t g = range.group_begin; g < range.group_end; ++g) {
    Real product = groups[g];
    for (int k = 0; k < children; ++k) product *= in[k][value[k * stride + g]];
    Op::add(out[value[children * stride + g]], product);
  }
}

// From all messages in: the messages to the first `outputs` interface variables (out starts at zero), every
// group's weight (the product of the messages in), and the total over the groups.
template <typename Op, int Interfaces, typename Real>
Real messages_out(const Table& table, const Range& range, const Real* groups, const Real* const* in, Real* const* out,
                  Real* group_weight, int interfaces, int outputs, const Spare<Real>& spare) {
  const std::int32_t* const value = table.group_value.data();
  const std::int64_t stride = table.group_count;
  Real total(0);
  for (std::int32_t g = range.group_begin; g < range.group_end; ++g) {
    const Real sum = groups[g];
    if constexpr (Interfaces == 0) {
      group_weight[g] = Real(1);
      Op::add(total, sum);
    } else if constexpr (Interfaces == 1) {
      const std::int32_t a = value[g];
      const Real ma = in[0][a];
      group_weight[g] = ma;
      Op::add(total, sum * ma);
      if (outputs > 0) Op::add(out[0][a], sum);
    } else if constexpr (Interfaces == 2) {
      const std::int32_t a = value[g], b = value[stride + g];
      const Real ma = in[0][a], mb = in[1][b];
      group_weight[g] = ma * mb;
      const Real sum_b = sum * mb;
      Op::add(total, sum_b * ma);
      if (outputs > 0) Op::add(out[0][a], sum_b);
      if (outputs > 1) Op::add(out[1][b], sum * ma);
    } else {
      for (int k = interfaces - 1; k >= 0; --k) {
        spare.after[k] = k == interfaces - 1 ? Real(1) : spare.after[k + 1] * in[k + 1][value[(k + 1) * stride + g]];
      }
      Real before(1);
      for (int k = 0; k < interfaces; ++k) {
        const std::int32_t v = value[k * stride + g];
        if (k < outputs) Op::add(out[k][v], sum * (before * spare.after[k]));
        before *= in[k][v];
      }
      group_weight[g] = before;
      Op::add(total, sum * before);
    }
  }
  return total;
}

// As messages_out, but nothing else than the messages, to all interface variables. Weighted: there are groups' sums.
template <typename Op, int Interfaces, bool Weighted, typename Real>
void messages_only(const Table& table, const Range& range, const Real* groups, const Real* const* in, Real* const* out,
                   int interfaces, const Spare<Real>& spare) {
  const std::int32_t* const value = table.group_value.data();
  const std::int64_t stride = table.group_count;
  if constexpr (Interfaces == 2) {
    // Groups are sorted by the last variable's value: one sum for each run of equal ones.
    const std::int32_t* const other = value + stride;
    for (std::int32_t g = range.group_begin; g < range.group_end;) {
      const std::int32_t b = other[g];
      const Real mb = in[1][b];
      Real sum_b(0);
      for (; g < range.group_end && other[g] == b; ++g) {
        const std::int32_t a = value[g];
        if constexpr (Weighted) {
          Op::add(sum_b, groups[g] * in[0][a]);
          Op::add(out[0][a], groups[g] * mb);
        } else {
          Op::add(sum_b, in[0][a]);
          Op::add(out[0][a], mb);
        }
      }
      Op::add(out[1][b], sum_b);
    }
  } else {
    for (std::int32_t g = range.group_begin; g < range.group_end; ++g) {
      Real after = Weighted ? groups[g] : Real(1);
      for (int k = interfaces - 1; k >= 0; --k) {
        spare.after[k] = after;
        after *= in[k][value[k * stride + g]];
      }
      Real before(1);
      for (int k = 0; k < interfaces; ++k) {
        const std::int32_t v = value[k * stride + g];
        Op::add(out[k][v], before * spare.after[k]);
        before *= in[k][v];
      }
    }
  }
}

// The loops above for the number of variables at hand.
template <typename Op, typename Real>
void sum_tuples(const Table& table, const Range& range, const Real* const* leaf, Real* groups) {
  const int n = table.leaf_count;
  if (!table.tuple_weight.empty()) return sum_tuples<Op, -1, true>(table, range, leaf, groups, n);
  switch (n) {
    case 0: return sum_tuples<Op, 0, false>(table, range, leaf, groups, n);
    case 1: return sum_tuples<Op, 1, false>(table, range, leaf, groups, n);
    case 2: return sum_tuples<Op, 2, false>(table, range, leaf, groups, n);
    case 3: return sum_tuples<Op, 3, false>(table, range, leaf, groups, n);
    default: return sum_tuples<Op, -1, false>(table, range, leaf, groups, n);
  }
}

template <typename Op, typename Real>
void leaf_beliefs(const Table& table, const Range& range, const Real* const* leaf, const Real* group_weight,
                  Real* const* belief, const Spare<Real>& spare) {
  const int n = table.leaf_count;
  if (!table.tuple_weight.empty()) {
    return leaf_beliefs<Op, -1, true>(table, range, leaf, group_weight, belief, n, spare);
  }
  switch (n) {
    case 0: return;
    case 1: return leaf_beliefs<Op, 1, false>(table, range, leaf, group_weight, belief, n, spare);
    case 2: return leaf_beliefs<Op, 2, false>(table, range, leaf, group_weight, belief, n, spare);
    case 3: return leaf_beliefs<Op, 3, false>(table, range, leaf, group_weight, belief, n, spare);
    default: return leaf_beliefs<Op, -1, false>(table, range, leaf, group_weight, belief, n, spare);
  }
}

template <typename Op, typename Real>
void message_up(const Table& table, const Range& range, const Real* groups, const Real* const* in, Real* out) {
  const int n = table.interface_count;
  switch (n) {
    case 1: return message_up<Op, 1>(table, range, groups, in, out, n);
    case 2: return message_up<Op, 2>(table, range, groups, in, out, n);
    case 3: return message_up<Op, 3>(table, range, groups, in, out, n);
    default: return message_up<Op, -1>(table, range, groups, in, out, n);
  }
}

template <typename Op, typename Real>
EMNESY_ONE_COPY Real messages_out(const Table& table, const Range& range, const Real* groups, const Real* const* in, Real* const* out,
                  Real* group_weight, int outputs, const Spare<Real>& spare) {
  const int n = table.interface_count;
  switch (n) {
    case 0: return messages_out<Op, 0>(table, range, groups, in, out, group_weight, n, outputs, spare);
    case 1: return messages_out<Op, 1>(table, range, groups, in, out, group_weight, n, outputs, spare);
    case 2: return messages_out<Op, 2>(table, range, groups, in, out, group_weight, n, outputs, spare);
    default: return messages_out<Op, -1>(table, range, groups, in, out, group_weight, n, outputs, spare);
  }
}

template <typename Op, typename Real>
void messages_only(const Table& table, const Range& range, bool weighted, const Real* groups, const Real* const* in,
                   Real* const* out, const Spare<Real>& spare) {
  const int n = table.interface_count;
  if (n == 2 && weighted) return messages_only<Op, 2, true>(table, range, groups, in, out, n, spare);
  if (n == 2) return messages_only<Op, 2, false>(table, range, groups, in, out, n, spare);
  return messages_only<Op, -1, true>(table, range, groups, in, out, n, spare);
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
