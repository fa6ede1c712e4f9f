// What a structured factor's message code shares: from a variable's values to the symbols they mean, and back.
//
// Templates over Real, compiled once for each set of instructions (see target.hpp); hence not in structure.hpp, which
// a translation unit includes before it names its instructions.
#pragma once

#include <cstdint>

#include "factors/structure.hpp"
#include "target.hpp"

namespace emnesy::factors {

// What every kind's messages() in this folder does, for one factor:
//
//   template <typename Op, typename Real>
//   Real messages(const Structure& s, const Real* const* in, Real* const* out, Real* scratch);
//
// in[k]: the message from the k-th scope variable, an entry a value. out[k]: where the message to it goes, that is, for
// every value the sum over the allowed joint values with it of the product of the other messages; null: not
// wanted. It may be in[k] for no k. Returns the sum over all allowed joint values of the product of all messages. `Op`
// is what "sum" means: Sum, or Max for the greatest product. Messages need not be normalised, and may hold zeros.
//
// Real is any type with zero and one (from an int), + and *, and Op::add(Real&, Real): float, double, a number with a wide
// exponent, or a bundle of examples. There is neither a branch on a Real, nor a division, nor a subtraction.

inline namespace EMNESY_ISA {

template <typename Op, typename Real>
Real sum_of(Real a, Real b) {
  Op::add(a, b);
  return a;
}

// Does anybody want a message to one of the positions first .. last - 1?
template <typename Real>
bool any_wanted(Real* const* out, std::int32_t first, std::int32_t last) {
  while (first < last && out[first] == nullptr) ++first;
  return first < last;
}

// symbols[s] = the sum over the values that mean s; values that mean -1 go to *none (or nowhere).
template <typename Op, typename Real>
void pool(const Structure& s, std::int32_t position, const Real* message, std::int32_t count, Real* symbols, Real* none) {
  const std::int32_t* map = s.map_of(position);
  for (std::int32_t i = 0; i < count; ++i) symbols[i] = Real(0);
  for (std::int32_t v = 0; v < s.cardinality[position]; ++v) {
    if (map[v] >= 0) {
      Op::add(symbols[map[v]], message[v]);
    } else if (none != nullptr) {
      Op::add(*none, message[v]);
    }
  }
}

// The other way: every value gets its symbol's number; those that mean -1 get `none`.
template <typename Real>
void spread(const Structure& s, std::int32_t position, const Real* symbols, Real none, Real* message) {
  const std::int32_t* map = s.map_of(position);
  for (std::int32_t v = 0; v < s.cardinality[position]; ++v) message[v] = map[v] >= 0 ? symbols[map[v]] : none;
}

template <typename Op, typename Real>
Real inner_product(const Real* a, const Real* b, std::int32_t count) {
  Real total(0);
  for (std::int32_t i = 0; i < count; ++i) Op::add(total, a[i] * b[i]);
  return total;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
