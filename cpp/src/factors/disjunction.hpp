// Disjunctions of conjunctions in which every variable occurs once, in time linear in the literals. With one literal a term
// this is OR (and AND, with all literals negated); with two, cause and inhibitor, noisy-OR; with one term, AND.
//
// Of any literals seen so far it is enough to know the mass of "all hold" and that of "some fails"; of any terms, that of
// "none holds" and "some holds". Both pairs are built up from the left and from the right, so that a message is made of
// what stands on either side of its variable: no division, and no 1 - p.
#pragma once

#include "factors/symbols.hpp"

namespace emnesy::factors {
inline namespace EMNESY_ISA {

inline std::int64_t disjunction_scratch(std::int64_t inputs, std::int64_t terms) { return 4 * inputs + 4 * (terms + 1); }

template <typename Op, typename Real>
Real disjunction(const Structure& s, const Real* const* in, Real* const* out, Real* scratch) {
  const bool clause = s.kind == FactorKind::Clause;
  const std::int32_t inputs = s.count() - (clause ? 0 : 1);
  const auto terms = static_cast<std::int32_t>(s.parameter.size());
  // Four numbers a literal and a term: its two masses, and the two of what stands before it (of a literal: in its term).
  enum { Holds, Fails, AllBefore, FailedBefore };
  enum { NoneBefore = AllBefore, SomeBefore = FailedBefore };
  Real* const term = scratch + 4 * inputs;

  const auto masses = [&](std::int32_t k, Real& holds, Real& fails) {
    holds = fails = Real(0);
    for (std::int32_t v = 0; v < s.cardinality[k]; ++v) Op::add(s.meaning(k, v) ? holds : fails, in[k][v]);
  };
  Real none(1), some(0);
  for (std::int32_t t = 0, k = 0; t < terms; ++t) {
    Real all(1), failed(0);
    for (const std::int32_t end = k + s.parameter[t]; k < end; ++k) {
      Real* const l = scratch + 4 * k;
      masses(k, l[Holds], l[Fails]);
      l[AllBefore] = all;
      l[FailedBefore] = failed;
      failed = sum_of<Op>(failed * sum_of<Op>(l[Holds], l[Fails]), all * l[Fails]);
      all = all * l[Holds];
    }
    Real* const own = term + 4 * t;
    own[Holds] = all;
    own[Fails] = failed;
    own[NoneBefore] = none;
    own[SomeBefore] = some;
    some = sum_of<Op>(some * sum_of<Op>(all, failed), none * all);
    none = none * failed;
  }
  Real result_false(0), result_true(1);
  if (!clause) {
    masses(inputs, result_true, result_false);
    if (out[inputs] != nullptr) {
      for (std::int32_t v = 0; v < s.cardinality[inputs]; ++v) out[inputs][v] = s.meaning(inputs, v) ? some : none;
    }
  }
  const Real total = sum_of<Op>(some * result_true, none * result_false);

  Real none_after(1), some_after(0);
  std::int32_t k = inputs;
  for (std::int32_t t = terms; t-- > 0;) {
    const Real* const own = term + 4 * t;
    const Real none_other = own[NoneBefore] * none_after;
    const Real some_other = sum_of<Op>(own[SomeBefore] * sum_of<Op>(none_after, some_after), own[NoneBefore] * some_after);
    const Real if_holds = result_true * sum_of<Op>(none_other, some_other);
    const Real if_fails = sum_of<Op>(result_false * none_other, result_true * some_other);
    Real all_after(1), failed_after(0);
    for (const std::int32_t begin = k - s.parameter[t]; k-- > begin;) {
      const Real* const l = scratch + 4 * k;
      if (out[k] != nullptr) {
        const Real all_other = l[AllBefore] * all_after;
        const Real failed_other =
            sum_of<Op>(l[FailedBefore] * sum_of<Op>(all_after, failed_after), l[AllBefore] * failed_after);
        const Real holds = sum_of<Op>(if_holds * all_other, if_fails * failed_other);
        const Real fails = if_fails * sum_of<Op>(all_other, failed_other);
        for (std::int32_t v = 0; v < s.cardinality[k]; ++v) out[k][v] = s.meaning(k, v) ? holds : fails;
      }
      failed_after = sum_of<Op>(failed_after * sum_of<Op>(l[Holds], l[Fails]), all_after * l[Fails]);
      all_after = all_after * l[Holds];
    }
    ++k;
    some_after = sum_of<Op>(some_after * sum_of<Op>(own[Holds], own[Fails]), none_after * own[Holds]);
    none_after = none_after * own[Fails];
  }
  return total;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::factors
