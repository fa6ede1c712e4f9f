// The clusters' tables: joins of the relations, until every row is part of some joint value of all variables.
#pragma once

#include <optional>
#include <vector>

#include "exact/order.hpp"

namespace emnesy::exact {

// One relation a cluster, or nothing where the clusters together (or something on the way to them) would have more
// than `budget` rows; `reached`: how many they were then. Weights of a relation count in exactly one cluster.
std::optional<std::vector<Relation>> make_tables(const Domains& domains, const ClusterTree& tree, std::int64_t budget,
                                                 std::int64_t& reached);

}  // namespace emnesy::exact
