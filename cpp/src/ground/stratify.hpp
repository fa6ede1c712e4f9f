#pragma once

#include "store.hpp"

namespace emnesy {

// Throws GroundError where an atom that `reached` marks depends on its own negation, through atoms that it marks. Predicates
// may deny themselves as long as no atom does.
void check_stratified(const Store& store, const std::vector<std::uint8_t>& reached);

}  // namespace emnesy
