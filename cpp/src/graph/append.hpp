// Factor graphs from parts of others.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy {

// The same variables, slots, queries and fixed evidence, and no factors.
FactorGraph without_factors(const FactorGraph& graph);

// Adds factor f of `from` to `to`; variable: the number in `to` of each of its variables. A gated factor stays one.
void append_factor(const FactorGraph& from, std::size_t f, const std::vector<std::int32_t>& variable, FactorGraph& to);

// Adds a table of weights one, unsliced. values: its tuples, one after the other.
void append_table(const std::vector<std::int32_t>& scope, const std::vector<std::int32_t>& values, FactorGraph& to);

}  // namespace emnesy
