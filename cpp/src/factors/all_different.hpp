// All-different by dynamic programming over subsets: exact, O(K * 2^K) for n = K variables of K symbols, less for n < K.
//
// used(S), for a set S of n' symbols: the sum over all ways to give the first n' variables the symbols of S, one each.
// left(S): the same for the variables after these and the symbols outside of S. The message to variable i about symbol v is
// the sum over the sets S of i symbols without v of used(S) * left(S + v): a permanent's minors from its partial sums, where
// taking each minor by itself would cost n * K times as much. (The recursion is Bellman's and Held and Karp's, 1962.)
// With Op = Max: the best assignment. The sum is over products of non-negative numbers, so nothing cancels.
#pragma once

#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

// What it needs: `used` of all subsets, `left` of two layers, and pooled messages.
inline std::int64_t all_different_scratch(const Subsets& subsets, std::int64_t variables) {
  return subsets.layer_begin.back() + 2 * std::int64_t{subsets.widest} + (variables + 1) * subsets.symbols;
}

template <typename Op, typename Real>
Real all_different(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  const std::int32_t n = s.count(), symbols = s.parameter[0];
  if (n > symbols) {  // more variables than symbols
    for (std::int32_t k = 0; k < n; ++k) {
      for (std::int32_t v = 0; out[k] != nullptr && v < s.cardinality[k]; ++v) out[k][v] = Real(0);
    }
    return Real(0);
  }
  const Subsets& subsets = *s.subsets;
  Real* used = scratch;
  Real* left = used + subsets.layer_begin.back();       // the layer above
  Real* next = left + subsets.widest;                   // the layer at hand
  Real* gathered = next + subsets.widest;               // one message out, by symbol
  Real* pooled = gathered + symbols;
  const auto message = [&](std::int32_t k) -> const Real* { return s.identity[k] ? in[k] : pooled + k * symbols; };
  for (std::int32_t k = 0; k < n; ++k) {
    if (!s.identity[k]) pool<Op>(s, k, in[k], symbols, pooled + k * symbols, static_cast<Real*>(nullptr));
  }

  used[0] = Real(1);
  for (std::int32_t l = 1; l < n; ++l) {  // the last layer is not needed
    const Real* m = message(l - 1);
    const Real* before = used + subsets.layer_begin[l - 1];
    Real* now = used + subsets.layer_begin[l];
    const Subsets::Step* step = subsets.below.data() + subsets.below_begin[l];
    for (std::int32_t i = 0; i < subsets.size(l); ++i, step += l) {
      Real sum = m[step[0].symbol] * before[step[0].subset];
      for (std::int32_t j = 1; j < l; ++j) Op::add(sum, m[step[j].symbol] * before[step[j].subset]);
      now[i] = sum;
    }
  }

  for (std::int32_t i = 0; i < subsets.size(n); ++i) left[i] = Real(1);
  for (std::int32_t l = n - 1; l >= 0; --l) {
    const Real* m = message(l);
    const Real* first = used + subsets.layer_begin[l];
    const Subsets::Step* step = subsets.above.data() + subsets.above_begin[l];
    const std::int32_t steps = symbols - l;
    if (out[l] == nullptr) {
      for (std::int32_t i = 0; i < subsets.size(l); ++i, step += steps) {
        Real sum(0);
        for (std::int32_t j = 0; j < steps; ++j) Op::add(sum, m[step[j].symbol] * left[step[j].subset]);
        next[i] = sum;
      }
    } else {
      Real* to = s.identity[l] ? out[l] : gathered;
      for (std::int32_t v = 0; v < symbols; ++v) to[v] = Real(0);
      for (std::int32_t i = 0; i < subsets.size(l); ++i, step += steps) {
        Real sum(0);
        const Real so_far = first[i];
        for (std::int32_t j = 0; j < steps; ++j) {
          const Real rest = left[step[j].subset];
          Op::add(sum, m[step[j].symbol] * rest);
          Op::add(to[step[j].symbol], so_far * rest);
        }
        next[i] = sum;
      }
      if (!s.identity[l]) spread(s, l, gathered, Real(0), out[l]);
    }
    std::swap(left, next);
  }
  return left[0];
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
