// A structured factor as the table that it stands for.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy::factors {

// The product of the cardinalities of factor f's variables, or a number above `most`.
std::int64_t joint_values(const FactorGraph& graph, std::size_t f, std::int64_t most);

// The joint values that structured factor f allows, one after the other, in row-major order; looks at every joint value.
std::vector<std::int32_t> allowed_tuples(const FactorGraph& graph, std::size_t f);

}  // namespace emnesy::factors
