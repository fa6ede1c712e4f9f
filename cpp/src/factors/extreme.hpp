// The least or greatest of many variables' ranks by cumulative products, O(n * R) for n inputs and R ranks.
//
// For every rank r: of the inputs seen so far, the mass of "all lie below r" (or take no part) and that of "the greatest is
// r", built up from both sides. The textbook form, the difference of the cumulative products at r and r - 1, cancels.
// Minimum: the same with the ranks turned round.
#pragma once

#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

inline std::int64_t extreme_scratch(std::int64_t inputs, std::int64_t ranks) {
  return ranks + inputs * (3 * ranks + 1) + 4 * (inputs + 1);
}

template <typename Op, typename Real>
Real extreme(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  const std::int32_t inputs = s.count() - 1, ranks = s.parameter[0];
  const bool turned = s.kind == FactorKind::Minimum;
  const auto rank_of = [&](std::int32_t k, std::int32_t v) {
    const std::int32_t rank = s.meaning(k, v);
    return rank >= 0 && turned ? ranks - 1 - rank : rank;
  };
  Real* const wanted = scratch;                    // by rank: the result's message
  Real* const mass = wanted + ranks;               // inputs x ranks
  Real* const below = mass + inputs * ranks;       // inputs x (ranks + 1): cumulative, [0]: takes no part
  Real* const message = below + inputs * (ranks + 1);  // inputs x ranks
  Real* const tail = message + inputs * ranks;     // per input: of all greater ranks
  Real* const less_before = tail + inputs;         // inputs + 1 each
  Real* const equal_before = less_before + inputs + 1;
  Real* const none_before = equal_before + inputs + 1;

  for (std::int32_t i = 0; i < ranks + inputs * ranks; ++i) wanted[i] = Real(0);
  Real wanted_none(0);
  for (std::int32_t v = 0; v < s.cardinality[inputs]; ++v) {
    const std::int32_t rank = rank_of(inputs, v);
    if (rank >= -1) Op::add(rank < 0 ? wanted_none : wanted[rank], in[inputs][v]);
  }
  none_before[0] = Real(1);
  for (std::int32_t k = 0; k < inputs; ++k) {
    Real* const own = below + k * (ranks + 1);
    own[0] = Real(0);
    for (std::int32_t v = 0; v < s.cardinality[k]; ++v) {
      const std::int32_t rank = rank_of(k, v);
      Op::add(rank < 0 ? own[0] : mass[k * ranks + rank], in[k][v]);
    }
    for (std::int32_t r = 0; r < ranks; ++r) own[r + 1] = sum_of<Op>(own[r], mass[k * ranks + r]);
    tail[k] = Real(0);
    none_before[k + 1] = none_before[k] * own[0];
  }

  Real total = wanted_none * none_before[inputs];
  Real* const result = out[inputs];
  if (result != nullptr) {
    for (std::int32_t v = 0; v < s.cardinality[inputs]; ++v) {
      result[v] = s.meaning(inputs, v) == -1 ? none_before[inputs] : Real(0);
    }
  }
  for (std::int32_t r = ranks; r-- > 0;) {
    less_before[0] = Real(1);
    equal_before[0] = Real(0);
    for (std::int32_t k = 0; k < inputs; ++k) {
      const Real less = below[k * (ranks + 1) + r], all = below[k * (ranks + 1) + r + 1];
      equal_before[k + 1] = sum_of<Op>(equal_before[k] * all, less_before[k] * mass[k * ranks + r]);
      less_before[k + 1] = less_before[k] * less;
    }
    const Real weight = wanted[r];
    Op::add(total, weight * equal_before[inputs]);
    if (result != nullptr) {
      for (std::int32_t v = 0; v < s.cardinality[inputs]; ++v) {
        if (rank_of(inputs, v) == r) result[v] = equal_before[inputs];
      }
    }
    Real less_after(1), equal_after(0);
    for (std::int32_t k = inputs; k-- > 0;) {
      const Real less_other = less_before[k] * less_after;
      const Real equal_other = sum_of<Op>(equal_before[k] * sum_of<Op>(less_after, equal_after), less_before[k] * equal_after);
      message[k * ranks + r] = sum_of<Op>(weight * sum_of<Op>(less_other, equal_other), tail[k]);
      Op::add(tail[k], weight * equal_other);
      const Real less = below[k * (ranks + 1) + r], all = below[k * (ranks + 1) + r + 1];
      equal_after = sum_of<Op>(equal_after * all, less_after * mass[k * ranks + r]);
      less_after = less_after * less;
    }
  }
  Real none_after(1);
  for (std::int32_t k = inputs; k-- > 0;) {
    const Real none = sum_of<Op>(tail[k], wanted_none * (none_before[k] * none_after));
    none_after = none_after * below[k * (ranks + 1)];
    for (std::int32_t v = 0; out[k] != nullptr && v < s.cardinality[k]; ++v) {
      const std::int32_t rank = rank_of(k, v);
      out[k][v] = rank < 0 ? none : message[k * ranks + rank];
    }
  }
  return total;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
