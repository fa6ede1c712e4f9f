// Bundles of large trees: what a visit some factors ahead will read and write is asked for now, so that it has come from memory by
// then. The machine does not foresee it by itself, with the rows of as many examples as a bundle has in between.
#pragma once

#include <algorithm>

#include "bp/state.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

constexpr std::int32_t fetched_ahead = 12;  // factors: a few microseconds
constexpr std::int32_t most_fetched = 4;    // vectors of a message or of the groups' sums; the rest of longer ones follows from these

// Inlined, since a function that only fetches looks like one that does nothing, and is left out.
template <bool Write, typename Real>
EMNESY_INLINE void fetch(const Real* first, std::int32_t count) {
  for (std::int32_t i = 0; i < std::min(count, most_fetched); ++i) __builtin_prefetch(first + i, Write ? 1 : 0);
}

// Up: the groups' sums and the message to the parent will be written. Down: the sums and the messages in will be read, and the messages
// to the children written.
template <bool Up, typename Real>
EMNESY_INLINE void fetch_factor(const State<Real>& state, std::int32_t i) {
  const Plan& plan = state.plan;
  if (!State<Real>::lanes || plan.pane.empty() || i < 0 || i >= static_cast<std::int32_t>(plan.tree.size())) return;
  const Factor& factor = plan.tree[i];
  const Table& table = state.table(factor);
  fetch<Up>(state.groups(factor), table.group_count);
  const Interface* interface = plan.interface.data() + factor.interface_begin;
  for (std::int32_t k = 0; k < std::min(table.interface_count, most_fetched); ++k) {
    const bool parent = factor.has_parent && k + 1 == table.interface_count;
    if (!Up) fetch<false>(state.scratch + interface[k].in, interface[k].cardinality);
    if (Up == parent) fetch<true>(state.scratch + interface[k].out, interface[k].cardinality);
  }
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
