// Which variables the program itself fixes.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy {

// Per variable, the values that the fixed evidence allows; empty: all of them.
std::vector<std::vector<std::uint8_t>> allowed_values(const FactorGraph& graph);

// Per variable, the one value that it can have because its cardinality is one or the fixed evidence leaves no
// other; -1: several are left, or none.
std::vector<std::int32_t> pinned_values(const FactorGraph& graph);

}  // namespace emnesy
