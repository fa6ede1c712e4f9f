// From the clusters' tables back to a factor graph, which now has no loops.
#pragma once

#include <vector>

#include "emnesy/factor_graph.hpp"
#include "exact/order.hpp"

namespace emnesy::exact {

struct Forest {
  FactorGraph graph;
  std::int64_t separators = 0;  // joint values of all separators
};

// tables: of the tree's clusters, none empty. Choices, slots and queries are `graph`'s; cells that are neither observed nor
// asked for and that the rest of their cluster determines are left out. A separator is a cell whose values are its
// joint values, or the variable itself where it has but one that is at home in the cluster above.
Forest make_forest(const FactorGraph& graph, const Domains& domains, const ClusterTree& tree,
                   std::vector<Relation> tables);

// The graph of a problem without solution: the same choices, slots and queries, no factors.
FactorGraph impossible_forest(const FactorGraph& graph);

}  // namespace emnesy::exact
