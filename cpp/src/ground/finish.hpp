#pragma once

#include "store.hpp"

namespace emnesy {

// Drops what no query, evidence, observation or constraint can see, renumbers the rest and moves it
// into `result`.
void finish(Store& store, const GroundInput& input, GroundResult& result);

}  // namespace emnesy
