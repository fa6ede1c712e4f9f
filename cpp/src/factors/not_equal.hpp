// Two variables whose symbols differ, in O(K): to one the sum of the other's message over all symbols but its own, from sums
// of what lies before and after it. (Taking the own entry out of the total would cancel where it is nearly all of it.)
#pragma once

#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

inline std::int64_t not_equal_scratch(std::int64_t symbols) { return 2 * symbols; }

// The message to position `to`, from the message `other` of position 1 - to.
template <typename Op, typename Real>
void all_others(const Structure& s, std::int32_t to, const Real* other, Real* out, Real* scratch) {
  const std::int32_t symbols = s.parameter[0];
  Real none(0), after(0);
  const Real* message = other;
  if (!s.identity[1 - to]) {
    pool<Op>(s, 1 - to, other, symbols, scratch, &none);
    message = scratch;
  }
  Real* others = s.identity[to] ? out : scratch + symbols;
  Real before = none;
  for (std::int32_t i = 0; i < symbols; ++i) {
    others[i] = before;
    Op::add(before, message[i]);
  }
  for (std::int32_t i = symbols; i-- > 0;) {
    Op::add(others[i], after);
    Op::add(after, message[i]);
  }
  if (!s.identity[to]) spread(s, to, others, before, out);
}

template <typename Op, typename Real>
Real not_equal(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  Real* rest = scratch + not_equal_scratch(s.parameter[0]);  // where nobody wants the message, the total still does
  Real* first = out[0] != nullptr ? out[0] : rest;
  all_others<Op>(s, 0, in[1], first, scratch);
  if (out[1] != nullptr) all_others<Op>(s, 1, in[0], out[1], scratch);
  return inner_product<Op>(in[0], first, s.cardinality[0]);
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
