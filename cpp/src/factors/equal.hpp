// Variables that all have the same symbol: per symbol, products of the messages before and after each variable.
#pragma once

#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

inline std::int64_t equal_scratch(std::int64_t variables, std::int64_t symbols) { return (2 * variables + 2) * symbols; }

template <typename Op, typename Real>
Real equal(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  const std::int32_t n = s.count(), symbols = s.parameter[0];
  Real* pooled = scratch;
  Real* before = pooled + n * symbols;  // n + 1 rows
  Real* after = before + (n + 1) * symbols;
  for (std::int32_t i = 0; i < symbols; ++i) before[i] = after[i] = Real(1);
  for (std::int32_t k = 0; k < n; ++k) {
    pool<Op>(s, k, in[k], symbols, pooled + k * symbols, static_cast<Real*>(nullptr));
    for (std::int32_t i = 0; i < symbols; ++i) {
      before[(k + 1) * symbols + i] = before[k * symbols + i] * pooled[k * symbols + i];
    }
  }
  for (std::int32_t k = n; k-- > 0;) {
    for (std::int32_t i = 0; i < symbols; ++i) before[k * symbols + i] = before[k * symbols + i] * after[i];
    if (out[k] != nullptr) spread(s, k, before + k * symbols, Real(0), out[k]);
    for (std::int32_t i = 0; i < symbols; ++i) after[i] = after[i] * pooled[k * symbols + i];
  }
  Real total(0);
  for (std::int32_t i = 0; i < symbols; ++i) Op::add(total, before[n * symbols + i]);
  return total;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
