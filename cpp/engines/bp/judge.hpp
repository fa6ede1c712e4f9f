// A glance at a bundle's priors: are they plainly distributions?
#pragma once

#include "bp/lanes.hpp"
#include "bp/plan.hpp"
#include "emnesy/check.hpp"

#if EMNESY_LANES

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// Per lane, of numbers that lie as d says, counted from prior. False: a closer look is needed (look_at_prior).
template <typename T, int L>
IntLanes<T, L> plainly(const Distributions& d, const Lanes<T, L>* prior) {
  const T least = d.partial ? 0 : least_plain_sum<T>;
  typename IntLanes<T, L>::Vector plain = Number<Lanes<T, L>>::all().v;
  for (std::int64_t at = d.begin; at < d.end; at += d.width) {
    typename Lanes<T, L>::Vector sum{};
    for (std::int32_t k = 0; k < d.width; ++k) {
      plain &= prior[at + k].v >= 0;  // NaN is not
      sum += prior[at + k].v;
    }
    plain &= (sum >= least) & (sum <= most_plain_sum<T>);
  }
  return {plain};
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp

#endif
