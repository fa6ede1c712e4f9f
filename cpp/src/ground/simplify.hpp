#pragma once

#include "store.hpp"

namespace emnesy {

// Unit propagation over the rules of the current stratum: atoms that a rule with an empty body supports
// become certain, atoms without rules impossible, and both leave the bodies. Resolves ghosts. Throws
// GroundError where an atom depends on its own negation.
void simplify(Store& store);

}  // namespace emnesy
