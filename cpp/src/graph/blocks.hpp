// Where a factor graph has its loops.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy {

// The biconnected components of the graph of variables and factors that have a loop, each as its factors, ascending; a factor
// may be in several. Two of them share one variable or one factor at most, and no loop goes through both. skip: a byte a
// factor, those that are left out. Variables that the program pins pass no messages and close no loop.
// Hopcroft and Tarjan 1973; linear in the graph.
std::vector<std::vector<std::int32_t>> loopy_blocks(const FactorGraph& graph, const std::vector<std::uint8_t>& skip);

}  // namespace emnesy
