// The messages of any structured factor.
#pragma once

#include "factors/all_different.hpp"
#include "factors/disjunction.hpp"
#include "factors/equal.hpp"
#include "factors/extreme.hpp"
#include "factors/not_equal.hpp"
#include "factors/sum.hpp"
#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

// See structure.hpp. scratch: s.scratch numbers.
template <typename Op, typename Real>
Real messages(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  switch (s.kind) {
    case FactorKind::Table: break;  // tables have kernels of their own
    case FactorKind::NotEqual: return not_equal<Op>(s, in, out, scratch);
    case FactorKind::AllDifferent: return all_different<Op>(s, in, out, scratch);
    case FactorKind::Equal: return equal<Op>(s, in, out, scratch);
    case FactorKind::Disjunction:
    case FactorKind::Clause: return disjunction<Op>(s, in, out, scratch);
    case FactorKind::Sum: return sum<Op>(s, in, out, scratch);
    case FactorKind::Minimum:
    case FactorKind::Maximum: return extreme<Op>(s, in, out, scratch);
  }
  return Real(0);
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
