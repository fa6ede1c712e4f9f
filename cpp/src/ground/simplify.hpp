#pragma once

#include "store.hpp"

namespace emnesy {

// Unit propagation over the rules of the current stratum: atoms that a rule with an empty body supports
// become certain, atoms without rules, or with none but those of a positive cycle, impossible, and both leave
// the bodies. Resolves ghosts.
void simplify(Store& store);

}  // namespace emnesy
