// Positive cycles in a factor graph, with their least-model meaning.
#pragma once

#include "emnesy/lower.hpp"

namespace emnesy {

// Like `lower`, tables only, but takes positive cycles. Each atom a of a cycle gets a cell rank(a): the round in which a
// is first derived when the rules of the cycle are applied round by round (1, 2, ...), or "never". Ranks obey
//   rank(a) = the least over the rules of a whose other literals hold of 1 + the greatest rank in the body,
// and by induction on the rank no other numbers do: an atom cannot support itself, because its support must have
// a smaller rank. So every total choice still has exactly one assignment of the cells, and the graph is no larger than
// the rules are: nothing is unrolled. The idea is that of level mappings for completion (Fages 1994; Janhunen 2004).
//
// Throws NotLowerable for computed cells, and for cycles of more than `longest_cycle` atoms.
Lowered lower_with_cycles(const GroundProgram& program, const FunctionalDependencies& dependencies,
                          const EvidenceSlots& slots, bool impossible = false);

constexpr std::int32_t longest_cycle = 96;

}  // namespace emnesy
